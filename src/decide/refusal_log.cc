#include "decide/refusal_log.h"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace ipguard::decide {

namespace {

// The widest network whose refusal by hand is worth telling of one address in it.
constexpr unsigned narrow_ipv4 = 16;
constexpr unsigned narrow_ipv6 = 32;

bool is_narrow(const net::Prefix& prefix) {
  return prefix.length() >= (prefix.family() == net::Family::ipv4 ? narrow_ipv4 : narrow_ipv6);
}

bool concerns(const model::Target& target, const net::Address& address, const model::Route& route) {
  switch (target.scope) {
    case model::Scope::asn:
      return route.asn == target.asn;
    case model::Scope::country:
      return route.country_code == target.country.to_string();
    case model::Scope::address:
    case model::Scope::route:
      break;
  }
  return target.prefix.contains(address);
}

}  // namespace

bool RefusalLog::refused_lately(const model::Target& target, TimePoint time, Seconds window) const {
  return std::ranges::any_of(refusals_, [&](const Refusal& refusal) {
    return refusal.current && refusal.kind == Kind::evidence && refusal.target == target &&
           std::chrono::abs(time - refusal.time) <= window;
  });
}

void RefusalLog::add(const model::Target& target, std::string reason, TimePoint time, Kind kind) {
  std::erase_if(refusals_, [&](const Refusal& refusal) { return refusal.target == target; });
  refusals_.push_back({.target = target, .reason = std::move(reason), .time = time, .kind = kind});
  if (refusals_.size() > limit_) {
    refusals_.pop_front();
  }
}

const std::string* RefusalLog::reason(const model::Target& target) const {
  const auto it = std::ranges::find(refusals_, target, &Refusal::target);
  return it == refusals_.end() ? nullptr : &it->reason;
}

std::vector<std::string> RefusalLog::about(const net::Address& address, const model::Route& route) const {
  std::vector<std::string> result;
  for (const auto& refusal : refusals_ | std::views::reverse) {
    const model::Target& target = refusal.target;
    const bool by_hand = refusal.kind == Kind::by_hand;
    if (concerns(target, address, route) &&
        (!by_hand || (model::is_network(target.scope) && is_narrow(target.prefix)))) {
      result.push_back(format_rfc3339(refusal.time) + ": " + (refusal.kind == Kind::part ? "a part of " : "") +
                       target.to_string() + " was not banned: " + refusal.reason);
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
