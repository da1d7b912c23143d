#include "enforce/netlink_socket.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace ipguard::enforce {

namespace {

constexpr size_t receive_size = size_t{1}
                                << 16;  // the kernel fills at most 32 kB a message (af_netlink.c, netlink_recvmsg)
constexpr int receive_queue = 8 << 20;  // bytes of answers the kernel may queue: one error each for 8,000 messages
constexpr int dump_attempts = 20;

// Beyond net.core.rmem_max and wmem_max with CAP_NET_ADMIN, up to them without.
void set_queue(int fd, int forced, int option, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes);
  }
}

// The messages of a datagram. (mnl_nlmsg_ok() would take a length over INT_MAX for a negative one, and go on with it.)
class Messages {
 public:
  Messages(const std::vector<char>& buffer, size_t size) : rest_(buffer.data(), size) {}
  // Null behind the last whole one.
  const nlmsghdr* next() {
    if (rest_.size() < sizeof(nlmsghdr)) {
      return nullptr;
    }
    const auto* message = reinterpret_cast<const nlmsghdr*>(rest_.data());
    if (message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > rest_.size()) {
      return nullptr;
    }
    rest_.remove_prefix(std::min<size_t>(NLMSG_ALIGN(message->nlmsg_len), rest_.size()));
    return message;
  }

 private:
  std::string_view rest_;
};

// The kernel sends errno values negated, up to MAX_ERRNO of linux/err.h.
int errno_in(const nlmsgerr& answer) { return answer.error < 0 && answer.error >= -4095 ? -answer.error : EPROTO; }

// What an error says in words. Behind the error comes the message it is about, of which NETLINK_CAP_ACK leaves the
// header alone, then the attributes.
std::string words_of(const nlmsghdr& message) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return {};
  }
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  const size_t about = (message.nlmsg_flags & NLM_F_CAPPED) != 0 ? 0 : error->msg.nlmsg_len - sizeof(nlmsghdr);
  std::string words;
  const auto take = [](const nlattr* attribute, void* result) {
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
      *static_cast<std::string*>(result) = mnl_attr_get_str(attribute);
    }
    return MNL_CB_OK;
  };
  if (error->msg.nlmsg_len >= sizeof(nlmsghdr) && sizeof(nlmsgerr) + about <= mnl_nlmsg_get_payload_len(&message)) {
    mnl_attr_parse(&message, static_cast<unsigned>(sizeof(nlmsgerr) + about), take, &words);
  }
  return words;
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open(int bus, uint32_t groups) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, bus));
  if (!fd.valid()) {
    return fail_errno("cannot open a netlink socket", errno);
  }
  const int on = 1;
  // Errors come without a copy of the message they are about; not vital where the kernel lacks it (before 4.2).
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);  // errors come with words (since 4.12)
  set_queue(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, receive_queue);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("cannot bind a netlink socket", errno);
  }
  NetlinkSocket result(std::move(fd));
  result.buffer_.resize(receive_size);
  return result;
}

uint32_t NetlinkSocket::port() const {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  return getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.nl_pid : 0;
}

Result<> NetlinkSocket::send(const char* data, size_t size) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const ssize_t sent = sendto(fd_.get(), data, size, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) {
      return {};
    }
    if (errno != EINTR) {
      return fail_errno("cannot send to the kernel", errno);
    }
  }
}

NetlinkSocket::Received NetlinkSocket::receive(size_t& size) {
  for (;;) {
    sockaddr_nl from{};
    iovec part{buffer_.data(), buffer_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t got = recvmsg(fd_.get(), &message, MSG_DONTWAIT);
    if (got >= 0) {
      if (from.nl_pid != 0) {
        continue;  // not from the kernel: another process may write to our port
      }
      size = static_cast<size_t>(got);
      return (message.msg_flags & MSG_TRUNC) != 0 ? Received::overrun : Received::data;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno == ENOBUFS) {
      return Received::overrun;
    }
    return errno == EAGAIN ? Received::nothing : Received::failed;
  }
}

void NetlinkSocket::discard_pending() {
  size_t size = 0;
  for (;;) {
    const Received received = receive(size);
    if (received == Received::nothing || received == Received::failed) {
      return;
    }
  }
}

Result<NetlinkSocket::Dump> NetlinkSocket::collect(uint32_t sequence, std::string_view what,
                                                   const OnMessage& on_message) {
  bool interrupted = false;
  for (;;) {
    size_t size = 0;
    switch (receive(size)) {
      case Received::data:
        break;
      case Received::overrun:
        discard_pending();
        return Dump::interrupted;
      case Received::nothing:
        return fail(std::string(what) + ": the kernel gave no complete answer");
      case Received::failed:
        return fail_errno(what, errno);
    }
    Messages messages(buffer_, size);
    while (const nlmsghdr* header = messages.next()) {
      if (header->nlmsg_seq != sequence) {
        continue;
      }
      interrupted = interrupted || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (header->nlmsg_type == NLMSG_DONE) {
        return interrupted ? Dump::interrupted : Dump::complete;
      }
      if (header->nlmsg_type != NLMSG_ERROR) {
        on_message(*header);
        if (abandoned_) {
          return Dump::complete;
        }
        continue;
      }
      if (mnl_nlmsg_get_payload_len(header) < sizeof(nlmsgerr)) {
        return fail(std::string(what) + ": the kernel's answer is too short");
      }
      const auto* answer = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
      if (answer->error == 0) {
        return interrupted ? Dump::interrupted : Dump::complete;
      }
      if (answer->error == -EINTR || answer->error == -EAGAIN) {
        return Dump::interrupted;
      }
      return fail_errno(what, errno_in(*answer));
    }
  }
}

Result<> NetlinkSocket::ask(nlmsghdr& request, std::string_view what, const OnMessage& on_message,
                            const OnRestart& on_restart) {
  for (int attempt = 0; attempt < dump_attempts; ++attempt) {
    discard_pending();
    request.nlmsg_seq = next_sequence();
    if (auto sent = send(reinterpret_cast<const char*>(&request), request.nlmsg_len); !sent) {
      return std::unexpected(add_context(sent, what));
    }
    auto dump = collect(request.nlmsg_seq, what, on_message);
    if (!dump) {
      return std::unexpected(std::move(dump.error()));
    }
    if (*dump == Dump::complete) {
      return {};
    }
    if (on_restart) {
      on_restart();
    }
  }
  return fail(Errc::busy, std::string(what) + ": it changes faster than it can be read");
}

Result<NetlinkSocket::BatchAnswer> NetlinkSocket::send_batch(const std::string& messages, const OnMessage& on_message) {
  discard_pending();
  // A batch is one datagram; the kernel refuses (EMSGSIZE) what does not fit into the send queue.
  const auto needed = static_cast<int>(std::min<size_t>(messages.size() + 4096, INT32_MAX / 2));
  set_queue(fd_.get(), SO_SNDBUFFORCE, SO_SNDBUF, std::max(needed, 1 << 18));
  if (auto sent = send(messages.data(), messages.size()); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  BatchAnswer answer;
  for (;;) {
    size_t size = 0;
    const Received received = receive(size);
    if (received == Received::nothing) {
      return answer;
    }
    if (received == Received::failed) {
      return fail_errno("cannot read the kernel's answer", errno);
    }
    if (received == Received::overrun) {
      answer.overrun = true;
      continue;
    }
    Messages answers(buffer_, size);
    while (const nlmsghdr* header = answers.next()) {
      if (header->nlmsg_type != NLMSG_ERROR) {
        if (on_message) {
          on_message(*header);
        }
        continue;
      }
      if (mnl_nlmsg_get_payload_len(header) < sizeof(nlmsgerr)) {
        continue;
      }
      const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
      if (error->error == 0) {
        answer.acknowledged = true;
      } else {
        answer.errors.push_back({header->nlmsg_seq, errno_in(*error), words_of(*header)});
      }
    }
  }
}

bool NetlinkSocket::drain(const OnMessage& on_message) {
  bool complete = true;
  size_t size = 0;
  for (;;) {
    const Received received = receive(size);
    if (received == Received::overrun) {
      complete = false;
      continue;
    }
    if (received != Received::data) {
      return complete && received == Received::nothing;
    }
    Messages messages(buffer_, size);
    while (const nlmsghdr* header = messages.next()) {
      on_message(*header);
    }
  }
}

Result<> NetlinkSocket::set_membership(uint32_t group, bool member) const {
  if (setsockopt(fd_.get(), SOL_NETLINK, member ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
                 sizeof group) != 0) {
    return fail_errno("cannot change the groups of a netlink socket", errno);
  }
  return {};
}

}  // namespace ipguard::enforce
