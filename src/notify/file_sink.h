// FileSink: a JSON line an event, appended to a file.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "notify/sink.h"

namespace ipguard::notify {

// The file is made with mode 0640 when the first line comes, its folder never. One that was moved away or deleted
// (logrotate) is made anew when the next lines come, without being told. What is wrong with the place is known before
// the first line; while nothing can be written (no folder, a full disk), it is tried again each second.
class FileSink : public Sink {
 public:
  FileSink(loop::EventLoop& loop, std::string path, size_t most = most_lines_waiting);
  ~FileSink() override { drain(); }  // what still waits, as far as it goes

  void take(std::shared_ptr<const Event> event) override;
  [[nodiscard]] Result<> reopen() override {
    fd_.reset();
    drain();
    return {};
  }

 private:
  void drain();
  void note_problem(const std::string& problem);
  [[nodiscard]] Result<> ensure_open(bool make);
  [[nodiscard]] Result<> look_at_folder() const;
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
