#include "daemon/reading_tally.h"

#include <algorithm>

namespace ipguard::daemon {

ReadingTally::Counts& ReadingTally::of(std::string_view source) {
  const auto found = counts_.find(source);
  return found != counts_.end() ? found->second : counts_.emplace(source, Counts{}).first->second;
}

void ReadingTally::count(const model::Hit& hit, TimePoint now, Counts& counts) {
  const Seconds ban = hit.rule->ban;  // zero: permanent
  counts.stamps_ahead += hit.time - model::most_clock_ahead > now ? 1U : 0U;
  counts.stale_hits += ban > Seconds{0} && hit.time + ban <= now && model::is_evidence(hit.rule->kind) ? 1U : 0U;
}

void ReadingTally::count(const match::MatcherCounters& before, const match::MatcherCounters& after, Counts& counts) {
  counts.unread_lines += after.unread - before.unread;
  counts.doubtful_lines += after.doubtful - before.doubtful;
}

void ReadingTally::keep_only(const std::vector<config::SourceConfig>& sources) {
  std::erase_if(counts_, [&sources](const auto& entry) {
    return std::ranges::find(sources, entry.first, &config::SourceConfig::name) == sources.end();
  });
}

control::Json ReadingTally::to_json(const std::vector<config::SourceConfig>& sources) const {
  auto array = control::Json::array();
  for (const auto& source : sources) {
    const auto found = counts_.find(source.name);
    const Counts counts = found == counts_.end() ? Counts{} : found->second;
    array.push_back({{"source", source.name},
                     {"unread_lines", counts.unread_lines},
                     {"doubtful_lines", counts.doubtful_lines},
                     {"stamps_ahead", counts.stamps_ahead},
                     {"stale_hits", counts.stale_hits}});
  }
  return array;
}

}  // namespace ipguard::daemon
