// Visit: a line of an access log as a sign of who is a good client.
#pragma once

#include <optional>
#include <string_view>

#include "base/text.h"
#include "model/event.h"
#include "net/address.h"

namespace ipguard::match {

struct Visit {
  net::Address address;
  unsigned status = 0;    // 100 to 599
  std::string_view user;  // authenticated; empty if none; points into the event

  // Answered with 2xx or 3xx.
  [[nodiscard]] bool good() const { return status >= 200 && status < 400; }
  // By an authenticated user.
  [[nodiscard]] bool by_good_user() const { return good() && !user.empty(); }
};

// nullopt unless it is an access line with an address and a status.
[[nodiscard]] inline std::optional<Visit> visit_of(const model::Event& event) {
  const auto status = parse_number(event[model::Field::status]);
  if (event.kind != model::LogKind::access || !event.address || !status || *status < 100 || *status > 599) {
    return std::nullopt;
  }
  const auto user = event[model::Field::user];
  return Visit{.address = *event.address,
               .status = static_cast<unsigned>(*status),
               .user = user == "-" ? std::string_view{} : user};
}

}  // namespace ipguard::match
