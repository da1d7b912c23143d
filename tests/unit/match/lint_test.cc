// Law 1 at compile time: which address captures are accepted, and what is said about the others.
#include <gtest/gtest.h>

#include "match/pattern_lint.h"
#include "match/pattern_syntax.h"
#include "match/rule_set.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

std::string finding_of(const std::string& pattern) {
  const auto tree = parse_pattern(pattern);
  if (!tree) {
    return "unreadable";
  }
  const auto finding = check_capture(*tree, "address");
  return finding ? finding->message : "";
}

TEST(AddressLint, AcceptsSafeCaptures) {
  const char* const safe[] = {
      R"(^Failed \S+ for (?:invalid user )?(?P<user>.*) from (?P<address>\S+) port \d+(?: ssh2)?$)",
      R"(^pam_unix\([^()]*:auth\): authentication failure; logname= uid=\d* euid=\d* tty=ssh ruser= rhost=(?P<address>\S+))",
      R"(^User (?P<user>.*) doesn.t exist: [A-Z]{2} (?P<address>\S+)$)",
      R"(^[A-Z]{4} doesn.t let in (?P<address>\S+))",
      R"(^user="[^"]*" addr=(?P<address>\S+))",
      R"(^pam_unix\(sshd:auth\): authentication failure; .* rhost=(?P<address>\S+)$)",
      R"(^Did not receive identification string from (?P<address>\S+))",
      R"(^Unable to negotiate with (?P<address>\S+) port \d+: no matching .* found)",
      R"(^(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*) from (?P<address>\S+) port \d+ ssh2 \[preauth\]$)",
      R"(^User (?P<user>.+) from (?P<address>\S+) not allowed because not listed in AllowUsers$)",
      R"(^(?:Connection (?:closed|reset) by|Disconnected from) (?:authenticating|invalid) user (?P<user>.*) (?P<address>\S+) port \d+ \[preauth\]$)",
      R"(^warning: [^\[\]]*\[(?P<address>[^\]]+)\]: SASL LOGIN authentication failed)",
      R"(^imap-login: [^<>]*: user=<(?P<user>[^<>]*)>, method=\w+, rip=(?P<address>[0-9a-fA-F.:]+),)",
      R"(^(?P<address>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}) refused)",
      R"(\Arefused (?P<address>\S+)\z)",
      R"(^(?:refused|denied) (?:(?:ip )?(?P<address>\S+)))",
      R"(^\[(?P<address>[^\]]*)\] refused)",
  };
  for (const char* pattern : safe) {
    EXPECT_EQ(finding_of(pattern), "") << pattern;
  }
}

TEST(AddressLint, RefusesCapturesThatAnAttackerCanMove) {
  const char* const unsafe[] = {
      R"(from (?P<address>\S+))",                                             // anchored nowhere
      R"(^Failed password for .* from (?P<address>\S+))",                     // the first or last of many
      R"(^Failed password for \S+ from (?P<address>\S+))",                    // names hold blanks
      R"(^Failed password for .{0,64} from (?P<address>\S+))",                // bounded, but still theirs
      R"(^Failed password for (?:\S+ )*from (?P<address>\S+))",               // a repeat of words is any text
      R"(^Failed password for (?P<user>.*) from (?P<address>\S+) .*$)",       // any text behind it too
      R"(^Failed password for (?P<user>.*) from (?P<address>\S+) \S+$)",      // a word behind it may be theirs
      R"(^Failed password for (?P<user>.*) from (?P<address>.+) port \d+$)",  // the group is open to the front
      R"((?m)^refused (?P<address>\S+))",                                     // ^ in the middle of the text
      R"(^(?:refused|.*denied) (?P<address>\S+))",                            // one branch is enough
      R"(^login failed; user=\S*[x ]+(?P<address>\S+) port)",                 // \S* may end at any x
      R"(^(?:refused )?.*?(?P<address>\S+)$)",
      R"(^user=(?P<user>[^ ]*)(?P<address>\S+) refused)",
      R"(rhost=(?P<address>\S+)\b)",
      R"(^user=[^ ]* addr=(?P<address>[^ ]+))",                                    // "x addr=…" as name
      R"(^PAM \d+ more failures?; tty=[^=]* ruser=[^=]* rhost=(?P<address>\S+))",  // "x rhost=…" as name
      R"(^.{20} from (?P<address>[^ ]+))",                                         // they can count
      R"(^.{4}.{4}.{4} from (?P<address>[^ ]+))",
      R"(^[a-z ]{5} from (?P<address>[^ ]+))",
      R"(^login by .* from (?P<address>[^ ]+) .{12}$)",
  };
  for (const char* pattern : unsafe) {
    EXPECT_NE(finding_of(pattern).find("an attacker may choose the address"), std::string::npos)
        << pattern << ": " << finding_of(pattern);
  }
}

TEST(AddressLint, BelievesNamesThatStandOnce) {
  const auto safe = [](const char* pattern, const std::vector<std::string>& excluded) {
    return !check_capture(parse_pattern(pattern).value(), "address", excluded);
  };
  const char* const pattern = R"(^failure; tty=[^=]* ruser=[^=]* rhost=(?P<address>\S+))";
  EXPECT_TRUE(safe(pattern, {"rhost=.*rhost="}));
  EXPECT_TRUE(safe(pattern, {"^x", " rhost=.* rhost="}));
  EXPECT_FALSE(safe(pattern, {"ruser=.*ruser="}));                                // another name
  EXPECT_FALSE(safe(pattern, {"rhost=x.*rhost=x"}));                              // more than the name
  EXPECT_FALSE(safe(pattern, {"^rhost=.*rhost="}));                               // not everywhere
  EXPECT_FALSE(safe(pattern, {"rhost=.+ .*rhost="}));                             // not every one
  EXPECT_FALSE(safe(R"(^user \S+ rhost=(?P<address>\S+))", {"rhost=.*rhost="}));  // no field at all
}

TEST(AddressLint, RefusesPartialAndMissingCaptures) {
  EXPECT_EQ(finding_of(R"(^refused (?P<address>\d+\.\d+\.\d+\.\d{1,2}))"),
            "the pattern can capture a part of the address");
  EXPECT_EQ(finding_of(R"(^refused (?P<address>\S+?))"), "the pattern can capture a part of the address");
  EXPECT_EQ(finding_of(R"(^refused (?P<address>\S+?) port)"), "");
  EXPECT_EQ(finding_of(R"(^refused (?P<address>[0-9.]{7,15}) )"), "");
  EXPECT_EQ(finding_of(R"(^refused(?: (?P<address>\S+))?)"), "the pattern can match without capturing the address");
  EXPECT_EQ(finding_of(R"(^refused(?: (?P<address>\S+)| nobody))"),
            "the pattern can match without capturing the address");
  EXPECT_EQ(finding_of(R"(^(?:refused (?P<address>\S+) )+)"),
            "the pattern is too involved to prove that the address cannot be forged");
}

struct RuleFault {
  model::Rule rule;
  std::string message;  // part of it
  uint32_t column = 12;
};

TEST(RuleLint, SaysWhatIsWrongWhere) {
  using namespace test;
  model::Rule excluded = message_rule("r", R"(^refused (?P<address>\S+))");
  excluded.none_of = {patterns(Field::message, {R"(^refused (?P<address>\S+) kindly)"})};
  model::Rule no_message = rule("r", LogKind::syslog, {});
  const std::vector<RuleFault> faults = {
      {message_rule("r", "^Failed password$"), "captures no address"},
      {message_rule("r", R"(^a (?P<address>\S+) (?P<address>\S+)$)"), "more than once"},
      {path_rule("r", R"(^/x(?P<address>\S+))"), "comes from its own column"},
      {rule("r", LogKind::error, {patterns(Field::message, {R"(^x (?P<address>\S+))"})}), "comes from its own column"},
      {excluded, "never used"},
      {no_message, "never finds an address", 1},
      {path_rule("r", ".*"), "matches every text"},
      {path_rule("r", "^(?:abc)?"), "matches every text"},
      {path_rule("r", "/abc(def"), "missing )", 13},
      {path_rule("r", R"(/abc(?=def))"), "invalid perl operator", 12 + 1 + 4},
      {path_rule("r", R"(/abc(d)\1)"), "invalid escape sequence", 12 + 1 + 7},
      {path_rule("r", "/" + std::string(4096, 'a')), "longer than 4096 bytes"},
      {path_rule("r", "(?:[a-z]{1000}[0-9]{1000}){100}"), "invalid repetition size", 12 + 1 + 26},
  };
  for (const RuleFault& fault : faults) {
    config::Diagnostics diagnostics;
    EXPECT_EQ(RuleSet::compile({fault.rule}, diagnostics), nullptr) << fault.message;
    ASSERT_EQ(diagnostics.all().size(), 1U) << diagnostics.to_string();
    const config::Diagnostic& diagnostic = diagnostics.all().front();
    EXPECT_NE(diagnostic.message.find(fault.message), std::string::npos) << diagnostic.message;
    EXPECT_FALSE(diagnostic.hint.empty()) << diagnostic.message;
    EXPECT_EQ(diagnostic.location.file, "test.toml");
    EXPECT_EQ(diagnostic.location.column, fault.column) << diagnostic.message;
  }
}

TEST(RuleLint, FindsAllProblemsAtOnce) {
  using namespace test;
  config::Diagnostics diagnostics;
  EXPECT_EQ(RuleSet::compile({path_rule("a", "("), path_rule("b", "x*"), message_rule("c", "^x$")}, diagnostics),
            nullptr);
  EXPECT_EQ(diagnostics.all().size(), 3U) << diagnostics.to_string();
}

TEST(RuleLint, AcceptsEmptyFieldPatterns) {
  using namespace test;
  EXPECT_NE(compiled({rule("agent/none", LogKind::access, {patterns(Field::user_agent, {"^-?$"})})}), nullptr);
}

}  // namespace
}  // namespace ipguard::match
