// Paths of a configuration that lead nowhere, told at load with their places; what may come later is a warning.
#include "daemon/check_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/unix_socket.h"
#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

class CheckPlacesTest : public testing::Test {
 protected:
  CheckPlacesTest() {
    std::filesystem::create_directories(folder_ / "folder");
    std::ofstream(folder_ / "file") << "x";
    std::ofstream(folder_ / "program") << "#!/bin/sh\n";
    ::chmod((folder_ / "program").c_str(), 0755);
  }

  // With @ for the folder. Places that the machine may or may not have are laid into it.
  config::Diagnostics check(std::string toml) const {
    if (!toml.contains("[state]")) {
      toml += "[state]\npath = \"@/state\"\n";
    }
    if (!toml.contains("[control]")) {
      toml += "[control]\nsocket = \"@/ipguard.sock\"\n";
    }
    for (auto at = toml.find('@'); at != std::string::npos; at = toml.find('@')) {
      toml.replace(at, 1, folder_.path());
    }
    config::Diagnostics diagnostics;
    const auto config = config::parse_config(toml, "t.toml", diagnostics);
    EXPECT_EQ(diagnostics.to_string(), "");
    check_places(config, diagnostics);
    return diagnostics;
  }

  const TempFolder folder_;
};

struct PlaceCase {
  const char* place;    // of the only problem; nullptr: there is none
  const char* message;  // with @ for the folder
  bool error = true;
};

constexpr const char* file_notify = "[[notify]]\nname = \"a\"\ntype = \"file\"\npath = ";
constexpr const char* program_notify = "[[notify]]\nname = \"a\"\ntype = \"exec\"\ncommand = ";

TEST_F(CheckPlacesTest, TellsWhatCannotWorkAndWhatMayComeLater) {
  const std::string file = file_notify;
  const std::string program = program_notify;
  const std::string listener = "[[source]]\nname = \"s\"\nlisten = [\"udp 127.0.0.1:5514\", ";
  const std::vector<std::pair<std::string, PlaceCase>> cases = {
      {"[state]\npath = \"@/folder\"\n", {nullptr, ""}},
      {"[state]\npath = \"@/new/and/deep\"\n", {nullptr, ""}},
      {"[state]\npath = \"@/file\"\n", {"t.toml:2:8", "path: '@/file' is no folder"}},
      {"[state]\npath = \"@/file/state\"\n",
       {"t.toml:2:8", "path: '@/file/state' cannot be made: '@/file' is no folder"}},
      {"[state]\npath = \"@/file/state/deep\"\n",
       {"t.toml:2:8", "path: '@/file/state/deep' cannot be made: '@/file' is no folder"}},
      {"[state]\npath = \"/proc/nope\"\n",
       {"t.toml:2:8", "path: '/proc/nope': the kernel's own file systems keep no files of others"}},
      {"[state]\npath = \"/proc\"\n",
       {"t.toml:2:8", "path: '/proc': the kernel's own file systems keep no files of others"}},
      {"[control]\nsocket = \"@/new/and/deep\"\n", {nullptr, ""}},
      {"[control]\nsocket = \"@/file\"\n", {"t.toml:2:10", "socket: '@/file' is there and is no socket"}},
      {"[control]\nsocket = \"@/file/socket\"\n",
       {"t.toml:2:10", "socket: '@/file/socket' cannot be made: '@/file' is no folder"}},
      {"[http]\nlisten = \"127.0.0.1:9147\"\n", {nullptr, ""}},
      {"[http]\nlisten = \"unix:@/http.sock\"\n", {nullptr, ""}},
      {"[http]\nlisten = \"unix:@/folder\"\n", {"t.toml:2:10", "listen: '@/folder' is there and is no socket"}},
      {"[http]\nlisten = \"unix:@/none/http.sock\"\n",
       {"t.toml:2:10",
        "listen: '@/none/http.sock': its folder is not there, and is not made: nobody can reach it until it is",
        false}},
      {listener + "\"unix @/syslog\"]\n", {nullptr, ""}},
      {listener + "\"unix @/none/syslog\"]\n",
       {"t.toml:3:33",
        "listen: '@/none/syslog': its folder is not there, and is not made: nobody can reach it until it is", false}},
      {file + "\"@/events.json\"\n", {nullptr, ""}},
      {file + "\"@/file\"\n", {nullptr, ""}},
      {file + "\"@/folder\"\n", {"t.toml:4:8", "path: '@/folder' is no regular file"}},
      {file + "\"@/file/events.json\"\n",
       {"t.toml:4:8", "path: '@/file/events.json' cannot be made: '@/file' is no folder"}},
      {file + "\"@/none/events.json\"\n",
       {"t.toml:4:8",
        "path: '@/none/events.json': its folder is not there, and is not made: nothing is written until it is", false}},
      {program + "[\"@/program\", \"x\"]\n", {nullptr, ""}},
      {program + "[\"@/none/program\"]\n",
       {"t.toml:4:11", "command: '@/none/program' is not there: nothing can be run until it is", false}},
      {program + "[\"@/file\"]\n", {"t.toml:4:11", "command: '@/file' may be run by nobody: chmod +x", false}},
      {program + "[\"@/folder\"]\n", {"t.toml:4:11", "command: '@/folder' is no program"}},
      {program + "[\"@/file/program\"]\n",
       {"t.toml:4:11", "command: '@/file/program' cannot be there: '@/file' is no folder"}},
  };
  for (const auto& [toml, expected] : cases) {
    const auto diagnostics = check(toml);
    if (expected.place == nullptr) {
      EXPECT_EQ(diagnostics.to_string(), "") << toml;
      continue;
    }
    ASSERT_EQ(diagnostics.all().size(), 1U) << toml << diagnostics.to_string();
    const auto& found = diagnostics.all()[0];
    std::string message = expected.message;
    for (auto at = message.find('@'); at != std::string::npos; at = message.find('@')) {
      message.replace(at, 1, folder_.path());
    }
    EXPECT_EQ(config::location_text(found.location), expected.place) << toml;
    EXPECT_EQ(found.message, message);
    EXPECT_EQ(found.severity == config::Severity::error, expected.error) << toml;
  }
}

TEST_F(CheckPlacesTest, ASocketThatIsThereIsAsItShouldBe) {
  const auto socket = SocketFile::bind(folder_ / "ipguard.sock", SOCK_STREAM, 0600, "socket");
  ASSERT_TRUE(socket);
  EXPECT_EQ(check("").to_string(), "");
}

TEST_F(CheckPlacesTest, LooksAndMakesNothing) {
  (void)check(std::string(file_notify) + "\"@/none/events.json\"\n[http]\nlisten = \"unix:@/none/http.sock\"\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
}

// A default has no line; the table is named instead.
TEST_F(CheckPlacesTest, ADefaultIsToldOfByItsTable) {
  config::Config config;
  config.path = "t.toml";
  config.state_path = folder_ / "file";
  config.control_socket = folder_ / "ipguard.sock";
  config::Diagnostics diagnostics;
  check_places(config, diagnostics);
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("t.toml: error: [state] path: '" + folder_ / "file' is no folder\n"));
}

}  // namespace
}  // namespace ipguard::daemon
