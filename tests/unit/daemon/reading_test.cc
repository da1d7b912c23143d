// How the guard reads a source's lines as its configuration says, and counts what it cannot read or believe.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/log.h"
#include "base/unique_fd.h"
#include "config/rule_file.h"
#include "daemon/guard.h"
#include "daemon/log_beginning.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

const TimePoint noon = from_civil(2026, 2, 25, 12, 0, 0);

constexpr std::string_view rule_text = R"toml(
[[rule]]
id = "t/env"
title = "t"
class = "probe"
service = "http"
log = "access"
path = ['^/\.env$']
threshold = 1
window = "10m"
ban = "1h"
scope = "address"
)toml";

Loaded load_text(const std::string& text) {
  config::Diagnostics diagnostics;
  Loaded loaded = test_loaded(config::parse_config(text, "c.toml", diagnostics));
  loaded.readings = match::SourceReadings::compile(loaded.config.formats, loaded.config.sources, diagnostics);
  loaded.rules = match::RuleSet::compile(config::parse_rules(rule_text, "r.toml", diagnostics), diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
  return loaded;
}

class Reading {
 public:
  explicit Reading(const std::string& config) : guard_(load_text(config), State(store::Store::in_memory())) {
    set_log_level(LogLevel::error);
    EXPECT_TRUE(guard_.start(noon));
  }

  void read(const std::string& lines, uint64_t offset = 0, int fd = -1) {
    const auto& source = guard_.loaded().config.sources.front();
    (void)guard_.judge({.bytes = lines, .offset = offset, .source = 0, .fd = fd}, {.config = &source, .path = "/x"},
                       noon);
  }
  [[nodiscard]] std::string bans() const {
    std::string text;
    for (const auto& decision : guard_.engine().decisions()) {
      text += (text.empty() ? "" : ", ") + decision.target.to_string();
    }
    return text;
  }
  [[nodiscard]] std::string counts() const {
    return guard_.reading_tally().to_json(guard_.loaded().config.sources).dump();
  }
  Guard& guard() { return guard_; }

 private:
  Guard guard_;
};

std::string line(const std::string& from, const std::string& stamp, const std::string& forwarded = "-") {
  return from + " - - [" + stamp + "] \"GET /.env HTTP/1.1\" 404 1 \"-\" \"curl\" \"" + forwarded + "\"\n";
}

constexpr const char* now_stamp = "25/Feb/2026:12:00:00 +0000";

TEST(GuardReading, BansTheClientBehindAProxyAndNeverTheProxy) {
  Reading reading(R"(
[[source]]
name = "web"
paths = ["/x"]
format = "combined"
trusted_proxies = ["198.51.100.0/24"]
client_field = "quoted-4"
)");
  reading.read(line("198.51.100.1", now_stamp, "192.0.2.7") + line("198.51.100.2", now_stamp, "-") +
               line("198.51.100.3", now_stamp, "rubbish") + line("203.0.113.9", now_stamp, "192.0.2.99"));
  EXPECT_EQ(reading.bans(), "192.0.2.7, 203.0.113.9");
  EXPECT_NE(reading.counts().find("\"doubtful_lines\":1"), std::string::npos) << reading.counts();
  EXPECT_FALSE(reading.guard().engine().explain(*net::Address::parse("198.51.100.2"), noon).protections.empty());
}

TEST(GuardReading, CountsWhatItCannotReadOrBelieve) {
  Reading reading(R"(
[[source]]
name = "web"
paths = ["/x"]
format = "combined"
[ladder.route]
addresses = 0
)");
  reading.read(line("192.0.2.1", "25/Feb/2026:12:01:01 +0000") +  // more than a minute ahead
               line("192.0.2.2", "25/Feb/2026:12:01:00 +0000") +
               line("192.0.2.3", "25/Feb/2026:11:00:00 +0000") +  // its ban is over now
               line("192.0.2.4", "25/Feb/2026:11:00:01 +0000") + "no combined line, but \"GET /.env HTTP/1.1\"\n");
  EXPECT_EQ(reading.bans(), "192.0.2.1, 192.0.2.2, 192.0.2.4");
  EXPECT_EQ(reading.counts(),
            R"([{"source":"web","unread_lines":1,"doubtful_lines":0,"stamps_ahead":1,"stale_hits":1}])");
  EXPECT_EQ(reading.guard()
                .engine()
                .find({.scope = model::Scope::address, .prefix = *net::Prefix::parse("192.0.2.1"), .asn = {}})
                ->until,
            noon + Seconds(3600))
      << "as if its stamp had said when it was read";
}

TEST(GuardReading, ReadsStampsInTheSourcesZone) {
  if (!match::TimeZone::has_database()) {
    GTEST_SKIP() << "no tz database (Debian: tzdata)";
  }
  Reading reading(R"(
[[format]]
name = "own"
apache = '%h %{%Y-%m-%d %H:%M:%S}t "%r" %>s'
[[source]]
name = "web"
paths = ["/x"]
format = "own"
timezone = "America/New_York"
)");
  reading.read("192.0.2.7 2026-02-25 06:30:00 \"GET /.env HTTP/1.1\" 404\n");
  ASSERT_EQ(reading.bans(), "192.0.2.7");
  EXPECT_EQ(reading.guard().engine().decisions().front().since, noon - Seconds(1800));
}

TEST(GuardReading, AsksAFileThatIsReadFromItsMiddleHowItBegan) {
  const auto folder = std::filesystem::temp_directory_path() / ("reading-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "u_ex.log";
  const std::string head =
      "#Software: IIS\n#Fields: date time c-ip cs-uri-stem sc-status\n2026-02-25 11:59:00 192.0.2.1 / 200\n";
  const std::string tail = "2026-02-25 12:00:00 192.0.2.7 /.env 404\n";
  std::ofstream(path) << head << tail;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  for (const auto* const format : {"auto", "w3c"}) {
    Reading reading("[[source]]\nname = \"web\"\npaths = [\"/x\"]\nformat = \"" + std::string(format) + "\"\n");
    reading.read(tail, head.size(), fd.get());
    EXPECT_EQ(reading.bans(), "192.0.2.7") << format;
  }
  std::filesystem::remove_all(folder);
}

TEST(LinesBefore, AreWholeLinesOfTheBeginningAndOfWhatStandsBefore) {
  const auto folder = std::filesystem::temp_directory_path() / ("lines-before-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "log";
  std::string text = "first\n";
  while (text.size() < 300'000) {
    text += "line " + std::to_string(text.size()) + "\n";
  }
  std::ofstream(path) << text;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(lines_before(fd.get(), 6), "first\n");
  const auto lines = lines_before(fd.get(), text.size());
  EXPECT_TRUE(lines.starts_with("first\n"));
  EXPECT_TRUE(lines.ends_with(text.substr(text.size() - 1000)));
  EXPECT_LE(lines.size(), 128U << 10);
  for (size_t begin = 0; begin < lines.size(); begin = lines.find('\n', begin) + 1) {
    EXPECT_TRUE(lines.substr(begin, 5) == "first" || lines.substr(begin, 5) == "line ") << lines.substr(begin, 20);
  }
  EXPECT_EQ(lines_before(-1, 100), "");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ipguard::daemon
