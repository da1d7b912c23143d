// Enforcer: the only way to the kernel. SetBatch in, ApplyReport out; plain values, for what does it is the writer's
// process (enforce/wire.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "model/set_batch.h"
#include "net/prefix.h"

namespace ipguard::enforce {

class Protection;

// Packets that were dropped so far, from the kernel's counters.
struct DropCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

// By set: twice the scope, plus one for IPv6.
using SetCounters = std::array<DropCounters, 2 * model::scope_count>;

// What a check of the kernel found changed by others, and mended.
struct Repair {
  bool table = false;                           // table, chains or rules
  uint64_t added = 0;                           // elements put back: they were gone, or had another time-out
  uint64_t removed = 0;                         // elements of others
  uint64_t rewritten = 0;                       // elements of sets too big to compare: emptied and filled at once
  std::vector<model::ElementFailure> failures;  // believed in force and not put back: for the engine, as of apply()

  [[nodiscard]] bool any() const { return table || added != 0 || removed != 0 || rewritten != 0; }
};
// Since the enforcer was made.
struct RepairCounters {
  uint64_t times = 0;
  uint64_t added = 0;
  uint64_t removed = 0;
};

// Entries of the banned in the kernel's table of connections (conntrack).
struct ConnectionCounters {
  uint64_t ended = 0;    // deleted
  uint64_t skipped = 0;  // bans whose connections were not looked for: too many were waiting
  std::string problem;   // why the last attempt failed; empty if it did not
};

// Owned by the loop thread.
class Enforcer {
 public:
  virtual ~Enforcer() = default;

  // Creates table, chains and sets where they are missing; what is there stays. Errc::permission without CAP_NET_ADMIN.
  [[nodiscard]] virtual Result<> prepare() = 0;
  // The same for another configuration and protection (which outlives it, too); what is there stays, nothing is listed.
  // On an error the ones before stay in force.
  [[nodiscard]] virtual Result<> reconfigure(const config::EnforceConfig& config, Protection& protection) = 0;
  // What the kernel holds now, with the time left (without the backstop) as `until`; it may lie before `now`. At start,
  // never on a hot path: 1 to 3 s for 100,000 elements, because the kernel walks a set anew for each 32 kB it hands
  // out.
  [[nodiscard]] virtual Result<std::vector<model::SetElement>> list(TimePoint now) = 0;
  // Protection check, then one transaction; an element that fails alone is reported and does not stop the others.
  virtual model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) = 0;
  // What apply() would refuse of these additions, were nothing removed. Nothing is changed.
  [[nodiscard]] virtual std::vector<model::ElementFailure> refusals(const std::vector<model::SetElement>& additions,
                                                                    TimePoint now) = 0;
  // The wall clock was set: the kernel's time-outs run on another one, so the next verify() looks at all of them.
  virtual void distrust() = 0;
  // Asks the kernel whether table, chains and rules are still as prepare() left them and whether anybody else touched
  // the sets. What was changed is put back; elements that are no bans of ours are removed. Costs one short question
  // when no other program touched the ruleset; a set is listed (a big one: written anew, which the kernel does faster
  // than it lists) only if somebody else changed its elements. To be called
  // when notification_fd() is readable. apply() looks at table, chains and rules beforehand, not at elements.
  [[nodiscard]] virtual Result<Repair> verify(TimePoint now) = 0;
  // Readable when somebody else changed nftables; -1 when nothing is watched (dry-run, or before prepare()).
  [[nodiscard]] virtual int notification_fd() const = 0;
  // What verify() and apply() had to mend so far.
  [[nodiscard]] virtual const RepairCounters& repairs() const = 0;
  // Whether the kernel drops `address` now, asked of the kernel (of the model in dry-run).
  [[nodiscard]] virtual Result<bool> holds(const net::Address& address) = 0;
  // Number of elements in force, as of the last verify(), apply() or list(); never lists the kernel's sets. None while
  // the table is not as it should be and cannot be restored.
  [[nodiscard]] virtual uint64_t enforced() const = 0;
  [[nodiscard]] virtual Result<SetCounters> counters() = 0;
  // What each of `elements` met since it was put there, in that order; nullopt where the kernel does not count it
  // ([enforce] element_counters is off, or there is no such element). Some 4 us an element.
  [[nodiscard]] virtual Result<std::vector<std::optional<DropCounters>>> element_counters(
      std::span<const model::SetElement> elements) = 0;
  // Connections of the banned that were taken out of the kernel's table so far.
  [[nodiscard]] virtual ConnectionCounters connections() const = 0;
  // Deletes the table (configured so, at stop).
  [[nodiscard]] virtual Result<> remove_all() = 0;
};

// Keeps a model of the sets in memory and touches nothing; the same protection checks.
[[nodiscard]] std::unique_ptr<Enforcer> make_dry_run_enforcer(Protection& protection);

}  // namespace ipguard::enforce
