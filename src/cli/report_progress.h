// Progress on the terminal: share done, rate, time left. On stderr, and only if that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace ipguard::cli {

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
