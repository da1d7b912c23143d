#include "decide/protected_set.h"

#include <chrono>

namespace ipguard::decide {

bool ProtectedSet::refresh(TimePoint now) {
  if (asked_ && std::chrono::abs(now - *asked_) < std::chrono::seconds(1)) {
    return false;
  }
  return refresh_now(now);
}

bool ProtectedSet::refresh_now(TimePoint now) {
  asked_ = now;
  Members members = ask_ ? ask_() : Members{};
  if (members == members_) {
    return false;
  }
  members_ = std::move(members);
  return true;
}

std::optional<std::string> ProtectedSet::reason(const net::Prefix& prefix) const {
  for (const auto& [member, why] : members_) {
    if (member.overlaps(prefix)) {
      return why;
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::decide
