// DecisionTable: the active decisions (the truth that kernel sets follow), when each is over, how often a target was
// banned before, what ended lately, and the changes not yet reported. Owned by the loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash_index.h"
#include "base/interner.h"
#include "base/time.h"
#include "decide/active_ban.h"
#include "decide/ban_indexes.h"
#include "decide/decision_change.h"
#include "model/decision.h"
#include "model/ending.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::decide {

// A target's earlier bans.
struct TargetPast {
  uint32_t bans = 0;
  TimePoint since;     // of the last ban, if it ran out by itself; else = last_end
  TimePoint last_end;  // of the last ban
};

struct TableLimits {
  size_t active = 1'000'000;  // decisions; a kernel hash set of this size still takes an element in 5 µs
  size_t past = 200'000;      // targets whose earlier bans are remembered; those that ended first go first
  size_t ended = 2'000;       // ended decisions kept whole, for explain
};

// How far a walk through the active decisions has come.
struct TablePlace {
  uint64_t id = 0;
  Slot slot = no_slot;
};

class DecisionTable {
 public:
  explicit DecisionTable(TableLimits limits = {}) : limits_(limits) {}
  DecisionTable(const DecisionTable&) = delete;  // the indexes point to the pool
  DecisionTable& operator=(const DecisionTable&) = delete;

  // The active decision on exactly this target; null if there is none. Valid until it ends.
  [[nodiscard]] const ActiveBan* find(const model::Target& target) const;
  [[nodiscard]] const ActiveBan& at(Slot slot) const { return pool_[slot]; }
  // Those whose target holds the address, whatever they cover of it, narrowest scope first, then narrowest network;
  // `route` is its route.
  [[nodiscard]] std::vector<const ActiveBan*> aimed_at(const net::Address& address, const model::Route& route) const;
  // In order of their beginning.
  [[nodiscard]] std::vector<const ActiveBan*> all() const;
  // At most `most` of those that began after the one at `place` (at first: from the first on), in order; moves it on.
  [[nodiscard]] std::vector<const ActiveBan*> after(TablePlace& place, size_t most) const;
  [[nodiscard]] size_t count(model::Scope scope) const { return counts_[static_cast<size_t>(scope)]; }
  [[nodiscard]] size_t size() const { return by_target_.size(); }
  // Another one after every change of what is banned or was.
  [[nodiscard]] uint64_t version() const { return version_; }
  [[nodiscard]] bool full() const { return size() >= limits_.active; }

  [[nodiscard]] const std::string& rule(const ActiveBan& ban) const { return origins_[ban.origin].rule; }
  [[nodiscard]] const std::string& issuer(const ActiveBan& ban) const { return origins_[ban.origin].issuer; }
  [[nodiscard]] model::Route route(const ActiveBan& ban) const;
  // The decision without reason and evidence.
  [[nodiscard]] model::Decision decision(const ActiveBan& ban) const;
  // The decision as it was reported, if that was not taken yet: with reason and evidence. Valid until the next change.
  [[nodiscard]] const model::Decision* reported(const ActiveBan& ban) const;

  // A decision begins; there is none on its target. Reported.
  const ActiveBan& begin(model::Decision decision);
  // Takes the place of the active decision on the same target and keeps its number. Reported as begun at `at`.
  const ActiveBan& renew(model::Decision decision, TimePoint at);
  // Begins without a report, in the place of `known`, the active decision on the target (null if there is none).
  const ActiveBan& restore(const model::Decision& decision, const ActiveBan* known);
  // Other prefixes (a part became allowed): not reported, the target is the same.
  void set_prefixes(const ActiveBan& ban, std::vector<net::Prefix> prefixes);
  // The active decision on its target is over at `at`. Reported; kept in the past and, for explain, whole. A `note` is
  // added to its reason.
  const model::Decision& end(model::Decision decision, model::Ending ending, TimePoint at, std::string_view note = {});
  // One that was over before it could begin: reported as begun and expired, kept as past.
  void pass(model::Decision decision);
  // One that was considered and refused: reported, nothing else.
  void refuse(model::Decision decision, TimePoint at);

  [[nodiscard]] std::optional<TimePoint> next_expiry() const;
  // The one that is over first, if it is over at `now`; of several, the one that began first.
  [[nodiscard]] const ActiveBan* due(TimePoint now) const;

  void restore_past(const model::Target& target, uint32_t bans, TimePoint last_end);
  [[nodiscard]] const TargetPast* past(const model::Target& target) const;
  // Whether a ban of the target that ran out by itself was in force at `time`, a time in a log.
  [[nodiscard]] bool was_banned(const model::Target& target, TimePoint time) const;
  // Ended decisions on exactly this target, newest first.
  [[nodiscard]] std::vector<DecisionChange> ended(const model::Target& target) const;

  [[nodiscard]] std::vector<DecisionChange> take_changes();
  [[nodiscard]] std::span<const DecisionChange> changes() const { return changes_; }

 private:
  struct Origin {
    std::string rule;
    std::string issuer;
    friend auto operator<=>(const Origin&, const Origin&) = default;
  };
  // By all but the network: a few thousand owners have all the routes.
  struct OwnerLess {
    bool operator()(const model::Route& a, const model::Route& b) const;
  };

  ActiveBan& insert(const model::Decision& decision);
  void remove(ActiveBan& ban);
  ActiveBan& replace(ActiveBan& ban, const model::Decision& decision);
  void fill(ActiveBan& ban, const model::Decision& decision);
  void report(ActiveBan& ban, model::Decision decision, TimePoint at);
  void remember(const model::Decision& decision, model::Ending ending, TimePoint at, std::string_view note);
  void set_past(const model::Target& target, const TargetPast& past);
  void push_past(TimePoint end, uint32_t place);
  void forget_first_past();
  [[nodiscard]] uint32_t past_place(const model::Target& target) const;  // HashIndex::none if there is none

  TableLimits limits_;
  uint64_t next_id_ = 1;
  uint64_t version_ = 0;
  BanPool pool_;
  TargetIndex by_target_{pool_};
  EndQueue by_end_{pool_};
  Slot first_ = no_slot;  // in order of beginning
  Slot last_ = no_slot;
  Interner<Origin> origins_;
  Interner<model::Route, OwnerLess> owners_;
  std::deque<std::pair<model::Target, TargetPast>> past_;
  std::vector<uint32_t> free_past_;  // places in past_ …
  HashIndex past_by_target_;
  std::vector<std::pair<TimePoint, uint32_t>>
      past_by_end_;                   // … a heap by last_end, for the bound; some are out of date
  std::deque<DecisionChange> ended_;  // oldest first
  std::vector<DecisionChange> changes_;
  uint32_t first_change_ = 0;                        // number of changes_[0]; they are counted on and on
  std::array<size_t, model::scope_count> counts_{};  // active ones by scope
};

}  // namespace ipguard::decide
