// links: input
// Reading a real journal: entries a second, of one file and of twenty, up to the line that is handed out.
// Needs systemd-journal-remote(8), which writes it.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "input/journal_line.h"
#include "input/journal_reader.h"
#include "input/journal_sender.h"

namespace {

using namespace ipguard;
using namespace ipguard::input;

constexpr uint64_t all_entries = 100'000;

// As journald writes them: some twenty fields an entry.
std::string exported(uint64_t first, uint64_t count) {
  std::string text;
  for (uint64_t i = first; i < first + count; ++i) {
    const auto number = std::to_string(i);
    text += "__REALTIME_TIMESTAMP=" + std::to_string(1'767'225'600'000'000 + i * 1000) +
            "\n__MONOTONIC_TIMESTAMP=" + std::to_string(1'000'000 + i * 1000) +
            "\n_BOOT_ID=11111111111111111111111111111111\n_MACHINE_ID=22222222222222222222222222222222\n"
            "_HOSTNAME=host\nPRIORITY=6\nSYSLOG_FACILITY=4\nSYSLOG_IDENTIFIER=sshd\n_UID=0\n_GID=0\n_COMM=sshd\n"
            "_EXE=/usr/sbin/sshd\n_CMDLINE=sshd: root [priv]\n_CAP_EFFECTIVE=1ffffffffff\n_TRANSPORT=syslog\n"
            "_SYSTEMD_CGROUP=/system.slice/ssh.service\n_SYSTEMD_UNIT=ssh.service\n_SYSTEMD_SLICE=system.slice\n"
            "_SYSTEMD_INVOCATION_ID=33333333333333333333333333333333\nSYSLOG_PID=" +
            std::to_string(i / 3) + "\n_PID=" + std::to_string(i / 3) +
            "\n_SOURCE_REALTIME_TIMESTAMP=" + std::to_string(1'767'225'600'000'000 + i * 1000) +
            "\nMESSAGE=Failed password for invalid user u" + number + " from 192.0.2." + std::to_string(i % 256) +
            " port " + std::to_string(1024 + i % 60'000) + " ssh2\n\n";
  }
  return text;
}

class Folder {
 public:
  explicit Folder(uint64_t files) {
    std::string name = (std::filesystem::temp_directory_path() / "ipguard-journal-bench-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    const uint64_t count = all_entries / files;
    for (uint64_t file = 0; file < files; ++file) {
      std::ofstream(path_ + "/export") << exported(file * count, count);
      const std::string command = "/lib/systemd/systemd-journal-remote --output=" + path_ + "/f" +
                                  std::to_string(file) + ".journal " + path_ + "/export 2> /dev/null";
      if (std::system(command.c_str()) != 0) {
        std::abort();
      }
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void read_journal(benchmark::State& state) {
  if (!std::filesystem::exists("/lib/systemd/systemd-journal-remote")) {
    state.SkipWithError("systemd-journal-remote is not installed");
    return;
  }
  const Folder folder(static_cast<uint64_t>(state.range(0)));
  uint64_t entries = 0;
  for (auto _ : state) {
    JournalReader reader(SdJournal::open(folder.path(), 64UL << 10).value());
    reader.begin_at_head();
    JournalEntry entry;
    JournalLine line;
    std::string block;
    for (;;) {
      const auto step = reader.next(entry);
      if (!step || *step == JournalReader::Step::end) {
        break;
      }
      const auto sender = attribute(entry, {});
      if (sender.trusted) {
        line.append(entry, sender, reader.received(), 64UL << 10, block);
      }
      if (++entries % 2000 == 0) {
        reader.commit();
        benchmark::DoNotOptimize(block.data());
        block.clear();
      }
    }
  }
  state.counters["entries/s"] = benchmark::Counter(static_cast<double>(entries), benchmark::Counter::kIsRate);
}
BENCHMARK(read_journal)->ArgName("files")->Arg(1)->Arg(20)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
