#include "cli/command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/options.h"

namespace ipguard::cli {
namespace {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

Outcome call(std::vector<std::string> words) {
  words.insert(words.begin(), "ipguardctl");
  std::vector<char*> arguments;
  for (auto& word : words) {
    arguments.push_back(word.data());
  }
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = run(static_cast<int>(arguments.size()), arguments.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A folder with one rule file, gone after the test.
class RulesFolder {
 public:
  explicit RulesFolder(std::string_view rules)
      : path_(std::filesystem::path(testing::TempDir()) / ("ipguard-rules-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
    std::ofstream(path_ / "x.toml") << rules;
  }
  ~RulesFolder() { std::filesystem::remove_all(path_); }
  RulesFolder(const RulesFolder&) = delete;
  RulesFolder& operator=(const RulesFolder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

constexpr std::string_view good_rule = R"([[rule]]
id = "x/probe"
title = "a probe"
class = "probe"
service = "http"
log = "access"
tags = ["mitre:T1595"]
path = '^/probe$'
threshold = 2
window = "10m"
ban = "1h"
scope = "address"
)";

TEST(CommandTest, EveryCommandHasHelpAndVersion) {
  std::vector<std::vector<std::string>> all = {{}};
  for (const auto& command : all_commands()) {
    all.push_back({std::string(command.name)});
  }
  for (const char* action : {"check", "list", "test"}) {
    all.push_back({"rules", action});
  }
  for (const auto& words : all) {
    for (const char* flag : {"--version", "-V", "--help"}) {
      auto line = words;
      line.emplace_back(flag);
      const auto outcome = call(line);
      EXPECT_EQ(outcome.status, 0) << testing::PrintToString(line) << outcome.err;
      EXPECT_TRUE(outcome.out.starts_with(flag == std::string_view("--help") ? "" : "ipguardctl "))
          << testing::PrintToString(line) << outcome.out;
      EXPECT_FALSE(outcome.out.empty()) << testing::PrintToString(line);
    }
  }
}

// The columns of a terminal for commands that ask for them.
class Columns {
 public:
  explicit Columns(const char* columns) { ::setenv("COLUMNS", columns, 1); }
  ~Columns() { ::unsetenv("COLUMNS"); }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;
};

TEST(CommandTest, HelpFitsTheTerminal) {
  struct Case {
    const char* columns;
    size_t most;
  };
  for (const auto& [columns, most] : {Case{"", 80}, Case{"100", 100}, Case{"60", 60}}) {
    const Columns terminal(columns);
    for (const auto& command : all_commands()) {
      const auto outcome = call({std::string(command.name), "--help"});
      for (const auto line : split(outcome.out, '\n')) {
        // An option's name stands alone in its line where its default is a long one.
        EXPECT_TRUE(line.size() <= most || line.starts_with("Usage: ") || line.starts_with("  -"))
            << command.name << " at " << columns << ": " << line;
      }
    }
    for (const auto line : split(call({"--help"}).out, '\n')) {
      EXPECT_LE(line.size(), most) << line;
    }
  }
}

TEST(CommandTest, AFileWithoutRulesIsNoGoodOne) {
  const RulesFolder folder("# nothing yet\n");
  for (const char* action : {"check", "list", "test"}) {
    const auto outcome = call({"rules", action, folder.path() + "/x.toml"});
    EXPECT_EQ(outcome.status, 78) << action << outcome.out;
    EXPECT_TRUE(has(outcome.err, "x.toml: error: no rules")) << action << outcome.err;
  }
}

TEST(CommandTest, ARuleWithoutTitleAndClassIsListedWithoutThem) {
  std::string text(good_rule);
  for (const char* line : {"title = \"a probe\"\n", "class = \"probe\"\n", "tags = [\"mitre:T1595\"]\n"}) {
    text.erase(text.find(line), std::string_view(line).size());
  }
  const RulesFolder folder(text);
  const auto outcome = call({"rules", "list", "--socket", "/nonexistent/ipguard.sock", folder.path()});
  EXPECT_TRUE(has(outcome.out, "  [access log]\n")) << outcome.out;
}

TEST(CommandTest, WrongUsageIsTwoAndNamesTheMistake) {
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  const std::vector<Case> cases = {
      {{"frob"}, "unknown command 'frob'\n"},
      {{"statsu"}, "unknown command 'statsu'; did you mean 'status'?\n"},
      {{"fr\x1b[31mob"}, "unknown command 'fr\\x1b[31mob'\n"},
      {{"--frob"}, "unknown option '--frob'\n"},
      {{"rules", "lst"}, "unknown command 'lst'; did you mean 'list'?\nTry 'ipguardctl rules --help'"},
      {{"status", "--frob"}, "--frob"},
      {{}, "a command is missing\nTry 'ipguardctl --help'"},
      {{"rules"}, "a command is missing\nTry 'ipguardctl rules --help'"},
      {{"ban", "192.0.2.7", "--for", "5200w"}, "longer than 10 years; \"permanent\" never ends"},
      {{"ban", "192.0.2.7", "--for", "ever"}, "\"permanent\" never ends"},
      {{"report", "--html", "", "x.log"}, "--html: the page needs a name"},
      {{"report", "--since", "", "x.log"}, "--since: '' is no time"},
      {{"report", "--until", "", "x.log"}, "--until: '' is no time"},
  };
  for (const auto& [words, says] : cases) {
    const auto outcome = call(words);
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(outcome.out, "") << testing::PrintToString(words);
    EXPECT_TRUE(has(outcome.err, says)) << testing::PrintToString(words) << outcome.err;
  }
}

TEST(CommandTest, PermanentIsADuration) {
  const auto outcome = call({"ban", "192.0.2.7", "--for", "permanent", "--socket", "/nonexistent/ipguard.sock"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(has(outcome.err, "no ipguardd answers")) << outcome.err;
}

TEST(CommandTest, BadRulesAreADocumentToo) {
  const RulesFolder folder("[[rule]]\nid = 7\n");
  for (const char* action : {"check", "list", "test"}) {
    const auto outcome = call({"rules", action, "--json", folder.path()});
    EXPECT_EQ(outcome.status, 78) << action;
    const auto document = Json::parse(outcome.out, nullptr, false);
    ASSERT_TRUE(document.is_object()) << action << outcome.out;
    EXPECT_EQ(document["rules"], 0);
    ASSERT_FALSE(document["problems"].empty()) << action;
    const auto& problem = document["problems"][0];
    EXPECT_EQ(problem["file"], folder.path() + "/x.toml");
    EXPECT_EQ(problem["line"], 2);
    EXPECT_EQ(problem["column"], 6);
    EXPECT_EQ(problem["severity"], "error");
    EXPECT_TRUE(problem["message"].is_string());
    EXPECT_TRUE(problem.contains("hint"));
  }
}

TEST(CommandTest, GoodRulesHaveNoProblems) {
  const RulesFolder folder(good_rule);
  const auto document = Json::parse(call({"rules", "check", "--json", folder.path()}).out, nullptr, false);
  EXPECT_EQ(document, Json({{"rules", 1}, {"every_line", Json::array()}, {"problems", Json::array()}}));
}

TEST(CommandTest, RulesAreListedWithoutADaemon) {
  const RulesFolder folder(good_rule);
  const std::string nobody = folder.path() + "/none.sock";
  const auto list =
      Json::parse(call({"rules", "list", "--json", "--socket", nobody, folder.path()}).out, nullptr, false);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["id"], "x/probe");
  EXPECT_EQ(list[0]["tags"], Json::array({"mitre:T1595"}));
  EXPECT_EQ(list[0]["enabled"], true);
  EXPECT_TRUE(list[0]["hits"].is_null());
  const auto text = call({"rules", "list", "--socket", nobody, folder.path()});
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out,
            "RULE     KIND    COUNT     BAN  SCOPE    SAMPLES  HITS  ABOUT\n"
            "x/probe  attack  2 in 10m  1h   address  0+0      -     a probe [probe, access log, mitre:T1595]\n");
}

TEST(CommandTest, ARuleThatItsFileLeavesOffIsMarked) {
  const RulesFolder folder(std::string(good_rule) + "enabled = false\n");
  const auto text = call({"rules", "list", "--socket", "/nonexistent/ipguard.sock", folder.path()});
  EXPECT_TRUE(has(text.out, "\nx/probe (off)  ")) << text.out << text.err;
}

TEST(CommandTest, UntestedRulesFailOnlyUnderStrict) {
  const RulesFolder folder(good_rule);
  const auto lenient = call({"rules", "test", folder.path()});
  EXPECT_EQ(lenient.status, 0);
  EXPECT_TRUE(has(lenient.out, "x/probe: has no sample")) << lenient.out;
  EXPECT_TRUE(has(lenient.out, "1 rule lacks samples")) << lenient.out;
  EXPECT_EQ(call({"rules", "test", "--strict", folder.path()}).status, 1);
}

TEST(CommandTest, MatchTellsWhereARuleHit) {
  const RulesFolder folder(good_rule);
  const std::string log = folder.path() + "/access.log";
  std::ofstream(log) << "192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] \"GET /probe HTTP/1.1\" 404 143 \"-\" \"x\"\n";
  const auto text = call({"match", "--rules", folder.path(), log});
  EXPECT_EQ(text.status, 0);
  EXPECT_TRUE(has(text.out, "\n    x/probe: path \"/probe\" (bytes 48-54)\n")) << text.out;
  const auto line = Json::parse(call({"match", "--json", "--rules", folder.path(), log}).out, nullptr, false);
  EXPECT_EQ(line["hits"], Json::array({{{"rule", "x/probe"},
                                        {"service", "http"},
                                        {"kind", "attack"},
                                        {"field", "path"},
                                        {"key", nullptr},
                                        {"begin", 48},
                                        {"end", 54},
                                        {"text", "/probe"},
                                        {"address_from", "position"},
                                        {"captures", Json::object()}}}));
}

TEST(CommandTest, WithoutAFileMatchReadsStandardInput) {
  const RulesFolder folder(good_rule);
  const std::string log = folder.path() + "/access.log";
  std::ofstream(log) << "nothing\n";
  const int saved = ::dup(STDIN_FILENO);
  FILE* const opened = ::freopen(log.c_str(), "r", stdin);
  ASSERT_NE(opened, nullptr);
  const auto outcome = call({"match", "--rules", folder.path()});
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "0 of 1 lines hit\n");
}

}  // namespace
}  // namespace ipguard::cli
