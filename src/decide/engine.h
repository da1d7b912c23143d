// Engine: from hits to decisions to kernel set changes. Pure bookkeeping: no clock, no kernel, no files; everything
// it needs to know of the world comes in through Lookups. Owned by the loop thread; `report` uses the same class.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "decide/decision_change.h"
#include "decide/decision_table.h"
#include "decide/explanation.h"
#include "decide/good_clients.h"
#include "decide/in_force.h"
#include "decide/policy.h"
#include "decide/preview.h"
#include "model/decision.h"
#include "model/hit.h"
#include "model/set_batch.h"

namespace ipguard::decide {

struct EngineCounters {
  uint64_t hits = 0;
  uint64_t hits_allowed = 0;  // on the allowlist or protected
  uint64_t hits_banned = 0;   // of an address banned already
  uint64_t offences = 0;
  uint64_t decisions = 0;
  uint64_t refused = 0;
  uint64_t offenders = 0;          // (rule, address) pairs being counted now
  uint64_t offenders_evicted = 0;  // given up because a table was full
  uint64_t good_clients = 0;       // known now
  uint64_t good_forgotten = 0;     // given up because there were too many
};

// What a ban by hand came to.
struct Banned {
  enum class How : uint8_t { begun, renewed, already };
  How how = How::begun;                // already: nothing was changed
  std::optional<model::Until> before;  // when it would have ended without; nullopt: it was not banned
};

// What the check right before the kernel keeps out of active decisions.
struct RefusedElements {
  uint64_t count = 0;
  std::string example;  // "192.0.2.0/24: why"; empty if there are none
};

class Engine {
 public:
  Engine(Policy policy, Lookups lookups);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Counts a hit; may begin decisions at any scope. Windows are judged in the hit's own time; a
  // ban starts at the hit's time too, so that a backlog bans nobody whose ban would be over by `now` (such a decision
  // begins and ends at once and is kept as history). `path` names the source for evidence.
  void on_hit(const model::Hit& hit, std::string_view path, TimePoint now);

  // Of good clients (decide/good_clients.h), in log time; what a banned address does says nothing. A hit of a rule of
  // kind "login" belongs to on_login(), not to on_hit().
  void on_login(const net::Address& address, TimePoint time, TimePoint now);
  void on_user(const net::Address& address, TimePoint time, TimePoint now);
  void on_visit(const net::Address& address, bool good, TimePoint time, TimePoint now);
  void restore_good_client(const model::GoodClient& client) { good_clients().restore(client); }
  [[nodiscard]] std::vector<model::GoodClient> take_good_changes() { return good_clients().take_changes(); }

  // Counts a hit from before the cursor at start: refills windows, decides nothing.
  void replay_hit(const model::Hit& hit, std::string_view path, TimePoint now);

  // A manual or imported ban; nullopt duration = permanent. Refused with the reason when it is on the allowlist,
  // protected, wider than allowed, an AS without prefixes, or over the budget of wide bans unless `force`. By hand it
  // renews an existing decision, whatever that was, unless that is the same in issuer, end, reason and extent. A list
  // (issuer model::import_issuer) never shortens one: it prolongs a ban of others, whose reason and issuer stay, and
  // changes nothing where it adds no time. What is protected is asked of the host once for all calls with the same
  // `now`. With `confirm_within` the ban is lifted after that time unless confirm() comes before; not for a target that
  // is banned already.
  [[nodiscard]] Result<Banned> ban(const model::Target& target, std::optional<TimePoint::duration> duration,
                                   std::string reason, std::string issuer, TimePoint now, bool force = false,
                                   std::optional<Seconds> confirm_within = {});
  // Errc::not_found when there is no such decision, Errc::invalid when it needs no confirmation.
  [[nodiscard]] Result<> confirm(const model::Target& target, TimePoint now);
  // What ban() would do, without doing it.
  [[nodiscard]] Preview preview(const model::Target& target, bool force, TimePoint now);
  // Lifts the decision on exactly this target; Errc::not_found with what does cover it, if anything does.
  Result<model::Decision> unban(const model::Target& target, TimePoint now);

  // A decision from the store or adopted from the kernel, at start: no policy, no change is reported for it; of its
  // texts nothing is kept. In order of their beginning, and finish_restoring() after the last one. An adopted one takes
  // the place of none from the store, and of two on one target the later end counts.
  void restore(model::Decision decision);
  void finish_restoring();
  // How often and until when a target was banned before (from the store), for growth of ban time.
  void restore_history(const model::Target& target, uint32_t repeat, TimePoint last_end);

  // Ends what is over at `now`. next_expiry() is when to call again.
  void expire(TimePoint now);
  // The same for at most 1,000 of them: bans that were imported together end together. If there are more,
  // next_expiry() is not after `now`.
  void expire_some(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_expiry() const;

  // Kernel changes pending since the last call: disjoint within each set, allowlist and protected prefixes cut out.
  // Of more than `most` some; pending() says how many changed elements are left.
  [[nodiscard]] model::SetBatch take_batch(size_t most = std::numeric_limits<size_t>::max());
  [[nodiscard]] size_t pending() const;
  // The elements that ought to be in force: what the kernel is compared with at start.
  [[nodiscard]] std::vector<model::SetElement> desired() const;
  // What became of a batch: refused elements end their decision (model::Ending::refused) unless other elements of it
  // stand; failed ones are offered again by the next take_batch(), and those refused for want of room once wide bans
  // are gone.
  void on_report(const model::ApplyReport& report, TimePoint now);

  [[nodiscard]] std::vector<DecisionChange> take_changes();
  // Those that were not taken yet, in order. Valid until the next call that may change something.
  [[nodiscard]] std::span<const DecisionChange> changes() const;
  // Of a decision that has just begun: the good clients that it counts.
  [[nodiscard]] std::vector<net::Prefix> good_clients_of(const model::Decision& decision, TimePoint now) const;
  // Active decisions in order of their beginning, with their texts (Lookups::texts).
  [[nodiscard]] std::vector<model::Decision> decisions() const;
  // The same in portions: at most `most` after the one that the last portion ended with. Empty when there are no more.
  // What begins or ends in between may be there or not.
  [[nodiscard]] std::vector<model::Decision> decisions_after(TablePlace& place, size_t most,
                                                             Texts wanted = Texts::reason_and_evidence) const;
  [[nodiscard]] size_t count(model::Scope scope) const;
  // The active decision on exactly this target.
  [[nodiscard]] std::optional<model::Decision> find(const model::Target& target) const;
  [[nodiscard]] bool is_banned(const model::Target& target) const;
  // Whether an active decision covers any part of `prefix`.
  [[nodiscard]] bool concerns(const net::Prefix& prefix) const;
  // The same of those of the scope.
  [[nodiscard]] bool concerns(model::Scope scope, const net::Prefix& prefix) const;
  // Why the target was refused last; nullptr if that is not remembered.
  [[nodiscard]] const std::string* refusal(const model::Target& target) const;
  // What of an active decision blocks, after everything was cut out.
  [[nodiscard]] InForce in_force(const model::Decision& decision) const;
  [[nodiscard]] Explanation explain(const net::Address& address, TimePoint now) const;
  [[nodiscard]] const EngineCounters& counters() const;
  [[nodiscard]] uint64_t wanted() const;  // number of elements that ought to be in force
  [[nodiscard]] RefusedElements refused_elements() const;

  // A reloaded configuration: active decisions that the new allowlist covers are lifted or cut, and get back what is
  // allowed no more. With `routes_replaced` (another database; at start) wide ones become what their target is by now.
  void reconfigure(Policy policy, TimePoint now, bool routes_replaced = false);
  // Asks what is protected and plans again where that changed (rtnetlink, an SSH session that began or ended).
  void protection_changed(TimePoint now);

 private:
  [[nodiscard]] GoodClients& good_clients();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::decide
