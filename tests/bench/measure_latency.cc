// measure_latency IPGUARDD CONFIG LOG BANS: starts the daemon, appends one deciding line at a time and waits for the
// kernel's notification (NFNLGRP_NFTABLES) that the element is committed. Prints p50, p90, p99 and the worst.
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"

namespace {

using Clock = std::chrono::steady_clock;

int is_new_element(const nlmsghdr* header, void* data) {
  if (header->nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWSETELEM)) {
    *static_cast<bool*>(data) = true;
  }
  return MNL_CB_OK;
}

// Waits for a new set element; false after `milliseconds`.
bool wait_for_element(mnl_socket* socket, int milliseconds) {
  std::array<char, 65536> buffer{};
  bool seen = false;
  pollfd waiter{.fd = mnl_socket_get_fd(socket), .events = POLLIN, .revents = 0};
  while (!seen) {
    if (::poll(&waiter, 1, milliseconds) <= 0) {
      return false;
    }
    const auto size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (size > 0) {
      mnl_cb_run(buffer.data(), static_cast<size_t>(size), 0, 0, is_new_element, &seen);
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: measure_latency IPGUARDD CONFIG LOG BANS\n", stderr);
    return 2;
  }
  mnl_socket* socket = mnl_socket_open(NETLINK_NETFILTER);
  if (socket == nullptr || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) {
    std::perror("netlink");
    return 1;
  }
  int group = NFNLGRP_NFTABLES;
  mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    ::execl(argv[1], argv[1], "-c", argv[2], static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  const ipguard::UniqueFd log(::open(argv[3], O_WRONLY | O_APPEND | O_CLOEXEC));
  const auto bans = std::strtoul(argv[4], nullptr, 10);
  const auto stamp = ipguard::format_rfc3339(ipguard::wall_clock_now()).substr(0, 19) + "+00:00";
  std::vector<double> microseconds;
  // The first bans find out when the daemon is up and warm it; they are not counted.
  for (unsigned long i = 0; microseconds.size() < bans && i < bans + 200; ++i) {
    std::array<char, 128> line{};
    const int length = std::snprintf(line.data(), line.size(), "%s host bench[1]: first hit from 198.18.%lu.%lu\n",
                                     stamp.c_str(), i >> 8, i & 255);
    const auto begin = Clock::now();
    if (::write(log.get(), line.data(), static_cast<size_t>(length)) != length) {
      std::perror("write");
      break;
    }
    const bool seen = wait_for_element(socket, 500);
    if (seen && i >= 50) {
      microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));  // a real log pauses too
  }
  ::kill(daemon, SIGTERM);
  ::waitpid(daemon, nullptr, 0);
  mnl_socket_close(socket);
  if (microseconds.size() < bans) {
    std::fprintf(stderr, "only %zu of %lu bans were seen\n", microseconds.size(), bans);
    return 1;
  }
  std::ranges::sort(microseconds);
  const auto at = [&](double share) {
    return microseconds[static_cast<size_t>(share * static_cast<double>(microseconds.size() - 1))] / 1000;
  };
  std::printf("write() to element in the kernel, %zu bans: p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, worst %.3f ms\n",
              microseconds.size(), at(0.5), at(0.9), at(0.99), at(1));
  return 0;
}
