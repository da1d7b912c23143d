#include "daemon/loss_book.h"

#include <algorithm>
#include <utility>

namespace ipguard::daemon {
namespace {

constexpr size_t most_rows = 1'000;

}  // namespace

void LossBook::take_over(const std::vector<model::SourceLosses>& saved) {
  for (const auto& row : saved) {
    const auto [known, fresh] = rows_.try_emplace(row.source, row);
    auto& ours = known->second;
    if (!fresh && row.since < ours.since) {
      ours.losses += row.losses;
      ours.since = row.since;
      ours.last = std::max(ours.last, row.last);
    }
  }
}

void LossBook::note(const std::map<std::string, model::Losses>& since_start,
                    const std::vector<config::SourceConfig>& sources, TimePoint now) {
  for (const auto& source : sources) {
    version_ +=
        rows_.try_emplace(source.name, model::SourceLosses{.source = source.name, .since = now}).second ? 1U : 0U;
  }
  for (const auto& [name, losses] : since_start) {
    const auto more = losses.growth_since(std::exchange(seen_[name], losses));
    if (more.any()) {
      auto& row = rows_.try_emplace(name, model::SourceLosses{.source = name, .since = now}).first->second;
      row.losses += more;
      row.last = more.any_known() ? now : row.last;
      ++version_;
    }
  }
  forget(sources);
}

void LossBook::forget(const std::vector<config::SourceConfig>& sources) {
  const auto named = [&](const auto& entry) {
    return std::ranges::find(sources, entry.first, &config::SourceConfig::name) != sources.end();
  };
  std::erase_if(rows_, [&](const auto& entry) { return !entry.second.losses.any() && !named(entry); });
  while (rows_.size() > std::max(most_rows, sources.size())) {
    auto oldest = rows_.end();
    for (auto it = rows_.begin(); it != rows_.end(); ++it) {
      if (!named(*it) && (oldest == rows_.end() || it->second.last < oldest->second.last)) {
        oldest = it;
      }
    }
    rows_.erase(oldest);
  }
}

std::vector<model::SourceLosses> LossBook::rows() const {
  std::vector<model::SourceLosses> rows;
  rows.reserve(rows_.size());
  for (const auto& [name, row] : rows_) {
    rows.push_back(row);
  }
  return rows;
}

control::Json LossBook::to_json() const {
  auto array = control::Json::array();
  for (const auto& [name, row] : rows_) {
    array.push_back({{"source", name},
                     {"since", format_rfc3339(std::chrono::floor<Seconds>(row.since))},
                     {"last", row.last ? control::Json(format_rfc3339(std::chrono::floor<Seconds>(*row.last)))
                                       : control::Json(nullptr)},
                     {"lost_bytes", row.losses.bytes},
                     {"losses_of_unknown_size", row.losses.of_unknown_size},
                     {"lost_messages", row.losses.messages},
                     {"reread_bytes", row.losses.reread_bytes},
                     {"truncations_without_copy", row.losses.truncations}});
  }
  return array;
}

}  // namespace ipguard::daemon
