#include "cli/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace ipguard::cli {
namespace {

// ECMA-48 and xterm: the other page, no cursor, long lines are cut rather than wrapped; and back.
constexpr std::string_view take = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view give_back = "\x1b[?7h\x1b[?25h\x1b[?1049l";

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd entry{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      static_cast<void>(::poll(&entry, 1, -1));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool Screen::there() { return ::isatty(STDOUT_FILENO) == 1; }

Screen::~Screen() {
  if (taken_) {
    give_terminal_back();
  }
  if (signals_.valid()) {
    static_cast<void>(::sigprocmask(SIG_SETMASK, &signals_before_, nullptr));
  }
}

Result<> Screen::open() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP}) {
    ::sigaddset(&wanted, number);
  }
  if (::sigprocmask(SIG_BLOCK, &wanted, &signals_before_) != 0) {
    return fail_errno("cannot wait for signals", errno);
  }
  signals_ = UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) {
    const int reason = errno;
    static_cast<void>(::sigprocmask(SIG_SETMASK, &signals_before_, nullptr));
    return fail_errno("cannot wait for signals", reason);
  }
  take_terminal();
  return {};
}

void Screen::take_terminal() {
  has_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_keys_) {
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    unseen.c_cc[VMIN] = 1;
    unseen.c_cc[VTIME] = 0;
    static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen));
  }
  taken_ = write_all(take);
}

void Screen::give_terminal_back() {
  taken_ = false;
  static_cast<void>(write_all(give_back));
  if (has_keys_) {
    static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_));
  }
}

Screen::Size Screen::size() const {
  constexpr Size usual{.rows = 24, .columns = 80};
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return usual;
  }
  return {.rows = size.ws_row, .columns = size.ws_col};
}

bool Screen::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (size_t i = 0; i < lines.size(); ++i) {
    text += lines[i] + "\x1b[K" + (i + 1 < lines.size() ? "\n" : "");
  }
  text += "\x1b[J";
  return write_all(text);
}

Screen::Event Screen::wait(std::chrono::milliseconds most) {
  std::array<pollfd, 2> entries = {{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                    {.fd = has_keys_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}}};
  const int ready = ::poll(entries.data(), entries.size(), static_cast<int>(most.count()));
  if (ready <= 0) {
    return Event::timeout;
  }
  if (entries[0].revents != 0) {
    return take_signal();
  }
  if (::read(STDIN_FILENO, &key_, 1) != 1) {
    return Event::quit;  // the terminal is gone
  }
  constexpr char end_of_input = 4;  // Ctrl-D
  return key_ == 'q' || key_ == 'Q' || key_ == end_of_input ? Event::quit : Event::key;
}

Screen::Event Screen::take_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return Event::timeout;
  }
  switch (info.ssi_signo) {
    case SIGWINCH:
      return Event::resized;
    case SIGTSTP:
      stop_for_a_while();
      return Event::resized;
    default:
      return Event::quit;
  }
}

void Screen::stop_for_a_while() {
  give_terminal_back();
  static_cast<void>(::raise(SIGSTOP));
  take_terminal();
}

}  // namespace ipguard::cli
