// A netlink(7) socket that never blocks and never throws: questions, dumps, batches and notifications.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

struct nlmsghdr;

namespace ipguard::enforce {

// The kernel handles a request within sendmsg(2), so its answers are there when that returns; nothing here waits.
// Owned by the loop thread; movable.
class NetlinkSocket {
 public:
  using OnMessage = std::function<void(const nlmsghdr&)>;
  using OnRestart = std::function<void()>;

  // What the kernel said to the messages of a batch.
  struct MessageError {
    uint32_t sequence = 0;
    int error_number = 0;  // errno value
    std::string words;     // the kernel's own (NLMSGERR_ATTR_MSG), where it has any
  };
  struct BatchAnswer {
    std::vector<MessageError> errors;
    bool acknowledged = false;  // the message that asked for an acknowledgement has it
    bool overrun = false;       // ENOBUFS: some answers were lost
  };

  // `bus` is NETLINK_NETFILTER, NETLINK_ROUTE or NETLINK_SOCK_DIAG; `groups` the legacy multicast mask.
  [[nodiscard]] static Result<NetlinkSocket> open(int bus, uint32_t groups = 0);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The port that the kernel gave this socket: notifications of what it changes carry it (nlmsg_pid).
  [[nodiscard]] uint32_t port() const;
  [[nodiscard]] uint32_t next_sequence() { return sequence_ = sequence_ == UINT32_MAX ? 1 : sequence_ + 1; }

  // Sends `request` (its sequence number is set here) and hands each answer to `on_message`. A dump that the kernel
  // calls inconsistent (NLM_F_DUMP_INTR) starts again after `on_restart`, a bounded number of times. Errc::not_found
  // for ENOENT, Errc::permission for EPERM; `what` is the error's context.
  [[nodiscard]] Result<> ask(nlmsghdr& request, std::string_view what, const OnMessage& on_message,
                             const OnRestart& on_restart = {});
  // For an `on_message` that has seen enough: ask() returns without the rest of the dump. The socket is of no use for
  // anything else afterwards.
  void abandon() { abandoned_ = true; }
  // Sends complete messages in one system call and collects what comes back; answers that are no errors go to
  // `on_message`, if there is one.
  [[nodiscard]] Result<BatchAnswer> send_batch(const std::string& messages, const OnMessage& on_message = {});
  // Hands over pending notifications. False if some were lost (ENOBUFS): look at everything again.
  bool drain(const OnMessage& on_message);
  // Joins or leaves a multicast group.
  [[nodiscard]] Result<> set_membership(uint32_t group, bool member) const;

 private:
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] Result<> send(const char* data, size_t size) const;
  enum class Received { data, nothing, overrun, failed };
  [[nodiscard]] Received receive(size_t& size);
  enum class Dump { complete, interrupted };
  [[nodiscard]] Result<Dump> collect(uint32_t sequence, std::string_view what, const OnMessage& on_message);
  void discard_pending();

  UniqueFd fd_;
  bool abandoned_ = false;
  uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

}  // namespace ipguard::enforce
