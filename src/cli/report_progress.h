// Progress on the terminal: share done, rate, time left. On stderr, and only if that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ipguard::cli {

// In at most `width` columns: without the bar where there is no room for it, without the rate where there is still
// less. `total` 0 = not known.
[[nodiscard]] std::string progress_line(uint64_t done, uint64_t total, double seconds, size_t width);

class ReportProgress {
 public:
  // `total`: bytes of all files; 0 = not known.
  explicit ReportProgress(uint64_t total);
  ~ReportProgress();  // wipes the line
  ReportProgress(const ReportProgress&) = delete;
  ReportProgress& operator=(const ReportProgress&) = delete;

  // To be called often: it writes five times a second.
  void show(uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  uint64_t total_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point began_;
  Clock::time_point next_;
};

}  // namespace ipguard::cli
