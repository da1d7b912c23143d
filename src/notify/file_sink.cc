#include "notify/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::notify {
namespace {

constexpr int lines_a_turn = 1000;
constexpr std::chrono::milliseconds retry_pause{1000};

}  // namespace

FileSink::FileSink(loop::EventLoop& loop, std::string path, size_t most)
    : Sink(most), path_(std::move(path)), timer_(loop, [this] { drain(); }) {}

void FileSink::take(std::shared_ptr<const Event> event) {
  queue_.push(std::move(event));
  if (!timer_.running()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

// The file by that name, which need not be the one that is open.
Result<> FileSink::ensure_open() {
  struct stat named{};
  struct stat open{};
  if (fd_.valid() && ::stat(path_.c_str(), &named) == 0 && ::fstat(fd_.get(), &open) == 0 &&
      named.st_dev == open.st_dev && named.st_ino == open.st_ino) {
    return {};
  }
  constexpr mode_t mode = 0640;
  fd_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode));
  written_ = 0;
  torn_ = false;
  if (!fd_.valid()) {
    return fail_errno("cannot write " + printable(path_), errno);
  }
  if (::fstat(fd_.get(), &open) != 0 || !S_ISREG(open.st_mode)) {
    fd_.reset();
    return fail(Errc::invalid, printable(path_) + " is no regular file");
  }
  return {};
}

// True when all of the line is in the file.
Result<bool> FileSink::write_front() {
  if (std::exchange(lost_fronts_, queue_.lost_fronts()) != queue_.lost_fronts()) {
    torn_ = torn_ || written_ > 0;  // the line that was begun is gone from the queue
    written_ = 0;
  }
  if (torn_) {  // it must not break the next one
    if (::write(fd_.get(), "\n", 1) < 0) {
      return fail_errno("cannot write " + printable(path_), errno);
    }
    torn_ = false;
  }
  if (written_ == 0) {
    line_ = queue_.front()->json + '\n';
  }
  const ssize_t count = ::write(fd_.get(), line_.data() + written_, line_.size() - written_);
  if (count < 0) {
    return fail_errno("cannot write " + printable(path_), errno);
  }
  written_ += static_cast<size_t>(count);
  return written_ == line_.size();
}

void FileSink::drain() {
  const auto open = queue_.empty() ? Result<>() : ensure_open();
  for (int i = 0; i < lines_a_turn && !queue_.empty(); ++i) {
    const auto written = open ? write_front() : std::unexpected(open.error());
    if (!written) {
      if (counters_.problem != written.error().message) {
        counters_.problem = written.error().message;
        log_warning("notify: " + counters_.problem);
      }
      timer_.start(retry_pause);
      return;
    }
    counters_.problem.clear();
    if (*written) {
      queue_.pop();
      written_ = 0;
      ++counters_.delivered;
    }
  }
  if (!queue_.empty()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

}  // namespace ipguard::notify
