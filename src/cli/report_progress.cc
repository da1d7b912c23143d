#include "cli/report_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

constexpr std::chrono::milliseconds between_lines{200};
constexpr std::chrono::milliseconds before_first{500};  // what is done at once needs none

// Of the terminal that the line goes to; one column stays free, so that the cursor does not wrap.
size_t progress_width() {
  constexpr size_t usual = 80;
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return (known ? size.ws_col : usual) - 1;
}

}  // namespace

std::string progress_line(uint64_t done, uint64_t total, double seconds, size_t width) {
  const double rate = static_cast<double>(done) / std::max(seconds, 0.001);
  const std::string read = format_size(done) + " read";
  const std::string speed = ", " + format_size(static_cast<uint64_t>(rate)) + "/s";
  std::string bar;
  std::string share;
  std::string left;
  if (total >= done && total > 0) {
    constexpr size_t bar_width = 20;
    constexpr double longest_left = 1e9;
    const auto filled = static_cast<size_t>(static_cast<double>(done) / static_cast<double>(total) * bar_width);
    const double seconds_left = rate > 0 ? static_cast<double>(total - done) / rate : 0;
    bar = "[" + std::string(filled, '#') + std::string(bar_width - filled, ' ') + "] ";
    share = std::to_string(static_cast<unsigned>(static_cast<double>(done) / static_cast<double>(total) * 100)) + " %";
    left = ", " + short_duration(Seconds(static_cast<int64_t>(std::min(seconds_left, longest_left)))) + " left";
  }
  const std::string head = share.empty() ? "" : share + ", ";
  std::vector<std::string> forms = {bar + head + read + speed + left, head + read + speed + left, head + read + left};
  forms.push_back(share.empty() ? read : share + left);
  forms.push_back(share.empty() ? format_size(done) : share);
  for (auto& form : forms) {
    if (display_width(form) <= width) {
      return std::move(form);
    }
  }
  return {};
}

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
  const std::string line = progress_line(done, total_, seconds, progress_width());
  shown_ = true;
  std::cerr << '\r' << line << "\x1b[K" << std::flush;
}

}  // namespace ipguard::cli
