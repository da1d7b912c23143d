// ProtectedSet: what is protected now besides the allowlist, as last asked of the host.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/prefix.h"

namespace ipguard::decide {

// Asking may be expensive (sockets, interfaces), so an answer serves for a second of `now`: a burst of decisions asks
// once. The check right before the kernel asks again anyway.
class ProtectedSet {
 public:
  using Members = std::vector<std::pair<net::Prefix, std::string>>;

  explicit ProtectedSet(std::function<Members()> ask) : ask_(std::move(ask)) {}

  // Asks if the answer is stale; true if it differs from the one before.
  bool refresh(TimePoint now);
  // Asks unless it has done so at this very `now`: for a slice of work that has one `now`.
  bool refresh_once(TimePoint now) { return asked_ != now && refresh_now(now); }
  // Asks in any case.
  bool refresh_now(TimePoint now);
  [[nodiscard]] const Members& members() const { return members_; }
  // Why something in `prefix` (or around it) is protected, the first reason; nullopt when it touches nothing protected.
  [[nodiscard]] std::optional<std::string> reason(const net::Prefix& prefix) const;

 private:
  std::function<Members()> ask_;
  Members members_;
  std::optional<TimePoint> asked_;
};

}  // namespace ipguard::decide
