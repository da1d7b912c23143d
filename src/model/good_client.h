// GoodClient: somebody of whom the host's own logs say good: whom a wide ban would hit without having to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/prefix.h"

namespace ipguard::model {

// How a client showed itself to be good, the best last.
enum class GoodKind : uint8_t {
  visit,  // requests that were answered with 2xx or 3xx, and no other
  user,   // an authenticated user of the web server
  login,  // a login that succeeded (a rule of kind "login")
};
[[nodiscard]] std::string_view to_string(GoodKind kind);

struct GoodClient {
  net::Prefix client;  // a host's unit (net/site.h): an IPv4 address, an IPv6 /64
  // Latest times of each, as the log has them; nullopt = not seen.
  std::optional<TimePoint> visit;
  std::optional<TimePoint> user;
  std::optional<TimePoint> login;
  std::optional<TimePoint> spoiled;  // another answer than 2xx and 3xx, or a hit: its visits say nothing

  // The best it did at `from` or later; nullopt = nothing good is known of it.
  [[nodiscard]] std::optional<GoodKind> kind_since(TimePoint from) const {
    if (login && *login >= from) {
      return GoodKind::login;
    }
    if (user && *user >= from) {
      return GoodKind::user;
    }
    if (visit && *visit >= from && !(spoiled && *spoiled >= from)) {
      return GoodKind::visit;
    }
    return std::nullopt;
  }
  // When it was last heard of, good or not.
  [[nodiscard]] TimePoint last() const {
    return std::max({visit.value_or(TimePoint::min()), user.value_or(TimePoint::min()),
                     login.value_or(TimePoint::min()), spoiled.value_or(TimePoint::min())});
  }
};

// How many good clients, each counted once, at its best.
struct GoodCounts {
  uint32_t logins = 0;
  uint32_t users = 0;
  uint32_t visitors = 0;

  [[nodiscard]] uint64_t all() const { return uint64_t{logins} + users + visitors; }
  void add(GoodKind kind) { ++(kind == GoodKind::login ? logins : kind == GoodKind::user ? users : visitors); }
  friend bool operator==(const GoodCounts&, const GoodCounts&) = default;
};

}  // namespace ipguard::model
