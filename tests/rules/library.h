// The rules that ipguard ships, compiled once for all tests of this program.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "match/rule_set.h"
#include "net/address.h"

namespace ipguard::rules_test {

inline const TimePoint now = from_civil(2026, 6, 1, 12, 0, 0);
inline const match::LineOptions mixed_lines{.format = "auto", .accept_message = true};

// Null if they do not compile; the test has failed then, with what is wrong.
[[nodiscard]] std::shared_ptr<const match::RuleSet> library();

// What all rules say of one line.
struct Judgement {
  struct Hit {
    const model::Rule* rule = nullptr;
    net::Address address;
    std::string user;
  };
  model::LogKind kind = model::LogKind::message;
  std::string format;
  std::vector<Hit> hits;
};
[[nodiscard]] Judgement judge(match::Matcher& matcher, const std::string& line, model::SourceId source);

// The lines of a file of the shared corpus, unpacked if its name ends in .gz; empty if it is not there.
[[nodiscard]] std::vector<std::string> corpus_lines(const std::string& name);

}  // namespace ipguard::rules_test
