// FileSink: a JSON line an event, appended to a file.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "notify/sink.h"

namespace ipguard::notify {

// The file is made with mode 0640. One that was moved away or deleted (logrotate) is made anew when the next
// lines come, without being told. While nothing can be written (a full disk), it is tried again each second.
class FileSink : public Sink {
 public:
  FileSink(loop::EventLoop& loop, std::string path, size_t most = most_lines_waiting);
  ~FileSink() override { drain(); }  // what still waits, as far as it goes

  void take(std::shared_ptr<const Event> event) override;
  [[nodiscard]] Result<> reopen() override {
    fd_.reset();
    return {};
  }

 private:
  void drain();
  [[nodiscard]] Result<> ensure_open();
  [[nodiscard]] Result<bool> write_front();

  std::string path_;
  UniqueFd fd_;
  std::string line_;    // the front of the queue …
  size_t written_ = 0;  // … and how much of it is in the file
  uint64_t lost_fronts_ = 0;
  bool torn_ = false;  // the file ends in the middle of a line
  loop::Timer timer_;
};

}  // namespace ipguard::notify
