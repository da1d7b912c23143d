// DistinctWindow: distinct members of a key (offending addresses of a route, banned routes of an AS) within a span of
// log time. The bookkeeping that both steps of the ladder share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "decide/recent_table.h"
#include "model/decision.h"

namespace ipguard::decide {

template <typename Key, typename Member>
class DistinctWindow {
 public:
  struct Trace {
    Member member;
    TimePoint time;                         // of its latest offence
    std::vector<model::EvidenceLine> line;  // its last line; none where there was no line
  };
  using Traces = std::vector<Trace>;

  // `limit`: traces over all keys; the key least recently recorded to is given up for room, counted.
  explicit DistinctWindow(size_t limit) : limit_(std::max<size_t>(limit, 1)) {}

  // Records the member at `time` and yields the traces, oldest first, of the fullest span of `window` that holds
  // `time`. Of a key at most `keep` traces are held: pass no less than the number that matters.
  Traces record(const Key& key, Trace trace, Seconds window, size_t keep) {
    Traces& traces = touch(key);
    const TimePoint time = insert(traces, std::move(trace));
    while (traces.size() > std::max<size_t>(keep, 1)) {
      // As in the ledger: what lies a window ahead cannot count together with this one; else the oldest goes.
      if (traces.back().time - time > window) {
        traces.pop_back();
      } else {
        traces.erase(traces.begin());
      }
      --size_;
    }
    Traces found = fullest_span(traces, time, window);
    make_room();
    return found;
  }

  // Distinct members within `window` before `now`.
  [[nodiscard]] uint32_t count(const Key& key, TimePoint now, Seconds window) const {
    const auto known = entries_.find(key);
    if (known == Entries::none) {
      return 0;
    }
    return static_cast<uint32_t>(std::ranges::count_if(entries_.at(known).traces,
                                                       [&](const Trace& trace) { return now - trace.time <= window; }));
  }

  void forget(const Key& key) {
    if (const auto known = entries_.find(key); known != Entries::none) {
      drop(known);
    }
  }
  void forget(const Key& key, const Member& member) {
    const auto known = entries_.find(key);
    if (known == Entries::none) {
      return;
    }
    Traces& traces = entries_.at(known).traces;
    size_ -= std::erase_if(traces, [&](const Trace& trace) { return trace.member == member; });
    if (traces.empty()) {
      drop(known);
    }
  }

  void set_limit(size_t limit) {
    limit_ = std::max<size_t>(limit, 1);
    make_room();
  }
  [[nodiscard]] uint64_t evicted() const { return evicted_; }  // traces

 private:
  struct Entry {
    Key key;
    Traces traces;
  };
  struct EntryTraits {
    static const Key& key_of(const Entry& entry) { return entry.key; }
    static uint64_t hash_of(const Key& key) { return std::hash<Key>{}(key); }
  };
  using Entries = RecentTable<Entry, EntryTraits>;

  Traces& touch(const Key& key) {
    const auto known = entries_.find(key);
    if (known == Entries::none) {
      return entries_.at(entries_.add({.key = key, .traces = {}})).traces;
    }
    entries_.refresh(known);
    return entries_.at(known).traces;
  }

  // Sorted by time, each member once with its latest time; returns the time that the member has now.
  TimePoint insert(Traces& traces, Trace trace) {
    const auto known = std::ranges::find_if(traces, [&](const Trace& other) { return other.member == trace.member; });
    if (known != traces.end()) {
      if (known->time >= trace.time) {
        return known->time;
      }
      traces.erase(known);
      --size_;
    }
    const TimePoint time = trace.time;
    traces.insert(std::ranges::upper_bound(traces, time, {}, &Trace::time), std::move(trace));
    ++size_;
    return time;
  }

  static Traces fullest_span(const Traces& traces, TimePoint time, Seconds window) {
    size_t best = 0;
    size_t best_count = 0;
    size_t end = 0;
    for (size_t begin = 0; begin < traces.size() && traces[begin].time <= time; ++begin) {
      while (end < traces.size() && traces[end].time - traces[begin].time <= window) {
        ++end;
      }
      if (time - traces[begin].time <= window && end - begin > best_count) {
        best = begin;
        best_count = end - begin;
      }
    }
    const auto first = traces.begin() + static_cast<std::ptrdiff_t>(best);
    return Traces(first, first + static_cast<std::ptrdiff_t>(best_count));
  }

  void make_room() {
    // The latest one was recorded to just now and stays, whatever the limit.
    while (size_ > limit_ && entries_.size() > 1) {
      evicted_ += entries_.at(entries_.oldest()).traces.size();
      drop(entries_.oldest());
    }
  }

  void drop(typename Entries::Number entry) {
    size_ -= entries_.at(entry).traces.size();
    entries_.erase(entry);
  }

  size_t limit_;
  size_t size_ = 0;
  Entries entries_;
  uint64_t evicted_ = 0;
};

}  // namespace ipguard::decide
