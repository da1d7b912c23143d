#include "notify/exec_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace ipguard::notify {
namespace {

constexpr size_t most_children = 4;

// A file without a name that holds the event: a program that never reads it holds up nobody.
Result<UniqueFd> standard_input_of(const Event& event) {
  UniqueFd fd(::memfd_create("ipguard-event", MFD_CLOEXEC));
  const auto text = event.json + '\n';
  if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    return fail_errno("cannot hand out an event", errno);
  }
  return fd;
}

// posix_spawn(3)'s two objects, with what every program gets.
struct SpawnOptions {
  explicit SpawnOptions(int input) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    posix_spawnattr_init(&attributes);
    sigset_t all{};
    sigset_t none{};
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

// pidfd_open(2): readable when the process has ended. glibc 2.36 declares its own function for C alone.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

// How a program ended, behind its name; "" if with 0.
std::string failure_in(const siginfo_t& end) {
  if (end.si_code != CLD_EXITED) {
    return " was ended by signal " + std::to_string(end.si_status);
  }
  return end.si_status == 0 ? "" : " ended with status " + std::to_string(end.si_status);
}

}  // namespace

struct ExecSink::Child {
  Child(ExecSink& owner, pid_t process, UniqueFd descriptor)
      : pid(process),
        pidfd(std::move(descriptor)),
        exit(owner.loop_, [this, &owner](unsigned) { owner.on_exit(place); }),
        patience(owner.loop_, [this] {
          timed_out = true;
          ::kill(-pid, SIGKILL);
        }) {}

  pid_t pid;  // ours until it is waited for: nobody else's can have its number
  UniqueFd pidfd;
  std::list<Child>::iterator place;
  loop::IoWatcher exit;
  loop::Timer patience;
  bool timed_out = false;
};

ExecSink::ExecSink(loop::EventLoop& loop, const config::NotifyConfig& config, size_t most)
    : Sink(most),
      loop_(loop),
      name_(config.name),
      command_(config.command),
      timeout_(config.timeout),
      timer_(loop, [this] { begin_some(); }) {}

ExecSink::~ExecSink() {
  for (const auto& child : children_) {
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
  }
}

void ExecSink::take(std::shared_ptr<const Event> event) {
  queue_.push(std::move(event));
  if (children_.size() < most_children && !timer_.running()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

void ExecSink::begin_some() {
  while (!queue_.empty() && children_.size() < most_children) {
    const auto event = queue_.front();
    queue_.pop();
    if (auto begun = begin(*event); !begun) {
      note_failure(begun.error().message);
    }
  }
}

Result<> ExecSink::begin(const Event& event) {
  auto input = standard_input_of(event);
  if (!input) {
    return std::unexpected(std::move(input.error()));
  }
  std::vector<char*> arguments;
  arguments.reserve(command_.size() + 1);
  for (auto& word : command_) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string language = "LANG=C.UTF-8";
  const std::array<char*, 3> environment = {path.data(), language.data(), nullptr};
  const SpawnOptions options(input->get());
  pid_t pid = -1;
  if (const int error = ::posix_spawn(&pid, command_.front().c_str(), &options.actions, &options.attributes,
                                      arguments.data(), environment.data());
      error != 0) {
    return fail_errno("cannot run " + printable(command_.front()), error);
  }
  UniqueFd pidfd(open_pidfd(pid));
  if (!pidfd.valid()) {
    const int error = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno("cannot watch " + printable(command_.front()), error);
  }
  auto& child = children_.emplace_back(*this, pid, std::move(pidfd));
  child.place = std::prev(children_.end());
  child.exit.start(child.pidfd.get(), loop::IoWatcher::readable);
  child.patience.start(timeout_);
  return {};
}

void ExecSink::on_exit(std::list<Child>::iterator child) {
  siginfo_t end{};
  if (::waitid(P_PID, static_cast<id_t>(child->pid), &end, WEXITED | WNOHANG) != 0 || end.si_pid == 0) {
    return;
  }
  const auto failure =
      child->timed_out ? " took longer than " + format_duration(timeout_) + " and was killed" : failure_in(end);
  children_.erase(child);
  if (failure.empty()) {
    end_problem(name_, "its program ends well again");
    ++counters_.delivered;
  } else {
    note_failure(printable(command_.front()) + failure);
  }
  begin_some();
}

void ExecSink::note_failure(const std::string& problem) {
  ++counters_.failed;
  begin_problem(problem, name_ + ": " + problem);
}

}  // namespace ipguard::notify
