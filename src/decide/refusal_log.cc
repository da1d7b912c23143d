#include "decide/refusal_log.h"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace ipguard::decide {

bool RefusalLog::refused_lately(const model::Target& target, TimePoint time, Seconds window) const {
  return std::ranges::any_of(refusals_, [&](const Refusal& refusal) {
    return refusal.current && refusal.target == target && std::chrono::abs(time - refusal.time) <= window;
  });
}

void RefusalLog::add(const model::Target& target, std::string reason, TimePoint time) {
  std::erase_if(refusals_, [&](const Refusal& refusal) { return refusal.target == target; });
  refusals_.push_back({.target = target, .reason = std::move(reason), .time = time});
  if (refusals_.size() > limit_) {
    refusals_.pop_front();
  }
}

std::vector<std::string> RefusalLog::about(const net::Address& address, const model::Route& route) const {
  std::vector<std::string> result;
  for (const auto& refusal : refusals_ | std::views::reverse) {
    const model::Target& target = refusal.target;
    const bool concerns = target.scope == model::Scope::asn ? route.asn == target.asn : target.prefix.contains(address);
    if (concerns) {
      result.push_back(format_rfc3339(refusal.time) + ": " + target.to_string() + " was not banned: " + refusal.reason);
    }
  }
  return result;
}

void RefusalLog::forget_times() {
  for (auto& refusal : refusals_) {
    refusal.current = false;
  }
}

}  // namespace ipguard::decide
