// Enforcer: the only way to the kernel. SetBatch in, ApplyReport out; plain values, so that it can move to a process
// of its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "model/set_batch.h"
#include "net/prefix.h"

namespace ipguard::enforce {

class Protection;

// What the packets of a scope met so far, from the kernel's counters.
struct DropCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

// Owned by the loop thread.
class Enforcer {
 public:
  virtual ~Enforcer() = default;

  // Creates table, chains and sets where they are missing; what is there stays. Errc::permission without CAP_NET_ADMIN.
  [[nodiscard]] virtual Result<> prepare() = 0;
  // What the kernel holds now, with the time left (without the backstop) as `until`; it may lie before `now`. At start,
  // never on a hot path: 1 to 3 s for 100,000 elements, because the kernel walks a set anew for each 32 kB it hands
  // out.
  [[nodiscard]] virtual Result<std::vector<model::SetElement>> list(TimePoint now) = 0;
  // Protection check, then one transaction; an element that fails alone is reported and does not stop the others.
  virtual model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) = 0;
  // Asks the kernel whether table, chains and rules are still as prepare() left them; if somebody flushed or changed
  // them, puts them back with every element believed in force. True if something had to be put back. Costs one short
  // question when no other program touched the ruleset: for a timer. apply() does the same beforehand.
  [[nodiscard]] virtual Result<bool> verify(TimePoint now) = 0;
  // Whether the kernel drops `address` now, asked of the kernel (of the model in dry-run).
  [[nodiscard]] virtual Result<bool> holds(const net::Address& address) = 0;
  // Number of elements believed to be in force (kept up to date by apply() and list(); never lists the kernel's sets).
  [[nodiscard]] virtual uint64_t enforced() const = 0;
  [[nodiscard]] virtual Result<std::array<DropCounters, model::scope_count>> counters() = 0;
  // Deletes the table (configured so, at stop).
  [[nodiscard]] virtual Result<> remove_all() = 0;
};

// The real one: libnftables for table, chains and sets, libnftnl/libmnl for elements. `protection` outlives it.
[[nodiscard]] std::unique_ptr<Enforcer> make_nftables_enforcer(const config::EnforceConfig& config,
                                                               Protection& protection);
// Keeps a model of the sets in memory and touches nothing; the same protection checks.
[[nodiscard]] std::unique_ptr<Enforcer> make_dry_run_enforcer(Protection& protection);

}  // namespace ipguard::enforce
