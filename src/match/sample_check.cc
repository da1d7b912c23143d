#include "match/sample_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ipguard::match {
namespace {

using model::Rule;
using model::RuleSample;

struct RuleHit {
  net::Address address;
  std::string user;

  friend bool operator==(const RuleHit&, const RuleHit&) = default;
};

// What `rule` makes of a line.
struct Finding {
  std::optional<RuleHit> hit;
  bool recognised = false;  // some format took it
};

std::optional<RuleHit> hit_of(const Rule& rule, const LineResult& result) {
  for (const model::Hit& hit : result.hits) {
    if (hit.rule == &rule) {
      return RuleHit{.address = hit.address, .user = std::string(hit.user)};
    }
  }
  return std::nullopt;
}

const LineOptions mixed_lines{.format = "auto", .accept_message = true};

// Each sample is a log of its own: nothing of another one's sessions may show.
Finding judge_singly(Matcher& matcher, const Rule& rule, const RuleSample& sample, model::SourceId source,
                     TimePoint now) {
  Finding finding;
  const auto judge = [&](const std::string& line) {
    finding = {};
    matcher.match_line({.text = line, .source = source}, mixed_lines, now,
                       [&](const model::RawLine&, const LineResult& result) {
                         finding.hit = hit_of(rule, result);
                         finding.recognised = !result.event.format.empty();
                       });
  };
  std::ranges::for_each(sample.before, judge);
  judge(sample.line);
  return finding;
}

std::optional<RuleHit> judge_as_block(Matcher& matcher, const Rule& rule, const RuleSample& sample,
                                      model::SourceId source, TimePoint now) {
  std::string block;
  for (const std::string& line : sample.before) {
    block += line + '\n';
  }
  const size_t begin = block.size();
  block += sample.line + '\n';
  std::optional<RuleHit> hit;
  matcher.scan_block(block, 0, source, mixed_lines, now, [&](const model::RawLine& line, const LineResult& result) {
    hit = line.offset == begin ? hit_of(rule, result) : std::nullopt;
  });
  return hit;
}

std::string problem_of_sample(const RuleSample& sample, const Finding& finding) {
  if (!finding.hit) {
    return finding.recognised ? "the rule does not hit the line"
                              : "the rule does not hit the line, which is of no known log format";
  }
  if (sample.address && finding.hit->address != *sample.address) {
    return "the rule yields the address " + finding.hit->address.to_string() + " instead of " +
           sample.address->to_string();
  }
  if (sample.user && finding.hit->user != *sample.user) {
    return "the rule yields the user " + in_quotes(finding.hit->user) + " instead of " + in_quotes(*sample.user);
  }
  return {};
}

class Runner {
 public:
  Runner(const std::shared_ptr<const RuleSet>& rules, TimePoint now) : matcher_(rules), now_(now) {}

  SampleOutcome run(const Rule& rule, const RuleSample& sample, bool near_miss) {
    SampleOutcome outcome{.rule = &rule, .sample = &sample, .near_miss = near_miss, .held = false, .problem = {}};
    const Finding finding = judge_singly(matcher_, rule, sample, next_source_++, now_);
    if (sample.line.find('\n') != std::string::npos) {
      outcome.problem = "the sample is more than one line";
    } else if (judge_as_block(matcher_, rule, sample, next_source_++, now_) != finding.hit) {
      outcome.problem = "the line is judged differently within a block: this is a fault of ipguard, please report it";
    } else if (!near_miss) {
      outcome.problem = problem_of_sample(sample, finding);
    } else if (finding.hit) {
      outcome.problem = "the rule hits the near miss, with the address " + finding.hit->address.to_string();
    }
    outcome.held = outcome.problem.empty();
    return outcome;
  }

 private:
  Matcher matcher_;
  TimePoint now_;
  model::SourceId next_source_ = 0;
};

}  // namespace

std::vector<SampleOutcome> run_samples(const std::shared_ptr<const RuleSet>& rules, TimePoint now) {
  std::vector<SampleOutcome> outcomes;
  Runner runner(rules, now);
  for (const Rule& rule : rules->rules()) {
    for (const RuleSample& sample : rule.samples) {
      outcomes.push_back(runner.run(rule, sample, false));
    }
    for (const RuleSample& sample : rule.near_misses) {
      outcomes.push_back(runner.run(rule, sample, true));
    }
  }
  return outcomes;
}

}  // namespace ipguard::match
