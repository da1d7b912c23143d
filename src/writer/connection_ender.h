// ConnectionEnder: deletes the entries of the banned from the kernel's table of connections (conntrack).
//
// Packets of the banned are dropped, whatever connection they belong to. An entry left behind still has effects: a
// flow table passes an offloaded connection around every chain until its entry goes, NAT keeps a port for it, and a
// full table turns others away.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "enforce/enforcer.h"
#include "enforce/netlink_socket.h"
#include "net/prefix.h"

namespace ipguard::writer {

// The table can only be searched by walking all of it (100 ms for 100,000 connections): that is done by a thread of its
// own, 0.2 s after the last of the bans that come together (2 s at most), once for all of them. Used by the loop
// thread; works in the network namespace that it is made in.
class ConnectionEnder {
 public:
  // Prefixes that may wait; what comes on top is counted as skipped.
  static constexpr size_t most_waiting = 1'000'000;

  ConnectionEnder();
  ConnectionEnder(const ConnectionEnder&) = delete;
  ConnectionEnder& operator=(const ConnectionEnder&) = delete;
  ~ConnectionEnder();

  // Ends what connects to or comes from these; returns at once.
  void end(const std::vector<model::SetElement>& banned);
  [[nodiscard]] enforce::ConnectionCounters counters() const;

 private:
  void run();

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<net::Prefix> waiting_;
  enforce::ConnectionCounters counters_;
  std::thread thread_;  // started with the first ban
};

// The work itself: walks the table, deletes every entry of which one end lies in `banned`, and returns how many.
// Errc::not_found when the kernel has no conntrack.
[[nodiscard]] Result<uint64_t> end_connections(enforce::NetlinkSocket& socket, const std::vector<net::Prefix>& banned);

}  // namespace ipguard::writer
