// links: store
// What a tick's write costs: one decision with its evidence and a moved cursor, in a database that holds 10,000 others.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "store/store.h"

namespace {

using namespace ipguard;

model::Decision decision_number(uint32_t number) {
  model::Decision decision;
  decision.target.prefix = net::Prefix(net::Address::from_ipv4(0x0a000000U + number));
  decision.prefixes = {decision.target.prefix};
  decision.rule = "sshd/failed-password";
  decision.reason = "5 failed passwords within 10m";
  decision.issuer = "ledger";
  decision.since = from_civil(2026, 2, 25, 4, 0, 0) + Seconds(number);
  decision.until = decision.since + Seconds(3600);
  decision.evidence.assign(
      5, {.path = "/var/log/auth.log", .offset = number, .time = decision.since, .text = std::string(120, 'x')});
  return decision;
}

// On the disk that holds the folder for temporary files, as the daemon's is on the disk of /var/lib.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ipguard-store-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

void fill(store::Store& store, uint32_t count) {
  store::StoreBatch batch;
  for (uint32_t i = 0; i < count; ++i) {
    batch.begun.push_back(decision_number(i));
  }
  if (!store.write(batch)) {
    std::abort();
  }
}

void BM_WriteOneDecision(benchmark::State& state) {
  const Folder folder;
  auto store = store::Store::open(folder.path);
  fill(**store, 10'000);
  uint32_t number = 20'000;
  for (auto _ : state) {
    store::StoreBatch batch;
    batch.begun = {decision_number(++number)};
    batch.cursors = {{.path = "/var/log/auth.log",
                      .device = 1,
                      .inode = 2,
                      .fingerprint = 3,
                      .fingerprint_length = 256,
                      .offset = number},
                     {.path = "/var/log/nginx/access.log",
                      .device = 1,
                      .inode = 3,
                      .fingerprint = 4,
                      .fingerprint_length = 256,
                      .offset = 7}};
    batch.has_cursors = true;
    if (!(*store)->write(batch)) {
      state.SkipWithError("write failed");
    }
  }
}
BENCHMARK(BM_WriteOneDecision)->Unit(benchmark::kMicrosecond);

void BM_OpenWithActive(benchmark::State& state) {
  const Folder folder;
  fill(*store::Store::open(folder.path).value(), static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) {
    auto store = store::Store::open(folder.path);
    benchmark::DoNotOptimize(
        (*store)->active_decisions([](model::Decision& decision) { benchmark::DoNotOptimize(decision.target); }));
  }
}
BENCHMARK(BM_OpenWithActive)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_Prune(benchmark::State& state) {
  const Folder folder;
  auto store = store::Store::open(folder.path);
  const auto far = from_civil(2100, 1, 1, 0, 0, 0);
  for (auto _ : state) {
    state.PauseTiming();
    store::StoreBatch batch;
    for (uint32_t i = 0; i < 200; ++i) {
      const auto decision = decision_number(i);
      batch.ended.push_back({.decision = decision, .ending = model::Ending::expired, .at = decision.since});
    }
    const bool written = (*store)->write(batch).has_value();
    state.ResumeTiming();
    if (!written || !(*store)->prune(far)) {
      state.SkipWithError("prune failed");
    }
  }
}
BENCHMARK(BM_Prune)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
