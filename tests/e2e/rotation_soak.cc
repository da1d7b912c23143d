// rotation_soak: writes logs at full speed, follows them, and counts every line, for rotation_test.sh, which has the
// real logrotate rotate them and kills the follower in between. A line is "NUMBER END\n", counted up from 0 in each
// log.
//   write FOLDER LINES ROTATIONS NAME…   LINES lines to each log, spread over ROTATIONS, of which FOLDER/rotations says
//   how
//                                        many were done; HUP reopens, FOLDER/reopened counts that
//   read FOLDER NAME…                    hands out and saves as the daemon does; TERM: to the end of everything
//   check FOLDER LINES NAME…             the lines handed out against those that are in the files that logrotate left
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "input/follower.h"
#include "input/packed_stream.h"

namespace {

namespace fs = std::filesystem;
using namespace ipguard;
using Names = std::vector<std::string>;

constexpr std::string_view end_mark = " 192.0.2.7 - GET /a/page/of/the/site HTTP/1.1 200 END";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "rotation_soak: %s\n", why.c_str());
  std::exit(2);
}

std::string line_of(uint64_t number) { return std::to_string(number) + std::string(end_mark) + '\n'; }

// nullopt: a line that was torn.
std::optional<uint64_t> number_of(std::string_view line) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  const auto digits = static_cast<size_t>(end - line.data());
  return error == std::errc() && line.substr(digits) == end_mark ? std::optional(number) : std::nullopt;
}

uint64_t read_number(const std::string& path) {
  uint64_t number = 0;
  std::ifstream(path) >> number;
  return number;
}

void write_number(const std::string& path, uint64_t number) {
  std::ofstream(path + ".new") << number << '\n';
  fs::rename(path + ".new", path);
}

// --- write ---

volatile std::sig_atomic_t reopen = 0;

int write_logs(const std::string& folder, uint64_t lines, uint64_t rotations, const Names& names) {
  std::signal(SIGHUP, [](int) { reopen = 1; });
  std::vector<UniqueFd> logs(names.size());
  const auto open_all = [&] {
    for (size_t i = 0; i < names.size(); ++i) {
      logs[i].reset(::open((folder + "/logs/" + names[i]).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
      if (!logs[i].valid()) {
        die("cannot open " + names[i]);
      }
    }
  };
  open_all();
  uint64_t done = 0;
  uint64_t reopened = 0;
  for (uint64_t number = 0; number < lines; ++number) {
    const std::string line = line_of(number);
    for (const UniqueFd& log : logs) {
      if (::write(log.get(), line.data(), line.size()) != std::ssize(line)) {
        die("cannot write");
      }
    }
    if (reopen != 0) {
      reopen = 0;
      open_all();
      write_number(folder + "/reopened", ++reopened);
    }
    // As many lines between two rotations as the whole run needs; in bursts at full speed.
    while (number % 256 == 0 && reopen == 0 && number * (rotations + 1) > (done + 2) * lines) {
      done = read_number(folder + "/rotations");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return 0;
}

// --- read ---

struct Saved {
  std::vector<model::Cursor> cursors;
  uint64_t output = 0;  // bytes of what was handed out
  uint64_t lost = 0, unknown = 0, reread = 0;
};

Saved load(const std::string& path) {
  Saved saved;
  std::ifstream file(path);
  size_t count = 0;
  file >> count >> saved.output >> saved.lost >> saved.unknown >> saved.reread;
  for (size_t i = 0; i < count; ++i) {
    model::Cursor& cursor = saved.cursors.emplace_back();
    file >> cursor.path >> cursor.device >> cursor.inode >> cursor.fingerprint >> cursor.fingerprint_length >>
        cursor.offset >> cursor.tail_fingerprint >> cursor.tail_length >> cursor.seen_size;
  }
  return saved;
}

void store(const std::string& path, const Saved& saved) {
  {
    std::ofstream file(path + ".new");
    file << saved.cursors.size() << ' ' << saved.output << ' ' << saved.lost << ' ' << saved.unknown << ' '
         << saved.reread << '\n';
    for (const model::Cursor& cursor : saved.cursors) {
      file << cursor.path << ' ' << cursor.device << ' ' << cursor.inode << ' ' << cursor.fingerprint << ' '
           << cursor.fingerprint_length << ' ' << cursor.offset << ' ' << cursor.tail_fingerprint << ' '
           << cursor.tail_length << ' ' << cursor.seen_size << '\n';
    }
  }
  fs::rename(path + ".new", path);
}

// What was handed out: 8 bytes a line, the log's index in the upper ones; all bits set: a torn line.
class Reader {
 public:
  Reader(const std::string& folder, const Names& names)
      : folder_(folder),
        saved_(load(folder + "/saved")),
        base_(saved_),
        out_(::open((folder + "/seen").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)),
        save_timer_(loop_, [this] { save(); }),
        term_(loop_, SIGTERM, [this] { ending_ = true; }) {
    if (!out_.valid() || ::ftruncate(out_.get(), static_cast<off_t>(saved_.output)) != 0 ||
        ::lseek(out_.get(), 0, SEEK_END) < 0) {
      die("cannot open what was seen");
    }
    for (const std::string& name : names) {
      config::SourceConfig& source = sources_.emplace_back();
      source.name = name;
      source.paths = {folder + "/logs/" + name};
      source.from = config::StartPosition::start;
    }
    follower_ = std::make_unique<input::Follower>(loop_, sources_, saved_.cursors, 0,
                                                  [this](const input::Block& block) { return take(block); });
  }

  int run() {
    if (const auto started = follower_->start(); !started) {
      die(started.error().message);
    }
    save_timer_.start(save_every);
    write_number(folder_ + "/following", static_cast<uint64_t>(::getpid()));
    while (!ending_ || !follower_->caught_up()) {
      loop_.run_once();
    }
    save();
    std::printf("%llu lost bytes, %llu losses of unknown size, %llu bytes perhaps read twice\n",
                static_cast<unsigned long long>(saved_.lost), static_cast<unsigned long long>(saved_.unknown),
                static_cast<unsigned long long>(saved_.reread));
    return 0;
  }

 private:
  static constexpr std::chrono::milliseconds save_every{100};

  input::Follower::Consumed take(const input::Block& block) {
    const auto& path = follower_->source(block.source).path;
    const auto source = static_cast<uint64_t>(
        std::ranges::find(sources_, path, [](const auto& each) { return each.paths.front(); }) - sources_.begin());
    input::Follower::Consumed consumed;
    for (std::string_view left = block.bytes; !left.empty(); ++consumed.lines) {
      const size_t end = std::min(left.find('\n'), left.size() - 1);
      seen_.push_back(number_of(left.substr(0, end)).value_or(UINT32_MAX) | source << 32U);
      left.remove_prefix(end + 1);
    }
    return consumed;
  }

  void save() {
    const size_t bytes = seen_.size() * sizeof(seen_[0]);
    if (::write(out_.get(), seen_.data(), bytes) != static_cast<ssize_t>(bytes)) {
      die("cannot write what was seen");
    }
    seen_.clear();
    saved_.output += bytes;
    saved_.cursors = follower_->cursors();
    saved_.lost = base_.lost;
    saved_.unknown = base_.unknown;
    saved_.reread = base_.reread;
    for (const model::SourceStatus& status : follower_->status()) {
      saved_.lost += status.lost_bytes;
      saved_.unknown += status.losses_of_unknown_size;
      saved_.reread += status.reread_bytes;
    }
    store(folder_ + "/saved", saved_);
    save_timer_.start(save_every);
  }

  std::string folder_;
  Saved saved_;
  Saved base_;
  UniqueFd out_;
  loop::EventLoop loop_;
  loop::Timer save_timer_;
  loop::SignalWatcher term_;
  bool ending_ = false;
  std::vector<uint64_t> seen_;
  std::vector<config::SourceConfig> sources_;
  std::unique_ptr<input::Follower> follower_;
};

// --- check ---

// Everything that logrotate left of a log.
std::vector<bool> kept_lines(const std::string& folder, const std::string& name, uint64_t lines) {
  std::vector<bool> kept(lines);
  for (const auto& entry : fs::directory_iterator(folder + "/logs")) {
    if (!entry.path().filename().string().starts_with(name)) {
      continue;
    }
    std::string content;
    const UniqueFd file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    std::string piece(1U << 20U, '\0');
    if (const auto packed = input::PackedStream::of(file.get())) {
      for (size_t count = piece.size(); count == piece.size(); content.append(piece, 0, count)) {
        count = packed->read(piece).value_or(0);
      }
    } else {
      content = read_file(entry.path(), 1ULL << 32U).value_or("");
    }
    for (std::string_view left = content; !left.empty();) {
      const size_t end = std::min(left.find('\n'), left.size() - 1);
      if (const auto number = number_of(left.substr(0, end)); number && *number < lines) {
        kept[*number] = true;
      }
      left.remove_prefix(end + 1);
    }
  }
  return kept;
}

int check_lines(const std::string& folder, uint64_t lines, const Names& names) {
  std::vector<std::vector<uint8_t>> seen(names.size(), std::vector<uint8_t>(lines));
  uint64_t torn_lines = 0;
  std::ifstream file(folder + "/seen", std::ios::binary);
  for (uint64_t entry = 0; file.read(reinterpret_cast<char*>(&entry), sizeof(entry));) {  // NOLINT
    const uint64_t number = entry & UINT32_MAX;
    if (number == UINT32_MAX || number >= lines) {
      ++torn_lines;
    } else {
      seen.at(entry >> 32U).at(number) += 1;
    }
  }
  uint64_t wrong = 0;
  uint64_t torn_bytes = 0;
  uint64_t missing_bytes = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::vector<bool> kept = kept_lines(folder, names[i], lines);
    uint64_t missed = 0, doubled = 0, torn = 0, saved = 0;
    for (uint64_t number = 0; number < lines; ++number) {
      const bool is_torn = !kept[number];
      torn += is_torn ? 1U : 0U;
      saved += is_torn && seen[i][number] > 0 ? 1U : 0U;
      torn_bytes += is_torn ? line_of(number).size() : 0;
      missing_bytes += seen[i][number] == 0 ? line_of(number).size() : 0;
      missed += !is_torn && seen[i][number] == 0 ? 1U : 0U;
      doubled += seen[i][number] > 1 ? 1U : 0U;
    }
    std::printf("%-20s %llu lines: %llu lost, %llu doubled; logrotate tore %llu away, of which %llu were read before\n",
                names[i].c_str(), static_cast<unsigned long long>(lines), static_cast<unsigned long long>(missed),
                static_cast<unsigned long long>(doubled), static_cast<unsigned long long>(torn),
                static_cast<unsigned long long>(saved));
    wrong += missed + doubled;
    // Without copytruncate nothing can be torn.
    wrong += names[i].contains("copy") ? 0 : torn;
  }
  std::printf("torn away by logrotate: %llu bytes; not read: %llu bytes and %llu halves of lines\n",
              static_cast<unsigned long long>(torn_bytes), static_cast<unsigned long long>(missing_bytes),
              static_cast<unsigned long long>(torn_lines));
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  set_log_level(LogLevel::error);
  if (arguments.size() > 4 && arguments[0] == "write") {
    return write_logs(arguments[1], std::stoull(arguments[2]), std::stoull(arguments[3]),
                      {arguments.begin() + 4, arguments.end()});
  }
  if (arguments.size() > 2 && arguments[0] == "read") {
    return Reader(arguments[1], {arguments.begin() + 2, arguments.end()}).run();
  }
  if (arguments.size() > 3 && arguments[0] == "check") {
    return check_lines(arguments[1], std::stoull(arguments[2]), {arguments.begin() + 3, arguments.end()});
  }
  die("write, read or check");
}
