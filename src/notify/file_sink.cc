#include "notify/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/text.h"

namespace ipguard::notify {
namespace {

constexpr int lines_a_turn = 1000;
constexpr std::chrono::milliseconds retry_pause{1000};

}  // namespace

FileSink::FileSink(loop::EventLoop& loop, std::string path, size_t most)
    : Sink(most), path_(std::move(path)), timer_(loop, [this] { drain(); }) {
  drain();  // nothing waits: it looks whether something could be written
}

void FileSink::take(std::shared_ptr<const Event> event) {
  if (queue_.full() && counters_.problem.empty()) {
    drain();  // many at once, which the file has room for
  }
  queue_.push(std::move(event));
  if (!timer_.running()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

// Whether a file that is not there could be made.
Result<> FileSink::look_at_folder() const {
  const auto folder = std::filesystem::path(path_).parent_path();
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0
             ? Result<>()
             : fail_errno("cannot write " + printable(path_), errno);
}

// The file by that name, which need not be the one that is open. Without `make` it may be missing.
Result<> FileSink::ensure_open(bool make) {
  struct stat named{};
  struct stat open{};
  if (fd_.valid() && ::stat(path_.c_str(), &named) == 0 && ::fstat(fd_.get(), &open) == 0 &&
      named.st_dev == open.st_dev && named.st_ino == open.st_ino) {
    return {};
  }
  constexpr mode_t mode = 0640;
  constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  fd_.reset(::open(path_.c_str(), make ? flags | O_CREAT : flags, mode));
  written_ = 0;
  torn_ = false;
  if (!fd_.valid()) {
    return errno == ENOENT && !make ? look_at_folder() : fail_errno("cannot write " + printable(path_), errno);
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

void FileSink::note_problem(const std::string& problem) {
  begin_problem(problem, problem);
  timer_.start(retry_pause);
}

void FileSink::drain() {
  if (const auto open = ensure_open(!queue_.empty()); !open) {
    note_problem(open.error().message);
    return;
  }
  if (queue_.empty()) {
    end_problem(path_, "it can be written again");
  }
  for (int i = 0; i < lines_a_turn && !queue_.empty(); ++i) {
    const auto written = write_front();
    if (!written) {
      note_problem(written.error().message);
      return;
    }
    end_problem(path_, "it can be written again");
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
