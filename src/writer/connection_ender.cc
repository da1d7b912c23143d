#include "writer/connection_ender.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "enforce/address_bytes.h"
#include "net/prefix_set.h"
#include "net/prefix_table.h"
#include "writer/attributes.h"

namespace ipguard::writer {

namespace {

constexpr size_t most_at_once = 1000;  // deletions a system call
constexpr std::chrono::milliseconds pause{200};
constexpr int most_pauses = 10;
// A deletion: headers, a tuple (IPv6, some 100 bytes), zone, id. A longer one is none that we know.
constexpr size_t most_bytes = 512;

nlmsghdr* put_header(char* buffer, uint16_t type, uint16_t flags, int family) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
  header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  auto* general = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  general->nfgen_family = static_cast<uint8_t>(family);
  general->version = NFNETLINK_V0;
  general->res_id = 0;
  return header;
}

std::optional<net::Address> source_of(const nlattr* tuple) {
  const Attributes ip = Attributes::of(tuple).nest(CTA_TUPLE_IP);
  for (const uint16_t type : {CTA_IP_V4_SRC, CTA_IP_V6_SRC}) {
    if (ip.at(type) != nullptr) {
      return enforce::address_of(ip.bytes(type).data(), ip.bytes(type).size());
    }
  }
  return std::nullopt;
}

// The entries to delete, as complete messages.
class Deletions {
 public:
  explicit Deletions(enforce::NetlinkSocket& socket) : socket_(socket) {}

  // By the tuple as the kernel told it, and the entry's number: a new connection of the same ends is another one.
  void add(const Attributes& entry, int family) {
    const std::string_view tuple = entry.bytes(CTA_TUPLE_ORIG);
    if (tuple.size() > most_bytes / 2) {
      return;
    }
    alignas(NLMSG_ALIGNTO) std::array<char, most_bytes> buffer{};
    nlmsghdr* header = put_header(buffer.data(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family);
    mnl_attr_put(header, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple.size(), tuple.data());
    for (const uint16_t type : {CTA_ZONE, CTA_ID}) {
      const std::string_view number = entry.bytes(type);
      if (!number.empty() && number.size() <= sizeof(uint32_t)) {
        mnl_attr_put(header, type, number.size(), number.data());
      }
    }
    messages_.emplace_back(buffer.data(), NLMSG_ALIGN(header->nlmsg_len));
  }

  // How many are gone. One that was gone before (ENOENT) does not count.
  Result<uint64_t> send() {
    uint64_t deleted = 0;
    for (size_t begin = 0; begin < messages_.size(); begin += most_at_once) {
      std::string batch;
      const size_t end = std::min(begin + most_at_once, messages_.size());
      for (size_t i = begin; i < end; ++i) {
        reinterpret_cast<nlmsghdr*>(messages_[i].data())->nlmsg_seq = socket_.next_sequence();
        batch += messages_[i];
      }
      auto answer = socket_.send_batch(batch);
      if (!answer) {
        return std::unexpected(std::move(answer.error()));
      }
      deleted += end - begin - std::min(answer->errors.size(), end - begin);
      for (const auto& error : answer->errors) {
        if (error.error_number != ENOENT) {
          return fail_errno("cannot delete connections", error.error_number);
        }
      }
    }
    return deleted;
  }

 private:
  enforce::NetlinkSocket& socket_;
  std::vector<std::string> messages_;
};

}  // namespace

Result<uint64_t> end_connections(enforce::NetlinkSocket& socket, const std::vector<net::Prefix>& banned) {
  net::PrefixTable<net::Nothing> prefixes;
  std::array<bool, 2> wanted{};
  for (const net::Prefix& prefix : banned) {
    prefixes.put(prefix, {});
    wanted.at(prefix.family() == net::Family::ipv4 ? 0 : 1) = true;
  }
  const auto is_banned = [&prefixes](const std::optional<net::Address>& address) {
    return address && prefixes.longest_covering(net::Prefix(*address));
  };
  uint64_t ended = 0;
  for (const int family : {AF_INET, AF_INET6}) {
    if (!wanted.at(family == AF_INET ? 0 : 1)) {
      continue;
    }
    Deletions deletions(socket);
    alignas(NLMSG_ALIGNTO) std::array<char, 64> question{};
    auto asked =
        socket.ask(*put_header(question.data(), IPCTNL_MSG_CT_GET, NLM_F_DUMP, family), "cannot list connections",
                   [&](const nlmsghdr& message) {
                     const Attributes entry = Attributes::of(message);
                     // Who began it, and who answers (behind NAT, an address of neither tuple's other end).
                     if (entry.at(CTA_TUPLE_ORIG) != nullptr && (is_banned(source_of(entry.at(CTA_TUPLE_ORIG))) ||
                                                                 is_banned(source_of(entry.at(CTA_TUPLE_REPLY))))) {
                       deletions.add(entry, family);
                     }
                   });
    if (!asked) {
      return std::unexpected(std::move(asked.error()));
    }
    auto deleted = deletions.send();
    if (!deleted) {
      return deleted;
    }
    ended += *deleted;
  }
  return ended;
}

ConnectionEnder::ConnectionEnder() = default;

ConnectionEnder::~ConnectionEnder() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void ConnectionEnder::end(const std::vector<model::SetElement>& banned) {
  if (banned.empty()) {
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    const size_t taken = std::min(banned.size(), most_waiting - waiting_.size());
    for (size_t i = 0; i < taken; ++i) {
      waiting_.push_back(banned[i].prefix);
    }
    counters_.skipped += banned.size() - taken;
  }
  if (thread_.joinable()) {
    wake_.notify_one();
  } else {
    thread_ = std::thread([this] { run(); });
  }
}

enforce::ConnectionCounters ConnectionEnder::counters() const {
  const std::scoped_lock lock(mutex_);
  return counters_;
}

void ConnectionEnder::run() {
  std::optional<enforce::NetlinkSocket> socket;
  for (;;) {
    std::vector<net::Prefix> banned;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      // A feed comes in portions: the walk begins when there was nothing new for a moment.
      for (int i = 0; i < most_pauses && !stopping_; ++i) {
        const size_t before = waiting_.size();
        if (!wake_.wait_for(lock, pause, [&] { return stopping_ || waiting_.size() != before; })) {
          break;
        }
      }
      if (stopping_) {
        return;
      }
      banned.swap(waiting_);
    }
    Result<uint64_t> ended = 0;
    if (!socket) {
      auto opened = enforce::NetlinkSocket::open(NETLINK_NETFILTER);
      if (opened) {
        socket = std::move(*opened);
      } else {
        ended = std::unexpected(std::move(opened.error()));
      }
    }
    if (socket) {
      ended = end_connections(*socket, banned);
    }
    const std::string problem = ended ? std::string() : ended.error().message;
    const std::scoped_lock lock(mutex_);
    counters_.ended += ended.value_or(0);
    if (!problem.empty() && problem != counters_.problem) {
      log_warning("connections of the banned stay in the kernel's table: " + problem);
    }
    counters_.problem = problem;
  }
}

}  // namespace ipguard::writer
