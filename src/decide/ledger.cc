#include "decide/ledger.h"

#include <algorithm>

namespace ipguard::decide {
namespace {

// A pair whose newest hit is this much older than its window is given back although there is room: nothing that still
// comes is so far out of order.
constexpr std::chrono::hours stale_after{24};

// Index of the first of `threshold` sorted times that lie within `window`; nullopt when there are none.
std::optional<size_t> find_cluster(const std::vector<TimePoint>& times, uint32_t threshold, Seconds window) {
  for (size_t i = 0; i + threshold <= times.size(); ++i) {
    if (times[i + threshold - 1] - times[i] <= window) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

void keep_line(const LineReference& line, TimePoint time, uint32_t bytes, model::EvidenceLine& into) {
  into.path.assign(line.path);
  into.offset = line.offset;
  into.time = time;
  into.text.assign(line.text.substr(0, bytes));
}

uint32_t OffenceLedger::rule_index(const model::Rule& rule) {
  auto it = rule_indexes_.find(std::string_view(rule.id));
  if (it == rule_indexes_.end()) {
    it = rule_indexes_.emplace(rule.id, static_cast<uint32_t>(rules_.size())).first;
    rules_.push_back({.id = rule.id});
  }
  // Taken anew each time: a reload may change the terms of a rule whose pairs live on.
  Terms& terms = rules_[it->second];
  terms.threshold = std::max<uint32_t>(rule.threshold, 1);
  terms.window = rule.window;
  return it->second;
}

OffenceLedger::Pair& OffenceLedger::touch(const Key& key) {
  if (auto it = index_.find(key); it != index_.end()) {
    pairs_.splice(pairs_.begin(), pairs_, it->second);
    return pairs_.front();
  }
  shrink(std::max<size_t>(limits_.offenders, 1) - 1);
  pairs_.push_front({.key = key, .times = {}, .lines = {}});
  index_.emplace(key, pairs_.begin());
  return pairs_.front();
}

void OffenceLedger::keep(Pair& pair, const LineReference& line, TimePoint time) const {
  if (pair.lines.size() < limits_.evidence_lines) {
    keep_line(line, time, limits_.evidence_bytes, pair.lines.emplace_back());
  } else if (!pair.lines.empty()) {
    keep_line(line, time, limits_.evidence_bytes, pair.lines[pair.next_line]);
    pair.next_line = (pair.next_line + 1) % pair.lines.size();
  }
}

std::vector<model::EvidenceLine> OffenceLedger::lines_within(const Pair& pair, TimePoint first, TimePoint last) {
  std::vector<model::EvidenceLine> result;
  for (size_t i = 0; i < pair.lines.size(); ++i) {
    const auto& line = pair.lines[(pair.next_line + i) % pair.lines.size()];
    if (line.time >= first && line.time <= last) {
      result.push_back(line);
    }
  }
  std::ranges::stable_sort(result, {}, &model::EvidenceLine::time);
  return result;
}

std::optional<model::Offence> OffenceLedger::hit(const model::Rule& rule, const net::Address& address, TimePoint time,
                                                 const LineReference& line) {
  const uint32_t index = rule_index(rule);
  const Terms& terms = rules_[index];
  drop_stale(time);
  Pair& pair = touch({index, address});
  keep(pair, line, time);
  auto& times = pair.times;
  times.insert(std::ranges::upper_bound(times, time), time);

  if (const auto start = find_cluster(times, terms.threshold, terms.window)) {
    const TimePoint first = times[*start];
    const TimePoint last = times[*start + terms.threshold - 1];
    model::Offence offence{.rule = rule.id,
                           .address = address,
                           .count = terms.threshold,
                           .first = first,
                           .last = last,
                           .lines = lines_within(pair, first, last)};
    drop(pairs_.begin());
    return offence;
  }
  while (times.size() > terms.threshold) {
    if (times.back() - time > terms.window) {
      times.pop_back();
    } else {
      times.erase(times.begin());
    }
  }
  return std::nullopt;
}

void OffenceLedger::drop(Pairs::iterator pair) {
  index_.erase(pair->key);
  pairs_.erase(pair);
}

void OffenceLedger::drop_stale(TimePoint time) {
  // Two a hit: the table then shrinks faster than it grows, and no single hit pays for many.
  for (int i = 0; i < 2 && !pairs_.empty(); ++i) {
    const Pair& oldest = pairs_.back();
    if (time - oldest.times.back() <= rules_[oldest.key.rule].window + stale_after) {
      return;
    }
    drop(std::prev(pairs_.end()));
  }
}

void OffenceLedger::shrink(size_t size) {
  while (pairs_.size() > size) {
    drop(std::prev(pairs_.end()));
    ++evicted_;
  }
}

void OffenceLedger::forget(const net::Address& address) {
  for (uint32_t rule = 0; rule < rules_.size(); ++rule) {
    if (auto it = index_.find({rule, address}); it != index_.end()) {
      drop(it->second);
    }
  }
}

std::vector<Counting> OffenceLedger::counting(const net::Address& address, TimePoint now) const {
  std::vector<Counting> result;
  for (uint32_t rule = 0; rule < rules_.size(); ++rule) {
    const auto it = index_.find({rule, address});
    if (it == index_.end()) {
      continue;
    }
    const Terms& terms = rules_[rule];
    const Pair& pair = *it->second;
    const TimePoint from = now - terms.window;
    const auto first = std::ranges::lower_bound(pair.times, from);
    if (first == pair.times.end()) {
      continue;
    }
    result.push_back({.rule = terms.id,
                      .count = static_cast<uint32_t>(pair.times.end() - first),
                      .threshold = terms.threshold,
                      .window = terms.window,
                      .lines = lines_within(pair, from, TimePoint::max())});
  }
  return result;
}

void OffenceLedger::set_limits(const config::LimitsConfig& limits) {
  if (limits.evidence_lines != limits_.evidence_lines) {
    // The rings of kept lines have the old size; what they hold is given up, the counts stay.
    for (auto& pair : pairs_) {
      pair.lines.clear();
      pair.next_line = 0;
    }
  }
  limits_ = limits;
  shrink(std::max<size_t>(limits_.offenders, 1));
}

}  // namespace ipguard::decide
