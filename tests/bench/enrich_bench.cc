// links: enrich whois
// Look-ups, opening, and the index of autonomous systems, on the starter database (the build unpacks it; give another
// file in IPGUARD_BENCH_DATABASE).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "enrich/owner_index.h"
#include "enrich/route_reader.h"
#include "enrich/route_table.h"
#include "enrich/whois_source.h"
#include "whois/answer.h"
#include "whois/directory.h"

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

// What a whois server has to do for a query, apart from the network.
void whois_answers(benchmark::State& state, bool indexed) {
  const auto table = open_or_skip(state);
  if (!table) {
    return;
  }
  if (indexed) {
    table->index_lookups();
  }
  enrich::WhoisSource source(table);
  const auto directory = whois::directory_over([&source] { return &source; }, [] { return std::string(); });
  std::vector<std::string> queries;
  std::mt19937_64 random(42);
  for (int i = 0; i < 65536; ++i) {
    queries.push_back(net::Address::from_ipv4(static_cast<uint32_t>(random())).to_string() + "\r");
  }
  size_t i = 0;
  std::string text;
  for (auto _ : state) {
    text.clear();
    whois::append_answer(text, whois::parse_query(queries[i++ % queries.size()]), directory);
    benchmark::DoNotOptimize(text);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(whois_answers, libmaxminddb, false);
BENCHMARK_CAPTURE(whois_answers, indexed, true);

// A million addresses: all over IPv4, or within the database's own networks, of which nearly all have data.
std::vector<net::Address> many_addresses(const enrich::RouteTable& table, bool within) {
  std::mt19937_64 random(1);
  std::vector<net::Address> result;
  if (!within) {
    while (result.size() < 1'000'000) {
      result.push_back(net::Address::from_ipv4(static_cast<uint32_t>(random())));
    }
    return result;
  }
  for (const auto& owner : table.systems().owners()) {
    for (const auto& prefix : table.systems().prefixes_of(owner.number)) {
      result.push_back(prefix.address());
      result.push_back(prefix.last());
    }
  }
  std::ranges::shuffle(result, random);
  result.resize(std::min<size_t>(result.size(), 1'000'000));
  return result;
}

// Route, AS and country of one address after the other. The third argument: IPv4 and IPv6 from within networks.
void read_routes(benchmark::State& state, bool indexed, bool within) {
  const auto table = open_or_skip(state);
  if (!table) {
    return;
  }
  if (indexed) {
    table->index_lookups();
  }
  const auto addresses = many_addresses(*table, within);
  enrich::RouteReader reader(table, enrich::RouteReader::Indexing::by_others);
  std::vector<enrich::RouteReader::Answer> answers(addresses.size());
  reader.find(addresses, answers);
  constexpr size_t batch = 1024;
  for (auto _ : state) {
    uint64_t sum = 0;
    for (size_t from = 0; from < addresses.size(); from += batch) {
      const size_t count = std::min(batch, addresses.size() - from);
      reader.find(std::span(addresses).subspan(from, count), answers);
      for (size_t i = 0; i < count; ++i) {
        sum += answers[i].asn + answers[i].country + answers[i].length;
      }
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(addresses.size()));
  state.counters["MB"] = static_cast<double>(table->index_sizes().lookups) / 1e6;
}
BENCHMARK_CAPTURE(read_routes, libmaxminddb_ipv4, false, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_routes, indexed_ipv4, true, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_routes, indexed_both_families, true, true)->Unit(benchmark::kMillisecond);

void build_lookup_index(benchmark::State& state) {
  const auto file = enrich::Mmdb::open(database_path());
  if (!file) {
    state.SkipWithError(file.error().message.c_str());
    return;
  }
  for (auto _ : state) {
    const auto index = enrich::LookupIndex::build(**file);
    state.counters["MB"] = static_cast<double>(index->memory_bytes()) / 1e6;
  }
}
BENCHMARK(build_lookup_index)->Unit(benchmark::kMillisecond);

void build_as_index(benchmark::State& state) {
  const auto file = enrich::Mmdb::open(database_path());
  if (!file) {
    state.SkipWithError(file.error().message.c_str());
    return;
  }
  const std::array<const enrich::Mmdb*, 1> files{file->get()};
  for (auto _ : state) {
    const auto index = enrich::OwnerIndex::build(enrich::OwnerKind::asn, files);
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
