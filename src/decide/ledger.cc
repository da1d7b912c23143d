#include "decide/ledger.h"

#include <algorithm>

#include "net/site.h"

namespace ipguard::decide {
namespace {

// A pair whose newest hit is this much older than its window is given back although there is room: nothing that still
// comes is so far out of order.
constexpr std::chrono::hours stale_after{24};

// An IPv6 address behind its subnet; IPv4 addresses are offenders of their own.
uint64_t host_of(const net::Address& address) {
  uint64_t host = 0;
  if (!address.is_ipv4()) {
    for (size_t i = net::subnet_length / 8; i < 16; ++i) {
      host = host << 8U | address.bytes()[i];
    }
  }
  return host;
}

}  // namespace

void keep_line(const LineReference& line, TimePoint time, uint32_t bytes, model::EvidenceLine& into) {
  into.path.assign(line.path);
  into.offset = line.offset;
  into.time = time;
  into.text.assign(line.text.substr(0, bytes));
}

uint32_t OffenceLedger::counter_index(const model::Rule& rule) {
  // A rule's id has a slash, a counter's name has none.
  const std::string& name = rule.counter.empty() ? rule.id : rule.counter;
  // Mostly the one that was there last for a rule in this place of the memory: comparing is cheaper than hashing.
  const auto place = reinterpret_cast<uintptr_t>(&rule) / sizeof(model::Rule);  // NOLINT: a number will do
  uint32_t& index = likely_indexes_.at(place % likely_indexes_.size());
  if (index >= counters_.size() || counters_[index].name != name) {
    const auto [it, is_new] = counter_indexes_.try_emplace(name, static_cast<uint32_t>(counters_.size()));
    if (is_new) {
      counters_.push_back({.name = name});
    }
    index = it->second;
  }
  // Taken anew each time: a reload may change the terms of a rule whose pairs live on.
  Terms& terms = counters_[index];
  terms.threshold = std::max<uint32_t>(rule.threshold, 1);
  terms.window = rule.window;
  return index;
}

OffenceLedger::Pairs::Number OffenceLedger::touch(const Key& key) {
  if (const auto known = pairs_.find(key); known != Pairs::none) {
    pairs_.refresh(known);
    return known;
  }
  shrink(std::max<size_t>(limits_.offenders, 1) - 1);
  return pairs_.add({.key = key, .next_line = 0, .counts = {}, .lines = {}});
}

void OffenceLedger::keep(Pair& pair, const LineReference& line, TimePoint time) const {
  if (pair.lines.size() < limits_.evidence_lines) {
    keep_line(line, time, limits_.evidence_bytes, pair.lines.emplace_back());
  } else if (!pair.lines.empty()) {
    keep_line(line, time, limits_.evidence_bytes, pair.lines[pair.next_line]);
    pair.next_line = (pair.next_line + 1) % static_cast<uint32_t>(pair.lines.size());
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

// Puts the count in its place by time and returns that place. A value that counts already moves to its latest time.
size_t OffenceLedger::insert(Pair& pair, const Count& count, bool distinct) {
  auto& counts = pair.counts;
  TimePoint time = count.time;
  if (distinct) {
    if (const auto same = std::ranges::find(counts, count.value, &Count::value); same != counts.end()) {
      time = std::max(time, same->time);
      counts.erase(same);
    }
  }
  const auto place = std::ranges::upper_bound(counts, time, {}, &Count::time);
  const auto placed = counts.insert(
      place, {.time = time, .value = count.value, .host = count.host, .hits = count.hits, .weight = count.weight});
  return static_cast<size_t>(placed - counts.begin());
}

// The earliest run of counts around `position`, no longer than the window, that reaches the threshold. Runs without the
// count at `position` have been looked at when their own last one came.
std::optional<OffenceLedger::Cluster> OffenceLedger::find_cluster(const Pair& pair, size_t position,
                                                                  const Terms& terms) {
  const auto& counts = pair.counts;
  size_t first = position;
  uint64_t sum = counts[position].weight;
  while (first > 0 && counts[position].time - counts[first - 1].time <= terms.window) {
    sum += counts[--first].weight;
  }
  for (size_t last = position;;) {
    while (sum - counts[first].weight >= terms.threshold && first < position) {
      sum -= counts[first++].weight;
    }
    if (sum >= terms.threshold) {
      uint32_t hits = 0;
      for (size_t i = first; i <= last; ++i) {
        hits += counts[i].hits;
      }
      return Cluster{.first = first, .last = last, .hits = hits, .sum = static_cast<uint32_t>(sum)};
    }
    if (++last == counts.size()) {
      return std::nullopt;
    }
    sum += counts[last].weight;
    while (counts[last].time - counts[first].time > terms.window) {
      if (first == position) {
        return std::nullopt;
      }
      sum -= counts[first++].weight;
    }
  }
}

net::Prefix OffenceLedger::network_of(const Pair& pair, const Cluster& cluster, const net::Address& address) {
  for (size_t i = cluster.first; i <= cluster.last; ++i) {
    if (pair.counts[i].host != host_of(address)) {
      return net::host_unit(address);
    }
  }
  return net::Prefix(address);
}

std::optional<model::Offence> OffenceLedger::hit(const model::Hit& hit, TimePoint time, const LineReference& line) {
  const model::Rule& rule = *hit.rule;
  const uint32_t index = counter_index(rule);
  const Terms& terms = counters_[index];
  drop_stale(time);
  const auto number = touch({index, net::host_unit(hit.address).address()});
  Pair& pair = pairs_.at(number);
  keep(pair, line, time);
  const bool distinct = rule.distinct.has_value();
  const uint64_t value = distinct ? std::hash<std::string_view>{}(hit.distinct) : 0;
  // A value that is seen often is still one value. Beyond the threshold more weight says nothing.
  const uint64_t times = distinct ? 1 : hit.repeat;
  const auto most = std::max(rule.weight, terms.threshold);
  const Count count{.time = time,
                    .value = value,
                    .host = host_of(hit.address),
                    .hits = static_cast<uint32_t>(std::min<uint64_t>(times, most)),
                    .weight = static_cast<uint32_t>(std::min<uint64_t>(rule.weight * times, most))};
  const size_t position = insert(pair, count, distinct);

  auto& counts = pair.counts;
  if (const auto cluster = find_cluster(pair, position, terms)) {
    const TimePoint first = counts[cluster->first].time;
    const TimePoint last = counts[cluster->last].time;
    model::Offence offence{.rule = rule.id,
                           .address = hit.address,
                           .network = network_of(pair, *cluster, hit.address),
                           .hits = cluster->hits,
                           .count = cluster->sum,
                           .first = first,
                           .last = last,
                           .lines = lines_within(pair, first, last)};
    pairs_.erase(number);
    return offence;
  }
  while (counts.size() > terms.threshold) {
    if (counts.back().time - time > terms.window) {
      counts.pop_back();
    } else {
      counts.erase(counts.begin());
    }
  }
  return std::nullopt;
}

void OffenceLedger::drop_stale(TimePoint time) {
  // Two a hit: the table then shrinks faster than it grows, and no single hit pays for many.
  for (int i = 0; i < 2 && pairs_.size() > 0; ++i) {
    const Pair& oldest = pairs_.at(pairs_.oldest());
    if (time - oldest.counts.back().time <= counters_[oldest.key.counter].window + stale_after) {
      return;
    }
    pairs_.erase(pairs_.oldest());
  }
}

void OffenceLedger::shrink(size_t size) {
  while (pairs_.size() > size) {
    pairs_.erase(pairs_.oldest());
    ++evicted_;
  }
}

void OffenceLedger::forget(const net::Address& address) {
  for (uint32_t counter = 0; counter < counters_.size(); ++counter) {
    if (const auto known = pairs_.find({counter, net::host_unit(address).address()}); known != Pairs::none) {
      pairs_.erase(known);
    }
  }
}

std::vector<Counting> OffenceLedger::counting(const net::Address& address, TimePoint now) const {
  std::vector<Counting> result;
  for (uint32_t counter = 0; counter < counters_.size(); ++counter) {
    const auto known = pairs_.find({counter, net::host_unit(address).address()});
    if (known == Pairs::none) {
      continue;
    }
    const Terms& terms = counters_[counter];
    const Pair& pair = pairs_.at(known);
    const TimePoint from = now - terms.window;
    uint32_t hits = 0;
    uint32_t sum = 0;
    for (const Count& count : pair.counts) {
      hits += count.time >= from ? count.hits : 0;
      sum += count.time >= from ? count.weight : 0;
    }
    if (sum > 0) {
      result.push_back({.rule = terms.name,
                        .hits = hits,
                        .count = sum,
                        .threshold = terms.threshold,
                        .window = terms.window,
                        .lines = lines_within(pair, from, TimePoint::max())});
    }
  }
  return result;
}

void OffenceLedger::set_limits(const config::LimitsConfig& limits) {
  if (limits.evidence_lines != limits_.evidence_lines) {
    // The rings of kept lines have the old size; what they hold is given up, the counts stay.
    pairs_.each(0, [](Pair& pair) {
      pair.lines.clear();
      pair.next_line = 0;
    });
  }
  limits_ = limits;
  shrink(std::max<size_t>(limits_.offenders, 1));
}

}  // namespace ipguard::decide
