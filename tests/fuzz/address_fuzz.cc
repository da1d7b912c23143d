// links: net
// Addresses, prefixes, AS numbers, durations, times and sizes as text: never a crash, agreement with inet_pton(3), and
// what was parsed is written so that it parses to the same.
#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/time.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/endpoint.h"
#include "net/prefix.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

std::optional<net::Address> by_the_c_library(const std::string& text) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
    return net::Address::from_ipv4(ntohl(ipv4.s_addr));
  }
  std::array<uint8_t, 16> ipv6{};
  if (::inet_pton(AF_INET6, text.c_str(), ipv6.data()) == 1) {
    return net::Address::from_ipv6(ipv6);
  }
  return std::nullopt;
}

void check_address(const std::string& text) {
  const auto address = net::Address::parse(text);
  if (text.find('\0') == std::string::npos && text.find('%') == std::string::npos) {
    require(address == by_the_c_library(text));
  }
  const auto logged = net::Address::parse_logged(text);
  require(!address || logged == address);
  if (logged) {
    require(net::Address::parse(logged->to_string()) == *logged);
  }
}

void check_prefix(std::string_view text) {
  const auto prefix = net::Prefix::parse(text);
  if (prefix) {
    require(net::Prefix::parse(prefix->to_string()) == *prefix);
    require(net::Prefix::parse(prefix->to_target()) == *prefix);
    require(prefix->contains(prefix->address()) && prefix->contains(prefix->last()));
    require(prefix->last().family() == prefix->family());
  } else {
    require(!prefix.error().message.empty());
  }
  if (const auto asn = net::Asn::parse(text)) {
    require(net::Asn::parse(asn->to_string()) == *asn);
  }
  if (const auto endpoint = net::Endpoint::parse(text)) {
    require(net::Endpoint::parse(endpoint->to_string()) == *endpoint);
    require(net::SocketAddress(*endpoint).endpoint() == *endpoint);
  }
}

void check_base(std::string_view text) {
  if (const auto span = parse_duration(text)) {
    require(parse_duration(format_duration(*span)) == *span);
  }
  if (const auto time = parse_rfc3339(text)) {
    const auto written = format_rfc3339(*time);
    // A zone may push the first and last days out of the four-digit years that can be read back.
    require(written.starts_with('-') || written[4] != '-' || parse_rfc3339(written) == *time);
  }
  const auto size = parse_size(text);
  require(size || !size.error().message.empty());
  for (const char c : printable(text)) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
  require(to_valid_utf8(to_valid_utf8(text)) == to_valid_utf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_address(text);
  check_prefix(text);
  check_base(text);
  return 0;
}
