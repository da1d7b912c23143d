// Places of a configuration that get in each other's way, told at load with their places.
#include "daemon/check_clashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

class CheckClashesTest : public testing::Test {
 protected:
  // With @ for the folder.
  std::string laid_in(std::string text) const {
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@')) {
      text.replace(at, 1, folder_.path());
    }
    return text;
  }
  config::Diagnostics check(const std::string& toml) const {
    config::Diagnostics diagnostics;
    const auto config = config::parse_config(
        laid_in("[state]\npath = \"@/state\"\n[control]\nsocket = \"@/ipguard.sock\"\n" + toml), "t.toml", diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
    check_clashes(config, diagnostics);
    return diagnostics;
  }

  const TempFolder folder_;
};

struct Clash {
  std::string toml;     // behind four lines
  std::string place;    // "" = there is none
  std::string message;  // with @ for the folder
  bool error = true;
};

const std::string clash_file = "[[notify]]\nname = \"a\"\ntype = \"file\"\npath = ";
const std::string clash_source = "[[source]]\nname = \"web\"\npaths = [\"@/access.log\", \"@/other/*.log\"]\n";
const std::string clash_syslog = "[[source]]\nname = \"net\"\nsenders = [\"127.0.0.1\"]\nlisten = ";

TEST_F(CheckClashesTest, TellsOfPlacesThatAreTaken) {
  std::ofstream(folder_ / "access.log") << "x";
  std::filesystem::create_symlink(folder_ / "access.log", folder_ / "link");
  const std::vector<Clash> cases = {
      {"[http]\nlisten = \"127.0.0.1:8043\"\n[whois]\nlisten = \"127.0.0.1:8044\"\n", "", ""},
      {"[http]\nlisten = \"127.0.0.1:8043\"\n[whois]\nlisten = \"[::1]:8043\"\n", "", ""},
      {"[http]\nlisten = \"127.0.0.1:8043\"\n[whois]\nlisten = \"127.0.0.1:8043\"\n", "t.toml:8:10",
       "[whois] and [http] listen at the same place: 127.0.0.1:8043"},
      {"[http]\nlisten = \"127.0.0.1:2323\"\n[[trap]]\nname = \"t\"\nports = [23, 2323]\n", "t.toml:6:10",
       "[http] and trap 't' listen at the same place: 127.0.0.1:2323"},
      {clash_syslog + "[\"udp 127.0.0.1:9147\"]\n[http]\nlisten = \"127.0.0.1:9147\"\n", "", ""},
      {clash_syslog + "[\"tcp 127.0.0.1:9147\"]\n[http]\nlisten = \"127.0.0.1:9147\"\n", "t.toml:10:10",
       "[http] and source 'net' listen at the same place: 127.0.0.1:9147"},
      {"[http]\nlisten = \"unix:@/http.sock\"\n", "", ""},
      {"[http]\nlisten = \"unix:@/./ipguard.sock\"\n", "t.toml:6:10",
       "[http] and [control] listen at the same place: '@/./ipguard.sock'"},
      {clash_file + "\"@/events.json\"\n" + clash_source, "", ""},
      {clash_file + "\"@/state/events.json\"\n", "", ""},
      {clash_file + "\"@/state/ipguard.db\"\n", "t.toml:8:8",
       "path: '@/state/ipguard.db' is the state's database: events would be written into it"},
      {clash_file + "\"@/token\"\n[http]\ntoken_file = \"@/token\"\n", "t.toml:8:8",
       "path: '@/token' holds a token: events would be written into it"},
      {clash_file + "\"@/rules/web.toml\"\n[rules]\npaths = [\"@/rules/web.toml\"]\n", "t.toml:8:8",
       "path: '@/rules/web.toml' holds rules: events would be written into it"},
      {clash_file + "\"@/access.log\"\n" + clash_source, "t.toml:8:8",
       "path: '@/access.log' is a log that source 'web' follows"},
      {clash_file + "\"@/link\"\n" + clash_source, "t.toml:8:8", "path: '@/link' is a log that source 'web' follows"},
      {clash_file + "\"@/other/events.log\"\n" + clash_source, "t.toml:8:8",
       "path: '@/other/events.log' is among the logs of source 'web', '@/other/*.log': what is written there is read "
       "as a log",
       false},
  };
  for (const auto& [toml, place, message, error] : cases) {
    const auto diagnostics = check(toml);
    if (place.empty()) {
      EXPECT_EQ(diagnostics.to_string(), "") << toml;
      continue;
    }
    ASSERT_EQ(diagnostics.all().size(), 1U) << toml << diagnostics.to_string();
    const auto& found = diagnostics.all()[0];
    EXPECT_EQ(config::location_text(found.location), place) << toml;
    EXPECT_EQ(found.message, laid_in(message));
    EXPECT_EQ(found.severity == config::Severity::error, error) << toml;
  }
}

}  // namespace
}  // namespace ipguard::daemon
