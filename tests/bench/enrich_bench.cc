// links: enrich
// Look-ups, opening, and the index of autonomous systems, on the starter database (the build unpacks it; give another
// file in IPGUARD_BENCH_DATABASE).
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "enrich/as_index.h"
#include "enrich/route_table.h"

namespace {

using namespace ipguard;

std::string database_path() {
  const char* path = std::getenv("IPGUARD_BENCH_DATABASE");
  return path != nullptr ? path : "share/ipguard/ipguard-lite.mmdb";  // below the build folder
}

std::shared_ptr<const enrich::RouteTable> open_or_skip(benchmark::State& state) {
  auto table = enrich::RouteTable::open({database_path()});
  if (!table) {
    state.SkipWithError(table.error().message.c_str());
    return nullptr;
  }
  return *table;
}

void open_database(benchmark::State& state) {
  for (auto _ : state) {
    const auto table = open_or_skip(state);
    benchmark::DoNotOptimize(table);
    if (!table) {
      return;
    }
  }
}
BENCHMARK(open_database)->Unit(benchmark::kMillisecond);

void lookup(benchmark::State& state) {
  const auto table = open_or_skip(state);
  if (!table) {
    return;
  }
  // Addresses all over IPv4, two of three of them with data.
  std::vector<net::Address> addresses;
  uint32_t value = 1;
  for (int i = 0; i < 65536; ++i) {
    value = value * 1664525 + 1013904223;  // Numerical Recipes' generator
    addresses.push_back(net::Address::from_ipv4(value));
  }
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table->lookup(addresses[i++ % addresses.size()]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(lookup);

void build_as_index(benchmark::State& state) {
  const auto file = enrich::Mmdb::open(database_path());
  if (!file) {
    state.SkipWithError(file.error().message.c_str());
    return;
  }
  const std::array<const enrich::Mmdb*, 1> files{file->get()};
  for (auto _ : state) {
    const auto index = enrich::AsIndex::build(files);
    state.counters["MB"] = static_cast<double>(index->memory_bytes()) / 1e6;
    state.counters["networks"] = static_cast<double>(index->networks().front());
  }
}
BENCHMARK(build_as_index)->Unit(benchmark::kMillisecond);

void prefixes_of(benchmark::State& state) {
  const auto table = open_or_skip(state);
  if (!table) {
    return;
  }
  const net::Asn asn{static_cast<uint32_t>(state.range(0))};
  size_t count = table->prefixes_of(asn).size();
  for (auto _ : state) {
    count = table->prefixes_of(asn).size();
  }
  state.counters["prefixes"] = static_cast<double>(count);
}
BENCHMARK(prefixes_of)->Arg(13335)->Arg(4134)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
