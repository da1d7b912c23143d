// links: writer
// What enforcing costs, on the real kernel in a network namespace of its own (root needed): one ban while 100,000
// addresses and 100,000 routes are in force, 100,000 at once, an AS, and the questions asked on the way. Whole restarts
// of the daemon: restore.sh. Where there is an aim, it is a counter beside the figure.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/time.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "writer/nftables_enforcer.h"

namespace {

using namespace ipguard;
using model::Scope;

const TimePoint now = from_civil(2026, 2, 25, 4, 30, 17);

model::SetElement nth(Scope scope, uint32_t n) {
  // Disjoint /24s with a gap of one between them (those of AS elsewhere), or single addresses.
  const uint32_t first =
      scope == Scope::address ? 0x0b000000 + n * 3 : (scope == Scope::route ? 0x20000000 : 0x60000000) + n * 512;
  return {scope, net::Prefix(net::Address::from_ipv4(first), scope == Scope::address ? 32 : 24), now + Seconds(3600)};
}

model::SetBatch first_n(Scope scope, uint32_t n) {
  model::SetBatch batch;
  batch.add.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    batch.add.push_back(nth(scope, i));
  }
  return batch;
}

// A fresh namespace, table and protection.
struct World {
  explicit World(const config::EnforceConfig& wanted = {}) : config(wanted) {}

  config::EnforceConfig config;
  bool ready = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
  enforce::Protection protection{config::ProtectConfig{}, {}};
  std::unique_ptr<enforce::Enforcer> enforcer = writer::make_nftables_enforcer(config, protection);

  bool prepare(benchmark::State& state, uint32_t of_each = 0) {
    if (!ready || !enforcer->prepare()) {
      state.SkipWithError("needs root and network namespaces");
      return false;
    }
    enforcer->apply(first_n(Scope::address, of_each), now);
    enforcer->apply(first_n(Scope::route, of_each), now);
    return true;
  }
};

void report_percentiles(benchmark::State& state, std::vector<double>& microseconds) {
  if (microseconds.empty()) {
    return;
  }
  std::ranges::sort(microseconds);
  state.counters["p50_us"] = microseconds[microseconds.size() / 2];
  state.counters["p99_us"] = microseconds[microseconds.size() * 99 / 100];
}

// One more while so many of each are in force.
void add_one(benchmark::State& state, Scope scope, double aim_us) {
  World world;
  const auto in_force = static_cast<uint32_t>(state.range(0));
  if (!world.prepare(state, in_force)) {
    return;
  }
  std::vector<double> microseconds;
  uint32_t next = in_force;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const auto report = world.enforcer->apply({{}, {nth(scope, next++)}}, now);
    microseconds.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    if (report.added != 1) {
      state.SkipWithError("the element was not added");
      return;
    }
  }
  report_percentiles(state, microseconds);
  state.counters["aim_us"] = aim_us;
}
void BM_AddOneAddress(benchmark::State& state) { add_one(state, Scope::address, 200); }
void BM_AddOneRoute(benchmark::State& state) { add_one(state, Scope::route, 25'000); }
BENCHMARK(BM_AddOneAddress)->Arg(0)->Arg(1'000)->Arg(100'000)->Iterations(1000)->UseRealTime();
BENCHMARK(BM_AddOneRoute)->Arg(0)->Arg(1'000)->Arg(100'000)->Iterations(300)->UseRealTime();

// So many at once into empty sets, and out of them.
void change_many(benchmark::State& state, Scope scope, double aim_ms, bool lift = false,
                 const config::EnforceConfig& config = {}) {
  const auto additions = first_n(scope, static_cast<uint32_t>(state.range(0)));
  const model::SetBatch removals{additions.add, {}};
  for (auto _ : state) {
    state.PauseTiming();
    World world(config);
    if (!world.prepare(state)) {
      return;
    }
    if (lift) {
      world.enforcer->apply(additions, now);
    }
    state.ResumeTiming();
    const auto report = world.enforcer->apply(lift ? removals : additions, now);
    if (report.added + report.removed != additions.add.size()) {
      state.SkipWithError("elements were not changed");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["aim_ms"] = aim_ms;
}
void BM_AddAddresses(benchmark::State& state) { change_many(state, Scope::address, 500); }
void BM_AddRoutes(benchmark::State& state) { change_many(state, Scope::route, 700); }
void BM_AddCountedAddresses(benchmark::State& state) {
  change_many(state, Scope::address, 500, false, {.element_counters = true});
}
void BM_AddCountedRoutes(benchmark::State& state) {
  change_many(state, Scope::route, 700, false, {.element_counters = true});
}
void BM_LiftAddresses(benchmark::State& state) { change_many(state, Scope::address, 500, true); }
void BM_LiftRoutes(benchmark::State& state) { change_many(state, Scope::route, 700, true); }
BENCHMARK(BM_AddAddresses)->Arg(100'000)->Iterations(5)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AddRoutes)->Arg(100'000)->Iterations(5)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AddCountedAddresses)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AddCountedRoutes)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LiftAddresses)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LiftRoutes)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

// An AS of 10,000 prefixes while 100,000 addresses and 100,000 routes are in force.
void BM_AddAs(benchmark::State& state) {
  World world;
  if (!world.prepare(state, 100'000)) {
    return;
  }
  const auto additions = first_n(Scope::asn, 10'000);
  const model::SetBatch removals{additions.add, {}};
  for (auto _ : state) {
    if (world.enforcer->apply(additions, now).added != additions.add.size()) {
      state.SkipWithError("elements were not added");
      return;
    }
    state.PauseTiming();
    world.enforcer->apply(removals, now);
    state.ResumeTiming();
  }
  state.counters["aim_ms"] = 100;
}
BENCHMARK(BM_AddAs)->Iterations(5)->UseRealTime()->Unit(benchmark::kMillisecond);

// Start-up with 100,000 in force: declaring the table again, and adopting.
void prepare_and_adopt(benchmark::State& state, Scope scope) {
  World world;
  if (!world.prepare(state)) {
    return;
  }
  world.enforcer->apply(first_n(scope, 100'000), now);
  for (auto _ : state) {
    auto next = writer::make_nftables_enforcer({}, world.protection);
    if (!next->prepare() || next->list(now)->size() != 100'000) {
      state.SkipWithError("not adopted");
      return;
    }
  }
}
void BM_AdoptAddresses(benchmark::State& state) { prepare_and_adopt(state, Scope::address); }
void BM_AdoptRoutes(benchmark::State& state) { prepare_and_adopt(state, Scope::route); }
BENCHMARK(BM_AdoptAddresses)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AdoptRoutes)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

// Somebody flushed the ruleset with 100,000 of each in force.
void BM_RestoreAfterAFlush(benchmark::State& state) {
  World world;
  if (!world.prepare(state, 100'000)) {
    return;
  }
  for (auto _ : state) {
    state.PauseTiming();
    const int flushed = std::system("nft flush ruleset");
    state.ResumeTiming();
    const auto repair = world.enforcer->verify(now);
    if (flushed != 0 || !repair || repair->added != 200'000) {
      state.SkipWithError("not restored");
      return;
    }
  }
  state.counters["aim_ms"] = 1000;
}
BENCHMARK(BM_RestoreAfterAFlush)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

// What `bans` asks of the kernel.
void BM_ElementCounters(benchmark::State& state) {
  World world({.element_counters = true});
  if (!world.prepare(state, 100'000)) {
    return;
  }
  const auto bans = first_n(Scope::address, 1000).add;
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.enforcer->element_counters(bans));
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_ElementCounters)->UseRealTime();

void BM_VerifyUntouched(benchmark::State& state) {
  World world;
  if (!world.prepare(state)) {
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.enforcer->verify(now));
  }
}
BENCHMARK(BM_VerifyUntouched)->UseRealTime();

void BM_Holds(benchmark::State& state) {
  World world;
  if (!world.prepare(state)) {
    return;
  }
  world.enforcer->apply(first_n(Scope::route, 100'000), now);
  const net::Address address = nth(Scope::route, 50'000).prefix.last();
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.enforcer->holds(address));
  }
}
BENCHMARK(BM_Holds)->UseRealTime();

// The SSH part is one walk over the kernel's table of connections; a peer inside the prefix costs a walk over /proc.
void BM_RefusalOfAnOrdinaryAddress(benchmark::State& state) {
  enforce::Protection protection({}, {});
  const net::Prefix prefix(net::Address::from_ipv4(0xcb007109));
  for (auto _ : state) {
    benchmark::DoNotOptimize(protection.refusal(prefix));
  }
}
BENCHMARK(BM_RefusalOfAnOrdinaryAddress)->UseRealTime();

void BM_DryRunAddOne(benchmark::State& state) {
  config::ProtectConfig config;
  config.ssh_sessions = false;
  enforce::Protection protection(config, {});
  auto enforcer = enforce::make_dry_run_enforcer(protection);
  uint32_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(enforcer->apply({{}, {nth(Scope::address, next++ % 1'000'000)}}, now));
  }
}
BENCHMARK(BM_DryRunAddOne);

}  // namespace

BENCHMARK_MAIN();
