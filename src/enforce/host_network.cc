#include "enforce/host_network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "enforce/address_bytes.h"

namespace ipguard::enforce {

namespace {

constexpr size_t most_gateways = 256;
constexpr size_t most_resolvers = 64;
constexpr uint64_t largest_resolv_conf = 1 << 20;

std::optional<net::Address> address_in(const sockaddr* socket_address) {
  if (socket_address == nullptr) {
    return std::nullopt;
  }
  if (socket_address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket_address, sizeof v4);
    return address_of(&v4.sin_addr, sizeof v4.sin_addr);
  }
  if (socket_address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket_address, sizeof v6);
    return address_of(&v6.sin6_addr, sizeof v6.sin6_addr);
  }
  return std::nullopt;
}

// Attributes and next hops are walked by hand, with their lengths checked first.
class GatewayCollector {
 public:
  void add_route(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) {
      return;
    }
    const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    if (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST) {
      return;
    }
    const auto* attributes = static_cast<const char*>(mnl_nlmsg_get_payload_offset(&message, sizeof(rtmsg)));
    add_attributes(attributes, mnl_nlmsg_get_payload_len(&message) - NLMSG_ALIGN(sizeof(rtmsg)));
  }
  [[nodiscard]] std::vector<ProtectedPrefix> take() { return std::move(gateways_); }
  void clear() { gateways_.clear(); }

 private:
  void add_attributes(const char* data, size_t size) {
    while (size >= sizeof(nlattr)) {
      const auto* attribute = reinterpret_cast<const nlattr*>(data);
      if (!mnl_attr_ok(attribute, static_cast<int>(size))) {
        return;
      }
      add_attribute(*attribute);
      const size_t step = std::min<size_t>(NLMSG_ALIGN(size_t{attribute->nla_len}), size);
      data += step;
      size -= step;
    }
  }

  void add_attribute(const nlattr& attribute) {
    const auto* payload = static_cast<const char*>(mnl_attr_get_payload(&attribute));
    const size_t length = mnl_attr_get_payload_len(&attribute);
    switch (mnl_attr_get_type(&attribute)) {
      case RTA_GATEWAY:
        add(payload, length);
        break;
      case RTA_VIA:  // a gateway of the other family: struct rtvia
        if (length > sizeof(rtvia)) {
          add(payload + sizeof(rtvia), length - sizeof(rtvia));
        }
        break;
      case RTA_MULTIPATH:
        add_next_hops(payload, length);
        break;
      default:
        break;
    }
  }

  void add_next_hops(const char* data, size_t size) {
    while (size >= sizeof(rtnexthop)) {
      rtnexthop hop{};
      std::memcpy(&hop, data, sizeof hop);
      if (hop.rtnh_len < sizeof hop || hop.rtnh_len > size) {
        return;
      }
      add_attributes(data + sizeof hop, hop.rtnh_len - sizeof hop);
      const size_t step = std::min<size_t>(NLMSG_ALIGN(size_t{hop.rtnh_len}), size);
      data += step;
      size -= step;
    }
  }

  void add(const char* bytes, size_t length) {
    const auto gateway = address_of(bytes, length);
    if (gateway && gateways_.size() < most_gateways) {
      gateways_.push_back({net::Prefix(*gateway), "default gateway"});
    }
  }

  std::vector<ProtectedPrefix> gateways_;
};

}  // namespace

std::vector<ProtectedPrefix> always_protected() {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> known = {{
      {"127.0.0.0/8", "loopback"},
      {"::1/128", "loopback"},
      {"fe80::/10", "link-local addresses (neighbour discovery)"},
      {"0.0.0.0/32", "the unspecified address"},
      {"::/128", "the unspecified address"},
      {"224.0.0.0/4", "multicast"},
      {"ff00::/8", "multicast"},
      {"255.255.255.255/32", "broadcast"},
  }};
  std::vector<ProtectedPrefix> result;
  for (const auto& [text, reason] : known) {
    if (auto prefix = net::Prefix::parse(text)) {
      result.push_back({*prefix, std::string(reason)});
    }
  }
  return result;
}

Result<std::vector<ProtectedPrefix>> own_addresses() {
  ifaddrs* head = nullptr;
  if (getifaddrs(&head) != 0) {
    return fail_errno("cannot read the host's addresses", errno);
  }
  const auto release = [](ifaddrs* list) { freeifaddrs(list); };
  const std::unique_ptr<ifaddrs, decltype(release)> all(head, release);
  std::vector<ProtectedPrefix> result;
  for (const ifaddrs* entry = head; entry != nullptr; entry = entry->ifa_next) {
    if (const auto address = address_in(entry->ifa_addr)) {
      result.push_back({net::Prefix(*address), "own address on " + printable(entry->ifa_name)});
    }
  }
  return result;
}

Result<std::vector<ProtectedPrefix>> default_gateways(NetlinkSocket& route_socket) {
  std::vector<ProtectedPrefix> result;
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
    GatewayCollector collector;
    alignas(NLMSG_ALIGNTO) std::array<char, NLMSG_HDRLEN + sizeof(rtmsg)> bytes{};
    nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
    request->nlmsg_type = RTM_GETROUTE;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
    route->rtm_family = family;
    auto asked = route_socket.ask(
        *request, "cannot read the routing table", [&](const nlmsghdr& message) { collector.add_route(message); },
        [&] { collector.clear(); });
    if (!asked) {
      return std::unexpected(std::move(asked.error()));
    }
    std::ranges::move(collector.take(), std::back_inserter(result));
  }
  return result;
}

bool concerns_protection(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return true;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg) ||
             static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message))->rtm_dst_len == 0;
    default:
      return false;
  }
}

std::vector<net::Address> parse_resolv_conf(std::string_view text) {
  constexpr std::string_view keyword = "nameserver";
  std::vector<net::Address> result;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (!line.starts_with(keyword)) {
      continue;
    }
    line.remove_prefix(keyword.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '\t')) {
      continue;
    }
    line = trim(line);
    line = line.substr(0, line.find_first_of(" \t#;"));
    const auto address = net::Address::parse(line);
    if (address && result.size() < most_resolvers) {
      result.push_back(*address);
    }
  }
  return result;
}

std::vector<ProtectedPrefix> resolvers(const std::vector<std::string>& paths) {
  std::vector<ProtectedPrefix> result;
  for (const std::string& path : paths) {
    const auto text = read_file(path, largest_resolv_conf);
    if (!text) {
      continue;
    }
    for (const net::Address& address : parse_resolv_conf(*text)) {
      result.push_back({net::Prefix(address), "resolver of " + path});
    }
  }
  return result;
}

}  // namespace ipguard::enforce
