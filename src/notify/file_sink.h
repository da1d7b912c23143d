// FileSink: a JSON line an event, appended to a file.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "notify/sink.h"

namespace ipguard::notify {

// The file is made with mode 0640. One that was moved away or deleted (logrotate) is made anew at the next line,
// without being told. While nothing can be written (a full disk), it is tried again each second.
class FileSink : public Sink {
 public:
  FileSink(loop::EventLoop& loop, std::string path, size_t most = most_lines_waiting);
  ~FileSink() override { drain(); }  // what still waits, as far as it goes
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void take(std::shared_ptr<const Event> event) override;
  void reopen() override { fd_.reset(); }
  [[nodiscard]] SinkCounters counters() const override;

 private:
  void drain();
  [[nodiscard]] Result<> ensure_open();
  [[nodiscard]] Result<bool> write_front();

  std::string path_;
  EventQueue queue_;
  UniqueFd fd_;
  std::string line_;    // the front of the queue …
  size_t written_ = 0;  // … and how much of it is in the file
  uint64_t lost_fronts_ = 0;
  bool torn_ = false;  // the file ends in the middle of a line
  SinkCounters counters_;
  loop::Timer timer_;
};

}  // namespace ipguard::notify
