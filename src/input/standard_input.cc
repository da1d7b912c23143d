#include "input/standard_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "input/line_splitter.h"

namespace ipguard::input {
namespace {

constexpr size_t read_bytes = 256UL << 10;  // as Follower's
constexpr std::chrono::seconds retry_delay{10};

class StandardInput final : public LineInput {
 public:
  StandardInput(loop::EventLoop& loop, const config::SourceConfig& config, model::SourceId id,
                Follower::BlockCallback on_block, int fd)
      : id_(id),
        on_block_(std::move(on_block)),
        fd_(fd),
        splitter_(config.max_line),
        watcher_(loop, [this](unsigned) { read_turn(); }),
        retry_timer_(loop, [this] { watch(); }) {
    status_.name = config.name;
    status_.path = "standard input";
    status_.state = "following";
  }

  void start() override {
    if (::isatty(fd_) == 1) {
      // A daemon in the background that reads a terminal would be stopped; so it gets EIO and tries again.
      static_cast<void>(::signal(SIGTTIN, SIG_IGN));
    }
    watch();
  }

  bool reconfigure(const config::SourceConfig& config) override {
    splitter_.set_max_line(config.max_line);
    return true;
  }

  void stop() override {
    watcher_.stop();
    retry_timer_.stop();
    reading_ = false;
    status_.lost_bytes += splitter_.partial_line().size();
    splitter_.restart(splitter_.position(), false);
  }

  bool caught_up() const override { return !reading_ || !is_readable(); }

  std::vector<model::SourceStatus> status() const override {
    auto status = status_;
    status.behind_bytes = reading_ ? behind() : 0;
    return {std::move(status)};
  }

 private:
  void watch() {
    reading_ = true;
    // libev calls back each turn for what epoll(7) does not take: files, /dev/null.
    watcher_.start(fd_, loop::IoWatcher::readable);
  }

  void read_turn() {
    if (buffer_.empty()) {
      buffer_.resize(read_bytes);
    }
    for (size_t left = line_input_budget; left > 0 && is_readable();) {
      int error = 0;
      const ssize_t count = read_now(error);
      if (count > 0) {
        const auto bytes = static_cast<size_t>(count);
        left -= std::min(left, bytes);
        status_.bytes += bytes;
        status_.state = "following";
        splitter_.feed({buffer_.data(), bytes}, emit_);
      } else if (count == 0) {
        end("the end was reached");
        return;
      } else if (error == EAGAIN || error == EINTR) {
        return;
      } else {
        on_error(error);
        return;
      }
    }
  }

  // Somebody else may read from the same pipe between poll(2) and here: where the kernel can, it is told not to wait.
  // O_NONBLOCK would hold for everybody who shares the open file, such as the shell whose terminal it is.
  ssize_t read_now(int& error) {
    iovec room{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    ssize_t count = ::preadv2(fd_, &room, 1, -1, RWF_NOWAIT);
    error = count < 0 ? errno : 0;
    const bool unsupported = error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
    // EAGAIN of a file: its bytes are on the disk only, which is waited for as Follower does.
    if (unsupported || (error == EAGAIN && is_file())) {
      count = ::read(fd_, buffer_.data(), buffer_.size());
      error = count < 0 ? errno : 0;
    }
    return count;
  }

  [[nodiscard]] bool is_readable() const {
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&wanted, 1, 0) > 0;
  }

  [[nodiscard]] bool is_file() const {
    struct stat status{};
    return ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  }

  // What of a file is left; of a pipe nobody knows more than that there is something.
  [[nodiscard]] uint64_t behind() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
      return 0;
    }
    const auto at = ::lseek(fd_, 0, SEEK_CUR);
    return at >= 0 && at < status.st_size ? static_cast<uint64_t>(status.st_size - at) : 0;
  }

  void on_error(int number) {
    const auto problem = fail_errno("cannot read", number).error().message;
    if (number != EIO || ::isatty(fd_) != 1) {
      end(problem);
      return;
    }
    watcher_.stop();  // another process group has the terminal
    status_.state = "waiting: " + problem;
    reading_ = false;
    retry_timer_.start(retry_delay);
  }

  void end(const std::string& why) {
    watcher_.stop();
    reading_ = false;
    splitter_.finish(emit_);
    status_.state = "done: " + why;
    buffer_ = {};
  }

  model::SourceId id_;
  Follower::BlockCallback on_block_;
  int fd_;
  bool reading_ = false;
  model::SourceStatus status_;
  std::string buffer_;
  LineSplitter splitter_;
  const LineSplitter::Emit emit_ = [this](std::string_view bytes, uint64_t offset, bool truncated) {
    const auto consumed =
        on_block_({.bytes = bytes, .offset = offset, .source = id_, .replay = false, .truncated = truncated});
    status_.lines += consumed.lines;
    status_.hits += consumed.hits;
    status_.overlong_lines += truncated ? 1U : 0U;
  };
  loop::IoWatcher watcher_;
  loop::Timer retry_timer_;
};

}  // namespace

std::unique_ptr<LineInput> make_standard_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                               model::SourceId id, Follower::BlockCallback on_block, int fd) {
  return std::make_unique<StandardInput>(loop, config, id, std::move(on_block), fd);
}

}  // namespace ipguard::input
