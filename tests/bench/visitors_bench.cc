// links: daemon
// What it costs to learn of good clients beside the scan for attacks: the same blocks of an access log through the
// rules alone, and through the rules and Visitors with the engine that remembers. The aim: a few per cent.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include "config/rule_file.h"
#include "daemon/visitors.h"
#include "decide/engine.h"
#include "match/rule_set.h"

namespace {

using namespace ipguard;

const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);
constexpr size_t log_bytes = 32U << 20;

std::shared_ptr<const match::RuleSet> rule_set() {
  static const auto set = [] {
    config::Diagnostics diagnostics;
    auto compiled =
        match::RuleSet::compile(config::load_rules({IPGUARD_SOURCE_DIR "/rules"}, diagnostics), diagnostics);
    if (compiled == nullptr) {
      std::cerr << diagnostics.to_string();
      std::exit(1);
    }
    return compiled;
  }();
  return set;
}

// Visitors only: nothing for the rules to find, so that the scan is at its fastest.
const std::string& access_log() {
  static const std::string text = [] {
    std::mt19937 random(5);
    std::string lines;
    while (lines.size() < log_bytes) {
      const auto host = random();
      lines += std::to_string(11 + host % 200) + "." + std::to_string(host / 200 % 250) + "." +
               std::to_string(host / 50'000 % 250) + "." + std::to_string(1 + random() % 250) +
               " - - [25/Feb/2026:04:30:17 +0000] \"GET /blog/2026/02/bread-" + std::to_string(random() % 1000) +
               " HTTP/1.1\" 200 " + std::to_string(random() % 90'000) +
               " \"https://www.example.org/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:122.0) Gecko/20100101 "
               "Firefox/122.0\"\n";
    }
    return lines;
  }();
  return text;
}

decide::Lookups lookups() {
  return {.route =
              [](const net::Address& address) {
                model::Route route;
                route.prefix = net::Prefix(address);
                return route;
              },
          .prefixes_of = nullptr,
          .prefixes_in = nullptr,
          .parts_where = nullptr,
          .any_route_of = nullptr,
          .protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; },
          .texts = {}};
}

// The log in blocks of `block_size`; `learn` looks for visitors as well.
void run(benchmark::State& state, size_t block_size, bool learn) {
  match::Matcher matcher(rule_set());
  decide::Engine engine({}, lookups());
  daemon::Visitors visitors;
  const std::string_view all = access_log();
  for (auto _ : state) {
    for (size_t begin = 0; begin < all.size();) {
      const size_t end = all.rfind('\n', std::min(begin + block_size, all.size()) - 1) + 1;
      const auto block = all.substr(begin, end - begin);
      benchmark::DoNotOptimize(matcher.scan_block(block, begin, 0, {}, now, [](const auto&, const auto&) {}));
      if (learn) {
        visitors.look(block, 0, {}, wall_clock_now(), [&](const daemon::Visitors::Seen& seen) {
          engine.on_visit(seen.visit.address, seen.visit.good(), now, now);
        });
      }
      begin = end;
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(all.size()) * state.iterations());
  state.counters["good"] = static_cast<double>(engine.counters().good_clients);
}

void rules_alone(benchmark::State& state) { run(state, static_cast<size_t>(state.range(0)), false); }
void rules_and_visitors(benchmark::State& state) { run(state, static_cast<size_t>(state.range(0)), true); }

// 256 KiB is what the follower hands out of a log that it has to catch up with; a line a block is a quiet host.
BENCHMARK(rules_alone)->Arg(256 << 10)->Arg(16 << 10)->Unit(benchmark::kMillisecond);
BENCHMARK(rules_and_visitors)->Arg(256 << 10)->Arg(16 << 10)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
