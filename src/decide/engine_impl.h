// The inside of Engine: the parts and how they work together. Included by the engine_*.cc files only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decide/allowlist.h"
#include "decide/ban_policy.h"
#include "decide/collateral.h"
#include "decide/decision_table.h"
#include "decide/engine.h"
#include "decide/good_clients.h"
#include "decide/guard.h"
#include "decide/ladder.h"
#include "decide/ledger.h"
#include "decide/protected_set.h"
#include "decide/refusal_log.h"
#include "decide/set_planner.h"
#include "model/ending.h"
#include "model/issuer.h"

namespace ipguard::decide {

// A route target of a single address is an address target: one decision a target, whatever it was called.
[[nodiscard]] model::Target normalised(const model::Target& target);
[[nodiscard]] model::Target address_target(const net::Address& address);

[[nodiscard]] LadderConfig ladder_config(const Policy& policy);

struct Engine::Impl {
  // An offence with all that deciding about it takes.
  struct Occasion {
    const model::Rule& rule;
    const model::Offence& offence;
    const model::Route& route;
    TimePoint time;  // of the deciding hit, in log time
    TimePoint now;
  };

  Impl(Policy new_policy, Lookups new_lookups);

  // From hit to decisions (engine_hit.cc).
  void on_hit(const model::Hit& hit, std::string_view path, TimePoint now);
  void replay_hit(const model::Hit& hit, std::string_view path, TimePoint now);
  void decide(const model::Rule& rule, const model::Offence& offence, TimePoint time, TimePoint now);
  void ban_address(const Occasion& occasion);
  // By the ledger, for the rule's own time.
  void ban_offender(const Occasion& occasion, const model::Target& target, std::vector<net::Prefix> prefixes,
                    std::string reason);
  // The /64 that several addresses offended from; false if it may not be banned as a whole.
  bool ban_network(const Occasion& occasion, const net::Prefix& network);
  // What there is to know of a hit's address before it is counted; a line's hits ask one after the other.
  struct Standing {
    net::Address address;
    TimePoint time;
    uint64_t version = 0;  // of the table
    bool allowed = false;
    bool settled = false;
  };
  const Standing& standing(const net::Address& address, TimePoint time);
  // Whether there is nothing to decide about the address: it is banned, by somebody who knows why, or was at `time`.
  [[nodiscard]] bool is_settled(const net::Address& address, TimePoint time) const;
  // Whether the address was banned at `time`, by a ban that ran out by itself.
  [[nodiscard]] bool was_banned(const net::Address& address, TimePoint time) const;
  // True if the target is banned now (or was, at that time in the log), so that nothing narrower is needed.
  bool ban_route(const Occasion& occasion, const Ladder::RouteStep& step);
  bool ban_asn(const Occasion& occasion, const Ladder::AsnStep& step);
  bool ban_country(const Occasion& occasion, const Ladder::CountryStep& step);
  [[nodiscard]] bool is_adopted(const model::Target& target) const;
  // Of all active decisions that cover the address.
  [[nodiscard]] bool only_adopted(const net::Address& address) const;
  [[nodiscard]] bool banned_already(const Occasion& occasion, const model::Target& target) const;
  // A ban by the ladder; false if it is refused. `sentence` says why, given the prefixes that it covers.
  template <typename Step, typename Sentence>
  bool ban_widely(const Occasion& occasion, const Step& step, const model::Target& target, Seconds by_ladder,
                  const Sentence& sentence);
  // What of it the planner's holes leave: what a sentence may say that a ban covers.
  [[nodiscard]] std::vector<net::Prefix> outside_of_holes(const std::vector<net::Prefix>& prefixes) const;
  // What a wide ban may cover; a refusal is noted and reported once a window.
  std::optional<Weighed> wide_coverage(const Occasion& occasion, const model::Target& target);
  void begin_by_evidence(const Occasion& occasion, model::Decision decision, Seconds ban);
  // The lines of the latest offenders, oldest first.
  template <typename Traces>
  std::vector<model::EvidenceLine> evidence_of(const Traces& traces);
  // The ban of an offender, a route or an AS that is part of the evidence against something wider.
  [[nodiscard]] const ActiveBan* ban_of(const net::Address& offender) const;
  [[nodiscard]] const ActiveBan* ban_of(const net::Prefix& route) const;
  [[nodiscard]] const ActiveBan* ban_of(net::Asn asn) const;
  [[nodiscard]] Seconds window_of(model::Scope scope) const;

  // People and the store (engine_manual.cc).
  struct Order {
    std::optional<TimePoint::duration> duration;
    std::string reason;
    std::string issuer;
    bool force = false;
    std::optional<Seconds> confirm_within = {};

    [[nodiscard]] model::Until end(TimePoint now) const {
      return duration ? model::Until(now + *duration) : model::Until();
    }
  };
  Result<Banned> ban(const model::Target& target, Order order, TimePoint now);
  // What a list does to a ban that is not the list's; nullopt: the order is to be carried out.
  std::optional<Banned> prolong(const ActiveBan& known, Order& order, TimePoint now);
  // Whether the ban is the order's already, in all that can be told of it: issuer, end, reason and extent.
  [[nodiscard]] bool is_as_ordered(const ActiveBan& known, const Order& order, const Weighed& weighed,
                                   TimePoint now) const;
  void carry_out(const model::Target& target, const ActiveBan* known, Order order, Weighed weighed, TimePoint now);
  // What a ban by hand may cover; says in the order's reason what was forced or left out.
  Result<Weighed> ordered_coverage(const model::Target& target, Order& order, TimePoint now) const;
  [[nodiscard]] static Result<> times_are_sound(const Order& order);
  [[nodiscard]] Result<> has_room(const Order& order, const ActiveBan* known) const;
  // What is to be known of a manual decision on the target, besides what it covers.
  void describe_target(model::Decision& decision, TimePoint now) const;
  Result<> confirm(const model::Target& target, TimePoint now);
  Preview preview(const model::Target& target, Order order, TimePoint now);
  // The active decision on the target; one that is over ends.
  const ActiveBan* active(const model::Target& target, TimePoint now);
  Result<model::Decision> unban(const model::Target& target, TimePoint now);
  [[nodiscard]] std::string not_banned(const model::Target& target) const;
  void forget_evidence(const model::Decision& decision);
  void restore(model::Decision& decision);
  void finish_restoring();
  void remember_evidence(const ActiveBan& ban, TimePoint newest);

  // Upkeep (engine_upkeep.cc).
  // Every hit and command ends some of what is over, so that one mass of endings does not hold up everything.
  static constexpr size_t some = 1000;
  void expire(TimePoint now, size_t most = some);
  void end_in_time(const ActiveBan& ban);
  void on_report(const model::ApplyReport& report, TimePoint now);
  void reconfigure(Policy new_policy, TimePoint now, bool routes_replaced);
  void apply_holes(TimePoint now);
  // Against the policy; `anew`: from what the target is by now, else from what the ban covers.
  void recheck(TimePoint now, bool anew);
  void recheck(const ActiveBan& ban, TimePoint now, bool anew);
  [[nodiscard]] std::vector<net::Prefix> extent(const ActiveBan& ban) const;
  void refuse(const model::ElementFailure& failure, TimePoint now);
  void refresh_protection(TimePoint now);

  // What there is to say (engine_explain.cc).
  [[nodiscard]] Explanation explain(const net::Address& address, TimePoint now) const;
  void explain_decisions(Explanation& result, TimePoint now) const;
  [[nodiscard]] InForce in_force(const model::Decision& decision) const;
  // The same of a decision that has not begun.
  [[nodiscard]] InForce would_be_in_force(const model::Decision& decision) const;
  void finish(const model::Decision& decision, InForce& result) const;
  // `refused`: by the writer; null for what was not offered to it.
  void add_holes(const net::Prefix& prefix, const net::PrefixMap<RefusedElement>* refused, InForce& result) const;
  void add_allowed(const model::Decision& decision, InForce& result) const;
  [[nodiscard]] std::vector<net::Prefix> whole(const model::Target& target) const;

  // Keep table and planner in step.
  void want(const ActiveBan& ban);
  void replace_wants(const ActiveBan& ban, const std::vector<net::Prefix>& before);
  void drop_wants(const ActiveBan& ban);
  model::Decision end(const ActiveBan& ban, model::Ending ending, TimePoint at, std::string_view note = {});
  [[nodiscard]] bool stands(const ActiveBan& ban) const;
  // Active decisions that cover all of `prefix`, narrowest scope first, then narrowest network.
  [[nodiscard]] std::vector<const ActiveBan*> covering(const net::Prefix& prefix) const;
  // The active ban of the address alone; null if there is none. The quick answer for most hits.
  [[nodiscard]] const ActiveBan* own_ban(const net::Address& address) const;
  [[nodiscard]] bool in_wider_ban(const net::Address& address) const;
  [[nodiscard]] bool covers(const net::Address& address) const {
    return own_ban(address) != nullptr || in_wider_ban(address);
  }
  // The decision with its texts.
  [[nodiscard]] model::Decision complete(const ActiveBan& ban, Texts wanted = Texts::reason_and_evidence) const;

  Policy policy;
  Lookups lookups;
  Allowlist allow;
  ProtectedSet protection;
  OffenceLedger ledger;
  Ladder ladder;
  BanPolicy bans;
  DecisionTable table;
  SetPlanner planner;
  RefusalLog refusals;
  GoodClients good;
  Guard guard;
  Collateral collateral;
  std::vector<Slot> restored;  // since finish_restoring()
  bool recheck_due = false;    // decisions were restored without a look at the policy
  bool room_freed = false;     // wide bans went since what lacked room was offered
  // Of the last hit; none after what else may change it than the table.
  std::optional<Standing> last_standing;
  mutable EngineCounters counters;
};

}  // namespace ipguard::decide
