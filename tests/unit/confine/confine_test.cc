// What a process may still do when it is confined: each case in a child of its own, for there is no way back.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "confine/privileges.h"
#include "confine/syscall_filter.h"

namespace ipguard::confine {
namespace {

constexpr int holds = 0;

// The wait status of a child that does `what` and exits with what that returns.
int in_child(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(what());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

// The same, confined as `role` beforehand.
int as(Role role, const std::function<int()>& what) {
  return in_child([&] {
    return keep_only(0) && install_filter(role) && (role == Role::writer || forbid_programs()) ? what() : 99;
  });
}

std::string status_field(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) {
      return line.substr(name.size() + 2);
    }
  }
  return {};
}

int opens_socket(int family, int protocol) {
  const int fd = ::socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol);
  return fd >= 0 ? holds : errno;
}

int opens_stream(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd >= 0 ? holds : errno;
}

int starts_a_thread() {
  int done = 1;
  std::thread([&] { done = holds; }).join();
  return done;
}

class Filtered : public testing::TestWithParam<Role> {
 protected:
  void SetUp() override {
    if (sanitized()) {
      GTEST_SKIP() << "no filter in a program with a sanitizer";
    }
  }
};

TEST(Privileges, AreGivenUpForGood) {
  const int status = in_child([] {
    if (!keep_only(1ULL << CAP_NET_ADMIN)) {
      return 1;
    }
    const auto kept = permitted();
    if ((kept & ~(1ULL << CAP_NET_ADMIN)) != 0 || status_field("NoNewPrivs") != "1") {
      return 2;
    }
    if (status_field("CapEff") != status_field("CapPrm") || status_field("CapAmb") != "0000000000000000" ||
        status_field("CapInh") != "0000000000000000") {
      return 3;
    }
    return keep_only(~0ULL) && permitted() == kept ? holds : 4;
  });
  EXPECT_EQ(WEXITSTATUS(status), holds);
}

TEST_P(Filtered, WorksOn) {
  EXPECT_EQ(as(GetParam(), starts_a_thread), holds);
  EXPECT_EQ(as(GetParam(), [] { return status_field("Seccomp") == "2" ? holds : 1; }), holds);
  EXPECT_EQ(as(GetParam(), [] { return opens_socket(AF_NETLINK, NETLINK_ROUTE); }), holds);
  EXPECT_EQ(as(GetParam(), [] { return opens_stream(AF_UNIX); }), holds);
}

TEST_P(Filtered, EndsWhoTriesWhatOnlyAnIntruderDoes) {
  const auto killed = [](const std::function<int()>& what) {
    const int status = as(GetParam(), what);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
  };
  EXPECT_TRUE(killed([] { return ::execl("/bin/true", "true", nullptr); }));
  EXPECT_TRUE(killed([] { return static_cast<int>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }));
  EXPECT_TRUE(killed([] { return ::unshare(CLONE_NEWUSER); }));
  EXPECT_TRUE(killed([] { return ::setuid(0); }));
}

TEST_F(Filtered, ADaemonWhoseConfigurationHasProgramsRunsThem) {
  const auto status = in_child(
      [] { return keep_only(0) && install_filter(Role::daemon) ? ::execl("/bin/true", "true", nullptr) : 99; });
  EXPECT_EQ(status, holds);
}

TEST_P(Filtered, AnswersOtherCallsAsAnOlderKernelWould) {
  const auto not_implemented = [](const std::function<long()>& what) {
    return as(GetParam(), [&] { return what() < 0 && errno == ENOSYS ? holds : 1; }) == holds;
  };
  EXPECT_TRUE(not_implemented([] { return ::syscall(SYS_clone3, nullptr, 0); }));
  EXPECT_TRUE(not_implemented([] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }));
  EXPECT_TRUE(not_implemented([] { return ::kill(::getppid(), 0); }));
  EXPECT_TRUE(not_implemented([] { return ::socket(AF_PACKET, SOCK_RAW, 0); }));
}

TEST_P(Filtered, SendsSignalsToNobodyElse) {
  const auto reached = [](const std::function<long()>& call) {
    return WEXITSTATUS(as(GetParam(), [&] { return call() == 0 ? holds : errno; }));
  };
  EXPECT_EQ(reached([] { return ::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0); }), ENOSYS);
  EXPECT_EQ(reached([] { return ::syscall(SYS_prlimit64, ::getppid(), RLIMIT_NOFILE, nullptr, nullptr); }), ENOSYS);
  EXPECT_EQ(reached([] {
              rlimit files{};
              return ::getrlimit(RLIMIT_NOFILE, &files);
            }),
            holds);
  const int aborted = as(GetParam(), []() -> int { std::abort(); });
  EXPECT_TRUE(WIFSIGNALED(aborted) && WTERMSIG(aborted) == SIGABRT);
}

INSTANTIATE_TEST_SUITE_P(Roles, Filtered, testing::Values(Role::daemon, Role::writer));

TEST_F(Filtered, TheDaemonHasNoWayToNetfilter) {
  EXPECT_EQ(WEXITSTATUS(as(Role::daemon, [] { return opens_socket(AF_NETLINK, NETLINK_NETFILTER); })), ENOSYS);
  EXPECT_EQ(as(Role::daemon, [] { return opens_stream(AF_INET6); }), holds);
  EXPECT_EQ(as(Role::daemon, [] { return ::memfd_create("x", 0) >= 0 ? holds : 1; }), holds);
}

TEST_F(Filtered, TheWriterOpensFilesForReadingAlone) {
  const auto opens = [](int flags) {
    return WEXITSTATUS(
        as(Role::writer, [&] { return ::open("/dev/null", flags | O_CLOEXEC, 0600) >= 0 ? holds : errno; }));
  };
  EXPECT_EQ(opens(O_RDONLY), holds);
  EXPECT_EQ(opens(O_RDONLY | O_NOCTTY), holds);
  EXPECT_EQ(opens(O_WRONLY), ENOSYS);
  EXPECT_EQ(opens(O_RDWR), ENOSYS);
  EXPECT_EQ(opens(O_RDONLY | O_CREAT), ENOSYS);
  EXPECT_EQ(opens(O_RDONLY | O_TRUNC), ENOSYS);
  EXPECT_EQ(WEXITSTATUS(as(Role::writer, [] { return opens_stream(AF_INET); })), ENOSYS);
  EXPECT_EQ(WEXITSTATUS(as(Role::writer, [] { return opens_stream(AF_INET6); })), ENOSYS);
}

}  // namespace
}  // namespace ipguard::confine
