#include "cli/report_progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

constexpr std::chrono::milliseconds between_lines{200};
constexpr std::chrono::milliseconds before_first{500};  // what is done at once needs none

}  // namespace

ReportProgress::ReportProgress(uint64_t total)
    : total_(total), terminal_(::isatty(STDERR_FILENO) == 1), began_(Clock::now()), next_(began_ + before_first) {}

ReportProgress::~ReportProgress() {
  if (shown_) {
    std::cerr << "\r\x1b[K" << std::flush;
  }
}

void ReportProgress::show(uint64_t done) {
  if (!terminal_) {
    return;
  }
  const auto now = Clock::now();
  if (now < next_) {
    return;
  }
  next_ = now + between_lines;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const double rate = static_cast<double>(done) / std::max(seconds, 0.001);
  std::string line = format_size(done) + " read, " + format_size(static_cast<uint64_t>(rate)) + "/s";
  if (total_ >= done && total_ > 0) {
    constexpr size_t bar_width = 20;
    const auto filled = static_cast<size_t>(done * bar_width / total_);
    const double left = rate > 0 ? static_cast<double>(total_ - done) / rate : 0;
    constexpr double longest_left = 1e9;
    line = "[" + std::string(filled, '#') + std::string(bar_width - filled, ' ') + "] " +
           std::to_string(done * 100 / total_) + " %, " + line + ", " +
           short_duration(Seconds(static_cast<int64_t>(std::min(left, longest_left)))) + " left";
  }
  shown_ = true;
  std::cerr << '\r' << line << "\x1b[K" << std::flush;
}

}  // namespace ipguard::cli
