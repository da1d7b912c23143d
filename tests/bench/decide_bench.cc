// links: decide
// What planning and deciding cost when there is much of it.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "decide/engine.h"
#include "decide/ledger.h"
#include "decide/set_planner.h"

namespace {

using namespace ipguard;
using model::Scope;

TimePoint at(int64_t seconds) { return TimePoint(std::chrono::seconds(1'771'977'600 + seconds)); }

// Well spread: multiplication by an odd number is a permutation of 32 bits.
net::Address spread(uint32_t i) { return net::Address::from_ipv4(i * 2654435761U); }

void fill(decide::SetPlanner& planner, Scope scope, uint32_t count, unsigned length) {
  for (uint32_t i = 0; i < count; ++i) {
    planner.want(scope, net::Prefix(spread(i), length), i + 1, at(3600));
  }
}

// All bans new: want() of each and one batch.
void plan_all(benchmark::State& state, Scope scope, unsigned length) {
  const auto count = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    decide::SetPlanner planner;
    fill(planner, scope, count, length);
    benchmark::DoNotOptimize(planner.take_batch());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void BM_PlanAddresses(benchmark::State& state) { plan_all(state, Scope::address, 32); }
void BM_PlanRoutes(benchmark::State& state) { plan_all(state, Scope::route, 24); }
BENCHMARK(BM_PlanAddresses)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PlanRoutes)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

// One ban more and one less where there are many: must not depend on how many.
void plan_one(benchmark::State& state, Scope scope, unsigned length) {
  const auto count = static_cast<uint32_t>(state.range(0));
  decide::SetPlanner planner;
  fill(planner, scope, count, length);
  (void)planner.take_batch();
  uint32_t i = 0;
  for (auto _ : state) {
    const net::Prefix prefix(spread(count + ++i % 1000), length);
    planner.want(scope, prefix, 0, at(60));
    benchmark::DoNotOptimize(planner.take_batch());
    planner.drop(scope, prefix, 0);
    benchmark::DoNotOptimize(planner.take_batch());
  }
}
void BM_PlanOneAddress(benchmark::State& state) { plan_one(state, Scope::address, 32); }
void BM_PlanOneRoute(benchmark::State& state) { plan_one(state, Scope::route, 24); }
BENCHMARK(BM_PlanOneAddress)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(BM_PlanOneRoute)->Arg(1'000)->Arg(10'000)->Arg(100'000);

// A hole comes and goes among 10,000 routes and 100,000 addresses.
void BM_PlanHole(benchmark::State& state) {
  decide::SetPlanner planner;
  fill(planner, Scope::address, 100'000, 32);
  fill(planner, Scope::route, 10'000, 24);
  (void)planner.take_batch();
  for (auto _ : state) {
    benchmark::DoNotOptimize(planner.set_holes({net::Prefix(spread(77))}));
    benchmark::DoNotOptimize(planner.set_holes({}));
    benchmark::DoNotOptimize(planner.take_batch());
  }
}
BENCHMARK(BM_PlanHole);

model::Rule make_rule(uint32_t threshold) {
  model::Rule rule;
  rule.id = "bench/rule";
  rule.threshold = threshold;
  return rule;
}

// One hit counted in a ledger that is full and gives up another pair for it.
void BM_LedgerHitWhenFull(benchmark::State& state) {
  decide::OffenceLedger ledger(config::LimitsConfig{});
  const auto rule = make_rule(5);
  const std::string text(200, 'x');
  uint32_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ledger.hit({.rule = &rule, .address = spread(++i), .time = at(0), .user = {}, .distinct = {}, .line = {}},
                   at(0), {.path = "/var/log/auth.log", .offset = i, .text = text}));
  }
}
BENCHMARK(BM_LedgerHitWhenFull);

// A threshold of one: every hit is a new decision, through allowlist, protection, ledger, ladder, table and planner.
void BM_EngineDecision(benchmark::State& state) {
  const auto rule = make_rule(1);
  const std::string text(200, 'x');
  const auto count = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    decide::Engine engine({}, {.route =
                                   [](const net::Address& address) {
                                     model::Route route;
                                     route.prefix = net::Prefix(address, 24);
                                     route.found = true;
                                     return route;
                                   },
                               .prefixes_of = [](net::Asn) { return std::vector<net::Prefix>{}; },
                               .prefixes_in = [](model::Country) { return std::vector<net::Prefix>{}; },
                               .parts_where = nullptr,
                               .any_route_of = [](net::Asn) { return std::optional<model::Route>{}; },
                               .protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; },
                               .texts = {}});
    for (uint32_t i = 0; i < count; ++i) {
      model::Hit hit{.rule = &rule, .address = spread(i), .time = at(i / 100), .user = {}, .distinct = {}, .line = {}};
      hit.line.text = text;
      engine.on_hit(hit, "/var/log/auth.log", at(i / 100));
    }
    benchmark::DoNotOptimize(engine.take_batch());
    benchmark::DoNotOptimize(engine.take_changes());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_EngineDecision)->Arg(100'000)->Unit(benchmark::kMillisecond);

// Hits of an address that is banned already: the commonest case under attack.
void BM_EngineHitOfBanned(benchmark::State& state) {
  const auto rule = make_rule(1);
  decide::Engine engine({}, {.route = [](const net::Address&) { return model::Route{}; },
                             .prefixes_of = [](net::Asn) { return std::vector<net::Prefix>{}; },
                             .prefixes_in = [](model::Country) { return std::vector<net::Prefix>{}; },
                             .parts_where = nullptr,
                             .any_route_of = [](net::Asn) { return std::optional<model::Route>{}; },
                             .protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; },
                             .texts = {}});
  const model::Hit hit{.rule = &rule, .address = spread(1), .time = at(0), .user = {}, .distinct = {}, .line = {}};
  for (auto _ : state) {
    engine.on_hit(hit, "/var/log/auth.log", at(0));
  }
}
BENCHMARK(BM_EngineHitOfBanned);

}  // namespace

BENCHMARK_MAIN();
