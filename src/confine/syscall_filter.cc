#include "confine/syscall_filter.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"

namespace ipguard::confine {

namespace {

// What the C and C++ libraries need for memory, threads, time, signals and their own start and end.
constexpr std::string_view common =
    "_llseek _newselect access arch_prctl brk clock_getres clock_gettime clock_gettime64 clock_nanosleep "
    "clock_nanosleep_time64 close close_range dup dup2 dup3 exit exit_group faccessat faccessat2 fcntl fcntl64 fstat "
    "fstat64 fstatat64 fstatfs fstatfs64 futex futex_time64 getcpu getcwd getdents64 getegid getegid32 geteuid "
    "geteuid32 getgid getgid32 getpid getppid getrandom getresgid getresuid getrlimit getrusage getsockname "
    "getsockopt gettid gettimeofday getuid getuid32 lseek lstat lstat64 madvise membarrier mmap mmap2 mprotect mremap "
    "munmap nanosleep newfstatat pipe2 poll ppoll ppoll_time64 pread64 pselect6 pselect6_time64 read "
    "readlink readlinkat readv recvfrom recvmsg restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask "
    "rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sched_getaffinity sched_yield select sendmmsg "
    "sendmsg sendto set_robust_list set_tid_address setsockopt sigaltstack stat stat64 statfs statfs64 statx sysinfo "
    "time uname wait4 waitid write writev";

// Of these a process needs what concerns itself (raise(3), getrlimit(3)); with another's number they reach every
// process of the same user.
constexpr std::string_view on_processes = "prlimit64 tgkill";

// The loop (libev), sockets that are listened on, inotify, SQLite, files that are made and replaced, capget(2) and
// capset(2), which can only give up.
constexpr std::string_view daemon_only =
    "accept accept4 bind capget capset chmod chown chown32 connect copy_file_range epoll_create epoll_create1 "
    "epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 fadvise64 fadvise64_64 fallocate fchmod fchmodat fchown "
    "fchown32 fchownat fdatasync flock fsync ftruncate ftruncate64 getpeername inotify_add_watch inotify_init1 "
    "inotify_rm_watch lchown lchown32 linkat listen memfd_create mincore mkdir mkdirat mlock msync munlock open openat "
    "prctl preadv preadv2 pwrite64 pwritev pwritev2 recvmmsg recvmmsg_time64 rename renameat renameat2 rmdir seccomp "
    "sendfile sendfile64 setitimer shutdown signalfd4 socketpair splice symlinkat sync_file_range tee timerfd_create "
    "timerfd_gettime timerfd_settime timerfd_settime64 umask unlink unlinkat utimensat utimensat_time64";

// To run a program, and what most programs need besides: they have the same filter.
constexpr std::string_view programs =
    "alarm chdir execve fchdir fork getpgid getpgrp getpriority getsid kill link mkfifo pause pidfd_open pipe setpgid "
    "setsid symlink times utimes vfork";

constexpr std::string_view writer_only = "bind connect listen";

constexpr std::string_view attacks =
    "acct add_key bpf chroot delete_module execveat fanotify_init finit_module fsconfig fsmount fsopen "
    "init_module io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl mknod mknodat mount mount_setattr "
    "move_mount open_by_handle_at open_tree perf_event_open personality pidfd_getfd pivot_root process_madvise "
    "process_vm_readv process_vm_writev ptrace quotactl reboot request_key setdomainname setfsgid setfsuid setgid "
    "setgroups sethostname setns setregid setresgid setresuid setreuid setuid swapoff swapon syslog umount2 unshare "
    "userfaultfd vhangup";

struct Release {
  void operator()(scmp_filter_ctx context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<void, Release>;

std::unexpected<Error> failure(std::string_view what, int result) {
  return fail_errno("cannot confine the process: " + std::string(what), -result);
}

// Calls that this architecture does not have are passed over.
Result<> add_all(const Filter& filter, uint32_t action, std::string_view names) {
  for (const std::string_view each : split(names, ' ')) {
    const std::string name(each);
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR || number < 0) {
      continue;
    }
    if (const int result = seccomp_rule_add(filter.get(), action, number, 0); result != 0 && result != -EEXIST) {
      return failure(name, result);
    }
  }
  return {};
}

Result<> add(const Filter& filter, int number, std::initializer_list<scmp_arg_cmp> arguments,
             uint32_t action = SCMP_ACT_ALLOW) {
  if (number < 0) {
    return {};
  }
  const int result =
      seccomp_rule_add_array(filter.get(), action, number, static_cast<unsigned>(arguments.size()), arguments.begin());
  return result == 0 ? Result<>() : failure("a rule", result);
}

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp differs(unsigned argument, scmp_datum_t value) {
  return {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// Threads, but no namespaces. What clone3(2) asks for stands in memory, where a filter does not see it: the C library
// does without.
Result<> allow_threads(const Filter& filter) {
  constexpr scmp_datum_t namespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  return add(filter, SCMP_SYS(clone), {masked(0, namespaces, 0)});
}

// A terminal is asked whether it is one, a socket how much waits, a descriptor is marked (Python does, which [[notify]]
// of type exec may run); nothing else of ioctl(2).
Result<> allow_questions(const Filter& filter) {
  for (const int request : {TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX}) {
    if (auto done = add(filter, SCMP_SYS(ioctl), {equals(1, static_cast<scmp_datum_t>(request))}); !done) {
      return done;
    }
  }
  return {};
}

// prlimit64(2) knows the process that calls it as 0.
Result<> allow_on_itself(const Filter& filter) {
  auto done = add(filter, SCMP_SYS(tgkill), {equals(0, static_cast<scmp_datum_t>(::getpid()))});
  return done ? add(filter, SCMP_SYS(prlimit64), {equals(0, 0)}) : done;
}

Result<> forbid_on_others(const Filter& filter) {
  constexpr uint32_t unknown = SCMP_ACT_ERRNO(ENOSYS);
  auto done = add(filter, SCMP_SYS(tgkill), {differs(0, static_cast<scmp_datum_t>(::getpid()))}, unknown);
  return done ? add(filter, SCMP_SYS(prlimit64), {differs(0, 0)}, unknown) : done;
}

Result<> allow_daemon(const Filter& filter) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    if (auto done = add(filter, SCMP_SYS(socket), {equals(0, static_cast<scmp_datum_t>(family))}); !done) {
      return done;
    }
  }
  for (const int bus : {NETLINK_ROUTE, NETLINK_SOCK_DIAG}) {
    if (auto done = add(filter, SCMP_SYS(socket), {equals(0, AF_NETLINK), equals(2, static_cast<scmp_datum_t>(bus))});
        !done) {
      return done;
    }
  }
  if (auto done = add_all(filter, SCMP_ACT_ALLOW, daemon_only); !done) {
    return done;
  }
  // Programs have numbers of their own: forbid_programs() takes the rest of these away.
  auto done = add_all(filter, SCMP_ACT_ALLOW, on_processes);
  return done ? add_all(filter, SCMP_ACT_ALLOW, programs) : done;
}

// Every thread at once; as a tree, so that the last call of a long list costs as little as the first.
Filter begin_filter(uint32_t otherwise) {
  Filter filter(seccomp_init(otherwise));
  if (filter) {
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }
  return filter;
}

std::unexpected<Error> no_filter() { return fail("cannot confine the process: libseccomp gives no filter"); }

Result<> load(const Filter& filter) {
  const int result = seccomp_load(filter.get());
  return result == 0 ? Result<>() : failure("the kernel does not take the filter", result);
}

Result<> allow_writer(const Filter& filter) {
  for (const int family : {AF_UNIX, AF_NETLINK}) {
    if (auto done = add(filter, SCMP_SYS(socket), {equals(0, static_cast<scmp_datum_t>(family))}); !done) {
      return done;
    }
  }
  constexpr scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
  if (auto done = add(filter, SCMP_SYS(openat), {masked(2, writes, O_RDONLY)}); !done) {
    return done;
  }
  if (auto done = add(filter, SCMP_SYS(open), {masked(1, writes, O_RDONLY)}); !done) {
    return done;
  }
  auto done = allow_on_itself(filter);
  return done ? add_all(filter, SCMP_ACT_ALLOW, writer_only) : done;
}

}  // namespace

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

Result<> install_filter(Role role) {
  if (sanitized()) {
    return {};
  }
  const Filter filter = begin_filter(SCMP_ACT_ERRNO(ENOSYS));
  if (!filter) {
    return no_filter();
  }
  auto done = add_all(filter, SCMP_ACT_ALLOW, common);
  if (done) {
    done = add_all(filter, SCMP_ACT_KILL_PROCESS, attacks);
  }
  if (done) {
    done = allow_threads(filter);
  }
  if (done) {
    done = allow_questions(filter);
  }
  if (done) {
    done = role == Role::daemon ? allow_daemon(filter) : allow_writer(filter);
  }
  if (done && role == Role::writer) {
    done = add_all(filter, SCMP_ACT_KILL_PROCESS, "execve");
  }
  return done ? load(filter) : done;
}

Result<> forbid_programs() {
  if (sanitized()) {
    return {};
  }
  const Filter filter = begin_filter(SCMP_ACT_ALLOW);  // of two filters the stricter one holds: seccomp(2)
  if (!filter) {
    return no_filter();
  }
  auto done = add_all(filter, SCMP_ACT_KILL_PROCESS, "execve");
  if (done) {
    done = add_all(filter, SCMP_ACT_ERRNO(ENOSYS), programs);
  }
  if (done) {
    done = forbid_on_others(filter);
  }
  return done ? load(filter) : done;
}

}  // namespace ipguard::confine
