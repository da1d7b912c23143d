// Four days of a blog's access log, ordinary visitors and a few probes: who would be banned, and on what evidence. Each
// one in the golden file was looked at.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "decide/ledger.h"
#include "library.h"

namespace ipguard::rules_test {
namespace {

constexpr const char* golden_file = IPGUARD_SOURCE_DIR "/tests/golden/benign/apache_logs.txt";

// One paragraph an offender: rule and address, then the lines that the ban rests on.
std::string offences_in(const std::vector<std::string>& lines) {
  match::Matcher matcher(library());
  decide::OffenceLedger ledger(config::LimitsConfig{.offenders = 200'000, .evidence_lines = 3, .evidence_bytes = 300});
  std::map<std::string, std::string> offences;
  for (const auto& line : lines) {
    matcher.match_line({.text = line}, {}, now, [&](const model::RawLine& raw, const match::LineResult& result) {
      for (const auto& hit : result.hits) {
        const auto offence = ledger.hit(hit, hit.time, {.path = {}, .offset = 0, .text = raw.text});
        const std::string key = hit.address.to_string() + " " + hit.rule->id;
        if (offence && hit.rule->enabled && !offences.contains(key)) {
          std::string text =
              key + ", " + std::to_string(offence->count) + " by " + format_rfc3339(offence->last) + "\n";
          for (const auto& kept : offence->lines) {
            text += "    " + printable(kept.text) + "\n";
          }
          offences.emplace(key, text);
        }
      }
    });
  }
  std::string report;
  for (const auto& [key, text] : offences) {
    report += text;
  }
  return report;
}

TEST(Benign, OnlyWhoDeservesItIsBanned) {
  ASSERT_NE(library(), nullptr);
  const auto lines = corpus_lines("logs/apache_logs.gz");
  if (lines.empty()) {
    GTEST_SKIP() << "the shared corpus is not here";
  }
  ASSERT_EQ(lines.size(), 10'000U);
  const std::string report = offences_in(lines);
  if (std::getenv("IPGUARD_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(golden_file) << report;
  }
  std::ifstream file(golden_file);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(report, golden.str()) << "look at each new offender; IPGUARD_UPDATE_GOLDEN=1 writes the file anew";
}

}  // namespace
}  // namespace ipguard::rules_test
