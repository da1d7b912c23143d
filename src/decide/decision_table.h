// DecisionTable: the active decisions (the truth that kernel sets follow), when each is over, how often a target was
// banned before, what ended lately, and the changes not yet reported. Owned by the loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "decide/decision_change.h"
#include "decide/scope_plan.h"
#include "model/decision.h"
#include "net/address.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

struct TargetHash {
  size_t operator()(const model::Target& target) const noexcept {
    return std::hash<net::Prefix>{}(target.prefix) * 31 + (target.asn.number + target.country.number()) * size_t{4} +
           static_cast<size_t>(target.scope);
  }
};

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

class DecisionTable {
 public:
  struct Entry {
    model::Decision decision;
    Owner id = 0;  // order of beginning; the planner's owner
  };

  explicit DecisionTable(TableLimits limits = {}) : limits_(limits) {}

  // The active decision on exactly this target; null if there is none. Valid until it ends.
  [[nodiscard]] const Entry* find(const model::Target& target) const;
  [[nodiscard]] const Entry* find(Owner id) const;
  // Whether any active decision covers the address (holes not considered).
  [[nodiscard]] bool covers(const net::Address& address) const;
  // Those that cover all of `prefix`, narrowest scope first, then narrowest network.
  [[nodiscard]] std::vector<const Entry*> covering(const net::Prefix& prefix) const;
  // Those whose target holds the address, whatever they cover of it, narrowest scope first, then narrowest network;
  // `route` is its route.
  [[nodiscard]] std::vector<const Entry*> aimed_at(const net::Address& address, const model::Route& route) const;
  // In order of their beginning.
  [[nodiscard]] std::vector<const Entry*> all() const;
  // At most `most` of those that began after the one numbered `id` (0 = from the first on), in order.
  [[nodiscard]] std::vector<const Entry*> after(Owner id, size_t most) const;
  [[nodiscard]] size_t count(model::Scope scope) const { return counts_[static_cast<size_t>(scope)]; }
  [[nodiscard]] size_t size() const { return by_target_.size(); }
  [[nodiscard]] bool full() const { return size() >= limits_.active; }

  // A decision begins; there is none on its target. Reported.
  const Entry& begin(model::Decision decision);
  // Takes the place of the active decision on the same target and keeps its number. Reported as begun at `at`.
  const Entry& renew(model::Decision decision, TimePoint at);
  // Begins without a report; an active decision on the target is replaced.
  const Entry& restore(model::Decision decision);
  // Other prefixes (a part became allowed): not reported, the target is the same.
  const Entry& set_prefixes(Owner id, std::vector<net::Prefix> prefixes);
  // It is over at `at`. Reported; kept in the past and, for explain, whole. A `note` is added to its reason.
  model::Decision end(const model::Target& target, Ending ending, TimePoint at, std::string_view note = {});
  // One that was over before it could begin: reported as begun and expired, kept as past.
  void pass(model::Decision decision);
  // One that was considered and refused: reported, nothing else.
  void refuse(model::Decision decision, TimePoint at);

  [[nodiscard]] std::optional<TimePoint> next_expiry() const;
  // Targets of decisions over at `now`, in order of their ends; at most `most`.
  [[nodiscard]] std::vector<model::Target> due(TimePoint now, size_t most) const;

  void restore_past(const model::Target& target, uint32_t bans, TimePoint last_end);
  [[nodiscard]] const TargetPast* past(const model::Target& target) const;
  // Whether a ban of the target that ran out by itself was in force at `time`, a time in a log.
  [[nodiscard]] bool was_banned(const model::Target& target, TimePoint time) const;
  // Ended decisions on exactly this target, newest first.
  [[nodiscard]] std::vector<DecisionChange> ended(const model::Target& target) const;

  [[nodiscard]] std::vector<DecisionChange> take_changes() { return std::exchange(changes_, {}); }

 private:
  const Entry& insert(model::Decision decision, Owner id);
  model::Decision remove(const model::Target& target);
  void index_wide(const Entry& entry);
  void unindex_wide(const Entry& entry);
  void remember(const model::Decision& decision, Ending ending, TimePoint at, std::string_view note);
  void set_past(const model::Target& target, const TargetPast& past);

  TableLimits limits_;
  Owner next_id_ = 1;
  std::unordered_map<model::Target, std::unique_ptr<Entry>, TargetHash> by_target_;
  std::map<Owner, const Entry*> by_id_;
  std::set<std::pair<TimePoint, Owner>> by_end_;    // without permanent ones
  net::PrefixMap<std::vector<const Entry*>> wide_;  // prefixes of route and AS decisions
  std::unordered_map<model::Target, TargetPast, TargetHash> past_;
  std::multimap<TimePoint, model::Target> past_by_end_;  // by last_end, for the bound
  std::deque<DecisionChange> ended_;                     // oldest first
  std::vector<DecisionChange> changes_;
  std::array<size_t, model::scope_count> counts_{};  // active ones by scope
};

}  // namespace ipguard::decide
