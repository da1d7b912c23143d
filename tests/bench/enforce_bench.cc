// links: enforce
// What enforcing costs, on the real kernel in a network namespace of its own (root needed): one ban while N are in
// force, 100,000 at once, and the questions asked on the way.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "enforce/enforcer.h"
#include "enforce/protection.h"

namespace {

using namespace ipguard;
using model::Scope;

const TimePoint now = from_civil(2026, 2, 25, 4, 30, 17);

model::SetElement nth(Scope scope, uint32_t n) {
  // Disjoint /24s with a gap of one between them, or single addresses.
  const uint32_t first = scope == Scope::address ? 0x0b000000 + n * 3 : 0x20000000 + n * 512;
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
  bool ready = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
  enforce::Protection protection{config::ProtectConfig{}, {}};
  std::unique_ptr<enforce::Enforcer> enforcer = enforce::make_nftables_enforcer({}, protection);

  bool prepare(benchmark::State& state) {
    if (ready && enforcer->prepare()) {
      return true;
    }
    state.SkipWithError("needs root and network namespaces");
    return false;
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

void add_one(benchmark::State& state, Scope scope) {
  World world;
  if (!world.prepare(state)) {
    return;
  }
  const auto in_force = static_cast<uint32_t>(state.range(0));
  world.enforcer->apply(first_n(scope, in_force), now);
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
}
void BM_AddOneAddress(benchmark::State& state) { add_one(state, Scope::address); }
void BM_AddOneRoute(benchmark::State& state) { add_one(state, Scope::route); }
BENCHMARK(BM_AddOneAddress)->Arg(0)->Arg(1'000)->Arg(100'000)->Iterations(1000)->UseRealTime();
BENCHMARK(BM_AddOneRoute)->Arg(0)->Arg(1'000)->Arg(100'000)->Iterations(300)->UseRealTime();

void add_many(benchmark::State& state, Scope scope) {
  const auto batch = first_n(scope, static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    World world;
    if (!world.prepare(state)) {
      return;
    }
    state.ResumeTiming();
    if (world.enforcer->apply(batch, now).added != batch.add.size()) {
      state.SkipWithError("elements were not added");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void BM_AddAddresses(benchmark::State& state) { add_many(state, Scope::address); }
void BM_AddRoutes(benchmark::State& state) { add_many(state, Scope::route); }
BENCHMARK(BM_AddAddresses)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AddRoutes)->Arg(100'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

// Start-up with 100,000 routes in force: declaring the table again, and adopting.
void BM_PrepareAndAdopt(benchmark::State& state) {
  World world;
  if (!world.prepare(state)) {
    return;
  }
  world.enforcer->apply(first_n(Scope::route, 100'000), now);
  for (auto _ : state) {
    auto next = enforce::make_nftables_enforcer({}, world.protection);
    if (!next->prepare() || next->list(now)->size() != 100'000) {
      state.SkipWithError("not adopted");
      return;
    }
  }
}
BENCHMARK(BM_PrepareAndAdopt)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

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
