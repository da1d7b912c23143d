// OffenceLedger: counts hits of each (counter, offender) pair in log time and says when they make an offence. A rule's
// counter is its own unless it names one that it shares with others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "config/config.h"
#include "decide/explanation.h"
#include "decide/recent_table.h"
#include "model/decision.h"
#include "model/hit.h"
#include "model/rule.h"
#include "net/address.h"

namespace ipguard::decide {

// A line as a hit points to it; views are valid during the call only.
struct LineReference {
  std::string_view path;
  uint64_t offset = 0;
  std::string_view text;
};

// The line kept as evidence, cut at `limits.evidence_bytes`; reuses the memory of `into`.
void keep_line(const LineReference& line, TimePoint time, uint32_t bytes, model::EvidenceLine& into);

// Bounds: limits.offenders pairs (the least recently hit goes first, counted), `threshold` times a pair,
// limits.evidence_lines lines of limits.evidence_bytes a pair. Owned by the loop thread.
//
// A hit counts its rule's weight, as often as its line says that it happened. Where a rule counts different values
// (`distinct`), a hit with a value that counts already only makes that one younger.
//
// Of a pair the latest `threshold` hits are kept, sorted, so that hits that arrive a little out of order (two files
// read side by side) count as if they had come in order. A hit that lies more than a window before the newest kept
// time belongs to an older stretch of log, read later: then the newest time gives way, for the two cannot count
// together, and one clock that is ahead cannot keep others from counting.
class OffenceLedger {
 public:
  explicit OffenceLedger(const config::LimitsConfig& limits) : limits_(limits) {}

  // Counts a hit. An offence when hits of the rule's `threshold` in all lie within `window` (first and last at most
  // `window` apart); the pair starts afresh then.
  [[nodiscard]] std::optional<model::Offence> hit(const model::Hit& hit, TimePoint time, const LineReference& line);
  // Forgets all that was counted against the address (in IPv6: against its /64).
  void forget(const net::Address& address);
  // What counts against the address (in IPv6: against its /64) at `now`, rules in order of their first hit.
  [[nodiscard]] std::vector<Counting> counting(const net::Address& address, TimePoint now) const;

  void set_limits(const config::LimitsConfig& limits);
  [[nodiscard]] size_t size() const { return pairs_.size(); }
  [[nodiscard]] uint64_t evicted() const { return evicted_; }

 private:
  struct Key {
    uint32_t counter = 0;  // index into counters_
    net::Address address;  // the first of the offender's (net/site.h)
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Terms {
    std::string name;  // the rule's id, or the shared counter's name
    uint32_t threshold = 1;
    Seconds window{0};
  };
  struct Count {
    TimePoint time;
    uint64_t value = 0;  // hash of the distinct value
    uint64_t host = 0;   // IPv6: the address within its /64
    uint32_t hits = 1;
    uint32_t weight = 1;  // of all of them
  };
  // A run of counts that makes an offence.
  struct Cluster {
    size_t first = 0;
    size_t last = 0;
    uint32_t hits = 0;
    uint32_t sum = 0;
  };
  struct Pair {
    Key key;
    uint32_t next_line = 0;     // lines is a ring once it is full: the oldest one
    std::vector<Count> counts;  // by time, at most `threshold`
    std::vector<model::EvidenceLine> lines;
  };
  struct PairTraits {
    static const Key& key_of(const Pair& pair) { return pair.key; }
    static uint64_t hash_of(const Key& key) {
      return std::hash<net::Address>{}(key.address) + key.counter * 0x9e3779b97f4a7c15ULL;
    }
  };
  using Pairs = RecentTable<Pair, PairTraits>;

  uint32_t counter_index(const model::Rule& rule);
  static size_t insert(Pair& pair, const Count& count, bool distinct);
  static std::optional<Cluster> find_cluster(const Pair& pair, size_t position, const Terms& terms);
  static net::Prefix network_of(const Pair& pair, const Cluster& cluster, const net::Address& address);
  // The pair of the key, a new one if there is none; hit just now.
  Pairs::Number touch(const Key& key);
  void keep(Pair& pair, const LineReference& line, TimePoint time) const;
  void drop_stale(TimePoint time);
  void shrink(size_t size);
  static std::vector<model::EvidenceLine> lines_within(const Pair& pair, TimePoint first, TimePoint last);

  config::LimitsConfig limits_;
  std::unordered_map<std::string, uint32_t, StringHash, std::equal_to<>> counter_indexes_;
  std::array<uint32_t, 64> likely_indexes_{};  // in counters_, by where the rule lies
  std::vector<Terms> counters_;                // grows by the rules that ever hit: as bounded as the rule files
  Pairs pairs_;
  uint64_t evicted_ = 0;
};

}  // namespace ipguard::decide
