// What ipguard makes of other tools' test lines, beside what those tools make of them (corpus/README.md of the shared
// data, which is under the GPL and other licences and therefore read from where it lies).
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>

#include "library.h"

namespace ipguard::rules_test {
namespace {

using Json = nlohmann::json;

struct Score {
  int right = 0;
  int all = 0;
  int false_hits = 0;

  void operator+=(const Score& other) {
    right += other.right;
    all += other.all;
    false_hits += other.false_hits;
  }
};
using Scores = std::map<std::string, Score>;

Score print(const std::string& title, const Scores& scores) {
  Score sum;
  std::cout << title << "  (right of all, false hits)\n";
  for (const auto& [name, score] : scores) {
    std::cout << "  " << std::left << std::setw(24) << name << std::right << std::setw(4) << score.right << " of "
              << std::setw(4) << score.all << std::setw(4) << score.false_hits << '\n';
    sum += score;
  }
  std::cout << "  " << std::left << std::setw(24) << "all" << std::right << std::setw(4) << sum.right << " of "
            << std::setw(4) << sum.all << std::setw(4) << sum.false_hits << "   " << std::fixed << std::setprecision(1)
            << 100.0 * sum.right / std::max(sum.all, 1) << " %\n";
  return sum;
}

std::vector<Json> records(const std::string& name) {
  std::vector<Json> result;
  for (const auto& line : corpus_lines(name)) {
    result.push_back(Json::parse(line));
  }
  return result;
}

// An address as other tools write it: with leading zeros, a zone.
std::optional<net::Address> plain_address(std::string text) {
  text = text.substr(0, text.find('%'));
  std::string without_zeros;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == '.';
    const bool leading = begins && text[i] == '0' && i + 1 < text.size() && text[i + 1] != '.';
    if (!leading || text.find(':') != std::string::npos) {
      without_zeros += text[i];
    }
  }
  return net::Address::parse(without_zeros);
}

// Whether the line is an attack by itself, and whose.
Score compare(const Judgement& judgement, bool attack, const std::optional<net::Address>& from) {
  const auto is_attack = [](const Judgement::Hit& hit) { return hit.rule->kind == model::RuleKind::attack; };
  const auto hit = std::ranges::find_if(judgement.hits, is_attack);
  const bool hits = hit != judgement.hits.end();
  const bool right = attack ? hits && hit->address == from : !hits;
  return {.right = right ? 1 : 0, .all = 1, .false_hits = hits && !right ? 1 : 0};
}

TEST(Agreement, Fail2ban) {
  ASSERT_NE(library(), nullptr);
  match::Matcher matcher(library());
  Scores scores;
  for (const Json& record : records("fail2ban.jsonl")) {
    const auto judgement = judge(matcher, record.at("line"), 0);
    const bool attack = record.at("match");
    const auto host = attack ? plain_address(record.at("host")) : std::nullopt;
    if (!attack || host) {  // names are never resolved
      scores[record.at("filter")] += compare(judgement, attack, host);
    }
  }
  if (scores.empty()) {
    GTEST_SKIP() << "the shared corpus is not here";
  }
  const Score sum = print("fail2ban's filters", scores);
  EXPECT_GE(sum.right, 587);
  EXPECT_EQ(sum.false_hits, 0);
}

TEST(Agreement, Sshguard) {
  ASSERT_NE(library(), nullptr);
  match::Matcher matcher(library());
  Scores scores;
  for (const Json& record : records("sshguard.jsonl")) {
    const bool attack = record.at("attack");
    const auto from = attack ? plain_address(record.at("address")) : std::nullopt;
    scores[attack ? record.at("service_name") : Json("(no attack)")] +=
        compare(judge(matcher, record.at("line"), 0), attack, from);
  }
  if (scores.empty()) {
    GTEST_SKIP() << "the shared corpus is not here";
  }
  const Score sum = print("sshguard's grammar", scores);
  EXPECT_GE(sum.right, 91);
  // "Received disconnect …: Auth fail": fail2ban calls it an attack.
  EXPECT_LE(sum.false_hits, 1);
}

// A scenario is right when one of the lines hits for each source that overflowed it, be it only in numbers.
TEST(Agreement, CrowdSec) {
  ASSERT_NE(library(), nullptr);
  match::Matcher matcher(library());
  std::map<std::string, std::vector<net::Address>> offenders;
  std::map<std::string, model::SourceId> sources;
  for (const Json& record : records("crowdsec-lines.jsonl.gz")) {
    const std::string test = record.at("test");
    const auto source = sources.try_emplace(test, static_cast<model::SourceId>(sources.size() + 1)).first->second;
    for (const auto& hit : judge(matcher, record.at("line"), source).hits) {
      offenders[test].push_back(hit.address);
    }
  }
  std::map<std::string, Scores> scores;
  for (const Json& test : records("crowdsec-tests.jsonl")) {
    for (const Json& overflow : test.at("overflows")) {
      for (const Json& from : overflow.at("sources")) {
        const auto address = plain_address(from.value("ip", from.value("value", "")));
        if (address) {
          const bool right = std::ranges::count(offenders[test.at("test")], *address) > 0;
          scores[test.at("scope")][test.at("log_type")] += {.right = right ? 1 : 0, .all = 1, .false_hits = 0};
        }
      }
    }
  }
  if (scores.empty()) {
    GTEST_SKIP() << "the shared corpus is not here";
  }
  EXPECT_GE(print("CrowdSec's scenarios, core", scores["core"]).right, 104);
  EXPECT_GE(print("CrowdSec's scenarios, others", scores["other"]).right, 137);
}

}  // namespace
}  // namespace ipguard::rules_test
