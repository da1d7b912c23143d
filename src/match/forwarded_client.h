// Who the client is where proxies stand in front of a server: what a trusted proxy's X-Forwarded-For, or the like,
// says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/prefix_set.h"

namespace ipguard::match {

// Of one source. Immutable while lines are read.
struct ForwardedClient {
  net::PrefixSet proxies = {};  // whose word is taken
  std::string value = {};       // JSON: the dotted path of the value, or of an array of them
  size_t quoted = 0;            // combined: the number of the quoted column, the request being the first
};

// Walks the addresses of the field from the right, where the nearest proxy wrote, to the first that is no trusted
// proxy: that is the client (as ngx_http_realip_module with real_ip_recursive). What stands to the left of it, anybody
// may have written. If all of them are proxies, it is the leftmost one; if there is none, the peer.
class ClientSearch {
 public:
  ClientSearch(const net::PrefixSet& proxies, const net::Address& peer);

  // False as long as more of the field could change the answer.
  [[nodiscard]] bool done() const { return done_; }
  // "ADDRESS, ADDRESS", each with a port or without. Of a field of several lines the last line first. "" and "-" say
  // nothing.
  void look_at(std::string_view list);
  // Part of the field is missing: then there is no answer, unless it was found before.
  void give_up();
  // nullopt if something that is no address was met.
  [[nodiscard]] const std::optional<net::Address>& client() const { return client_; }

 private:
  const net::PrefixSet& proxies_;
  std::optional<net::Address> client_;
  bool done_ = false;
};

// The same for one field; nullopt for `list`: it is missing although it belongs into the line.
[[nodiscard]] std::optional<net::Address> client_behind(const net::PrefixSet& proxies, const net::Address& peer,
                                                        std::optional<std::string_view> list);

}  // namespace ipguard::match
