// ModSecurity's messages in the error logs of nginx and Apache.
#pragma once

#include <optional>
#include <string_view>

#include "net/address.h"

namespace ipguard::match {

struct ModsecurityMessage {
  std::optional<net::Address> address;  // nullopt if the message is none of ModSecurity's
  std::string_view message;             // without the client
};

// "[client ADDR] ModSecurity: …" (libmodsecurity's RuleMessage, mod_security2), at the beginning of a message.
inline ModsecurityMessage take_modsecurity_client(std::string_view message) {
  constexpr std::string_view mark = "[client ";
  constexpr size_t longest = 64;
  const size_t end = message.substr(0, longest).find("] ");
  if (!message.starts_with(mark) || end == std::string_view::npos ||
      !message.substr(end + 2).starts_with("ModSecurity")) {
    return {.address = std::nullopt, .message = message};
  }
  const auto address = net::Address::parse(message.substr(mark.size(), end - mark.size()));
  return {.address = address, .message = address ? message.substr(end + 2) : message};
}

}  // namespace ipguard::match
