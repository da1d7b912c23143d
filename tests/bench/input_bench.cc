// links: input
// Following alone: reading a backlog from the page cache with a callback that counts lines, also a compressed one; what
// many files cost that are written to at once; and the time from write(2) to the callback.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/unique_fd.h"
#include "input/file_tail.h"
#include "input/follower.h"

namespace {

using namespace ipguard;
using Clock = std::chrono::steady_clock;

constexpr std::string_view line =
    "192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"GET /some/page.html?with=parameters&and=more HTTP/1.1\" 200 14305 "
    "\"https://www.example.com/referring/page\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101\"\n";

class LogFile {
 public:
  explicit LogFile(size_t bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "ipguard-bench-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/access.log";
    fd_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    std::string chunk;
    while (chunk.size() < (1UL << 20)) {
      chunk += line;
    }
    for (size_t written = 0; written < bytes; written += chunk.size()) {
      write(chunk);
    }
  }
  ~LogFile() { std::filesystem::remove_all(folder_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void write(std::string_view bytes) const {
    if (::write(fd_.get(), bytes.data(), bytes.size()) != std::ssize(bytes)) {
      std::abort();
    }
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
  UniqueFd fd_;
};

std::vector<config::SourceConfig> one_source(const std::string& path) {
  std::vector<config::SourceConfig> sources(1);
  sources[0].name = "bench";
  sources[0].paths = {path};
  sources[0].from = config::StartPosition::start;
  return sources;
}

uint64_t count_lines(std::string_view bytes) {
  uint64_t lines = 0;
  while (const void* lf = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\n', bytes.size())) {
    bytes.remove_prefix(static_cast<size_t>(static_cast<const char*>(lf) - bytes.data()) + 1);
    ++lines;
  }
  return lines;
}

void catch_up(benchmark::State& state) {
  set_log_level(LogLevel::error);
  const LogFile file(256UL << 20);
  const auto sources = one_source(file.path());
  uint64_t lines = 0;
  for (auto _ : state) {
    loop::EventLoop loop;
    input::Follower follower(loop, sources, {}, 0, [&](const input::Block& block) {
      const uint64_t count = count_lines(block.bytes);
      lines += count;
      return input::Follower::Consumed{.lines = count};
    });
    if (!follower.start()) {
      state.SkipWithError("cannot start");
      break;
    }
    while (!follower.caught_up()) {
      loop.poll();
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(lines * line.size()));
}
BENCHMARK(catch_up)->Unit(benchmark::kMillisecond)->MinTime(2);

// A line to each of so many files, one write each, then the follower has its turn: what following costs a line.
void busy_files(benchmark::State& state) {
  set_log_level(LogLevel::error);
  std::vector<std::unique_ptr<LogFile>> files;
  std::vector<config::SourceConfig> sources(1);
  sources[0].name = "bench";
  for (int64_t i = 0; i < state.range(0); ++i) {
    files.push_back(std::make_unique<LogFile>(0));
    sources[0].paths.push_back(files.back()->path());
  }
  uint64_t lines = 0;
  loop::EventLoop loop;
  input::Follower follower(loop, sources, {}, 0, [&](const input::Block& block) {
    const uint64_t count = count_lines(block.bytes);
    lines += count;
    return input::Follower::Consumed{.lines = count};
  });
  if (!follower.start()) {
    state.SkipWithError("cannot start");
    return;
  }
  uint64_t written = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (const auto& file : files) {
      file->write(line);
      ++written;
    }
    state.ResumeTiming();
    while (lines < written) {
      loop.poll();
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(lines));
}
BENCHMARK(busy_files)->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

// How much is worth reading at once: without and with the first pass over the bytes.
void read_size(benchmark::State& state) {
  const LogFile file(64UL << 20);
  std::string buffer(static_cast<size_t>(state.range(0)), '\0');
  uint64_t bytes = 0;
  for (auto _ : state) {
    auto tail = input::FileTail::open(file.path(), 64UL << 10);
    (*tail)->start_at_beginning();
    uint64_t lines = 0;
    bytes +=
        (*tail)
            ->read(buffer, ~0ULL, [&](std::string_view block, uint64_t, bool, bool) { lines += count_lines(block); })
            .bytes;
    benchmark::DoNotOptimize(lines);
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(read_size)->RangeMultiplier(2)->Range(16 << 10, 2 << 20)->Unit(benchmark::kMillisecond);

// One line appended, the loop woken by inotify, the line handed out.
void write_to_callback(benchmark::State& state) {
  set_log_level(LogLevel::error);
  const LogFile file(1UL << 20);
  const auto sources = one_source(file.path());
  loop::EventLoop loop;
  Clock::time_point handed_out;
  uint64_t lines = 0;
  input::Follower follower(loop, sources, {}, 0, [&](const input::Block&) {
    handed_out = Clock::now();
    ++lines;
    return input::Follower::Consumed{.lines = 1};
  });
  if (!follower.start()) {
    state.SkipWithError("cannot start");
    return;
  }
  while (!follower.caught_up()) {
    loop.poll();
  }
  std::vector<double> micros;
  for (auto _ : state) {
    const uint64_t before = lines;
    const auto begin = Clock::now();
    file.write(line);
    while (lines == before) {
      loop.run_once();
    }
    const double seconds = std::chrono::duration<double>(handed_out - begin).count();
    state.SetIterationTime(seconds);
    micros.push_back(seconds * 1e6);
  }
  std::ranges::sort(micros);
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(write_to_callback)->UseManualTime()->Iterations(50'000)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
