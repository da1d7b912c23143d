// links: writer
// What the kernel answers over netlink, and what it tells of unasked: never a crash, nothing read behind what came.
// The first byte says what is asked; then come datagrams: flags (see Datagram), the place of the answered message in
// what was sent, the length in two bytes, the bytes.
#include <linux/netlink.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "enforce/host_network.h"
#include "enforce/nft_sets.h"
#include "enforce/ssh_connections.h"
#include "require.h"
#include "writer/connection_ender.h"
#include "writer/nft_queries.h"
#include "writer/nft_set_queries.h"
#include "writer/ruleset_watch.h"

namespace {

using namespace ipguard;
using namespace ipguard::enforce;
using namespace ipguard::writer;
using fuzz::require;

// Stands for the kernel behind every netlink socket of this program.
class Kernel {
 public:
  void begin(std::string_view datagrams, bool unasked) {
    left_ = datagrams;
    answering_ = unasked;
  }
  void take_question(const void* data, size_t size) {
    require(size >= sizeof(nlmsghdr));
    nlmsghdr first{};
    std::memcpy(&first, data, sizeof first);
    asked_ = first.nlmsg_seq;
    answering_ = true;
  }
  ssize_t answer(msghdr& message) {
    constexpr size_t header = 4;
    if (!answering_ || left_.size() < header) {
      errno = EAGAIN;
      return -1;
    }
    const auto byte = [this](size_t i) { return static_cast<uint8_t>(left_[i]); };
    const uint8_t flags = byte(0);
    const uint32_t sequence = asked_ + byte(1);
    const size_t length = std::min<size_t>(byte(2) | size_t{byte(3)} << 8U, left_.size() - header);
    const std::string_view bytes = left_.substr(header, length);
    left_.remove_prefix(header + length);
    answering_ = (flags & Datagram::ends_the_answer) == 0;
    if ((flags & Datagram::overrun) != 0) {
      errno = ENOBUFS;
      return -1;
    }
    static_cast<sockaddr_nl*>(message.msg_name)->nl_pid = (flags & Datagram::from_a_process) != 0 ? 4711 : 0;
    message.msg_flags = (flags & Datagram::cut) != 0 ? MSG_TRUNC : 0;
    return deliver(bytes, message.msg_iov[0], (flags & Datagram::own_sequence) == 0 ? &sequence : nullptr);
  }

 private:
  enum Datagram : uint8_t { own_sequence = 1, from_a_process = 2, cut = 4, overrun = 8, ends_the_answer = 16 };

  ssize_t deliver(std::string_view bytes, const iovec& to, const uint32_t* sequence) {
    ASAN_UNPOISON_MEMORY_REGION(to.iov_base, to.iov_len);
    require(bytes.size() <= to.iov_len);
    std::memcpy(to.iov_base, bytes.data(), bytes.size());
    if (sequence != nullptr) {
      set_sequences(static_cast<char*>(to.iov_base), bytes.size(), *sequence);
    }
    ASAN_POISON_MEMORY_REGION(static_cast<char*>(to.iov_base) + bytes.size(), to.iov_len - bytes.size());
    return static_cast<ssize_t>(bytes.size());
  }

  static void set_sequences(char* messages, size_t size, uint32_t sequence) {
    nlmsghdr header{};
    for (size_t at = 0; at + sizeof header <= size; at += NLMSG_ALIGN(header.nlmsg_len)) {
      std::memcpy(&header, messages + at, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) {
        return;
      }
      header.nlmsg_seq = sequence;
      std::memcpy(messages + at, &header, sizeof header);
    }
  }

  std::string_view left_;
  uint32_t asked_ = 0;
  bool answering_ = false;
};

Kernel& kernel() {
  static Kernel instance;
  return instance;
}

NetlinkSocket& asking() {
  static NetlinkSocket socket = [] {
    auto opened = NetlinkSocket::open(NETLINK_ROUTE);
    require(opened.has_value());
    return std::move(*opened);
  }();
  return socket;
}

net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

void check_elements(const Result<std::vector<KernelElement>>& elements) {
  if (elements) {
    require(std::ranges::is_sorted(*elements, {}, &KernelElement::first));
  }
}

void ask_for_elements(uint8_t choice) {
  check_elements(list_set(asking(), choice % set_count));
  const std::array<model::SetElement, 2> elements = {
      model::SetElement{.scope = model::Scope::address, .prefix = prefix("192.0.2.1"), .until = {}},
      model::SetElement{.scope = model::Scope::route, .prefix = prefix("2001:db8::/32"), .until = {}}};
  const auto counters = read_element_counters(asking(), elements);
  require(!counters || counters->size() == elements.size());
}

// What goes to the kernel's tables of connections, and what is unasked for.
void ask(uint8_t choice) {
  static RulesetWatch watch(4712);
  switch (choice % 8) {
    case 0:
      static_cast<void>(table_state(asking()));
      break;
    case 1:
      static_cast<void>(check_shapes(asking(), (choice & 8U) != 0));
      break;
    case 2:
      static_cast<void>(read_counters(asking()));
      static_cast<void>(ruleset_generation(asking()));
      break;
    case 3:
      ask_for_elements(choice / 8);
      break;
    case 4:
      static_cast<void>(default_gateways(asking()));
      break;
    case 5:
      static_cast<void>(tcp_by_sock_diag(asking(), TcpState::established, {22}));
      break;
    case 6:
      static_cast<void>(end_connections(asking(), {prefix("192.0.2.0/24"), prefix("2001:db8::/32")}));
      break;
    default:
      static_cast<void>(watch.drain());
      require(!watch.culprit().empty());
      break;
  }
}

void hear(std::string_view datagrams) {
  kernel().begin(datagrams, true);
  static_cast<void>(asking().drain([](const nlmsghdr& message) { static_cast<void>(concerns_protection(message)); }));
}

}  // namespace

// In place of the C library's: these two are all that NetlinkSocket speaks through.
extern "C" ssize_t recvmsg(int /*fd*/, msghdr* message, int /*flags*/) { return kernel().answer(*message); }
extern "C" ssize_t sendto(int /*fd*/, const void* data, size_t size, int /*flags*/, const sockaddr* /*to*/,
                          socklen_t /*to_size*/) {
  kernel().take_question(data, size);
  return static_cast<ssize_t>(size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view datagrams(reinterpret_cast<const char*>(data) + 1, size - 1);
  kernel().begin(datagrams, data[0] % 8 == 7);
  ask(data[0]);
  hear(datagrams);
  return 0;
}
