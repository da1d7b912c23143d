#include "decide/guard.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "decide/holes.h"
#include "decide/sentences.h"
#include "net/cover.h"

namespace ipguard::decide {
namespace {

// Look-ups for one wide ban when AS or countries are allowed: a fraction of a second of the loop's time at most.
constexpr size_t most_steps = 65'536;

}  // namespace

Result<std::vector<net::Prefix>> Guard::coverage(const model::Target& target) const {
  if (target.scope == model::Scope::address) {
    if (auto allowed = address_allowed(target.prefix); !allowed) {
      return std::unexpected(std::move(allowed.error()));
    }
    return std::vector{target.prefix};
  }
  std::vector<net::Prefix> prefixes{target.prefix};
  if (target.scope == model::Scope::asn) {
    if (auto why = allow_.reason(target.asn)) {
      return fail(Errc::invalid, *why);
    }
    prefixes = lookups_.prefixes_of(target.asn);
    if (prefixes.empty()) {
      return fail(Errc::invalid, "the database knows no prefixes of " + target.asn.to_string());
    }
  }
  if (auto narrow = narrow_enough(prefixes); !narrow) {
    return std::unexpected(std::move(narrow.error()));
  }
  auto left = without_allowed_routes(prefixes);
  if (!left) {
    return left;
  }
  if (auto some = something_left(*left); !some) {
    return std::unexpected(std::move(some.error()));
  }
  return left;
}

Result<std::vector<net::Prefix>> Guard::still_allowed(const model::Decision& decision) const {
  if (decision.target.scope == model::Scope::address) {
    return coverage(decision.target);
  }
  if (decision.target.scope == model::Scope::asn) {
    if (auto why = allow_.reason(decision.target.asn)) {
      return fail(Errc::invalid, *why);
    }
  }
  auto left = without_allowed_routes(decision.prefixes);
  if (left) {
    if (auto some = something_left(*left); !some) {
      return std::unexpected(std::move(some.error()));
    }
  }
  return left;
}

Result<> Guard::within_budget(const model::Target& target, const std::vector<net::Prefix>& prefixes) const {
  const uint64_t budget =
      target.scope == model::Scope::route ? policy_.route_ladder.budget_addresses : policy_.asn_ladder.budget_addresses;
  const uint64_t covered = count_ipv4(prefixes);
  if (target.scope == model::Scope::address || covered <= budget) {
    return {};
  }
  return fail(Errc::invalid, "it would cover " + group_digits(covered) + " IPv4 addresses; the budget is " +
                                 group_digits(budget) + " (ladder." + std::string(model::to_string(target.scope)) +
                                 ".budget_addresses)");
}

Result<> Guard::address_allowed(const net::Prefix& single) const {
  if (auto why = allow_.reason(single.address())) {
    return fail(Errc::invalid, *why);
  }
  if (auto why = protection_.reason(single)) {
    return fail(Errc::invalid, "protected: " + *why);
  }
  if (allow_.needs_routes()) {
    if (auto why = allow_.reason(lookups_.route(single.address()))) {
      return fail(Errc::invalid, *why);
    }
  }
  return {};
}

Result<> Guard::narrow_enough(const std::vector<net::Prefix>& prefixes) const {
  for (const auto& prefix : prefixes) {
    const bool is_ipv4 = prefix.family() == net::Family::ipv4;
    const unsigned widest = is_ipv4 ? policy_.protect.widest_ipv4 : policy_.protect.widest_ipv6;
    if (prefix.length() < widest) {
      return fail(Errc::invalid, prefix.to_string() + " is wider than /" + std::to_string(widest) +
                                     (is_ipv4 ? " (protect.widest_ipv4)" : " (protect.widest_ipv6)"));
    }
  }
  return {};
}

Result<std::vector<net::Prefix>> Guard::without_allowed_routes(const std::vector<net::Prefix>& prefixes) const {
  if (!allow_.needs_routes()) {
    return prefixes;
  }
  size_t steps = most_steps;
  std::vector<net::Prefix> left;
  std::optional<net::Prefix> allowed;
  for (const auto& prefix : prefixes) {
    auto routes = allow_.allowed_routes(prefix, lookups_.route, steps);
    if (!routes) {
      return routes;
    }
    if (routes->empty()) {
      left.push_back(prefix);
      continue;
    }
    allowed = routes->front();
    net::PrefixSet cuts;
    for (const auto& route : *routes) {
      cuts[route];
    }
    std::ranges::copy(cut(prefix, cuts), std::back_inserter(left));
  }
  if (left.empty() && allowed) {
    const auto why = allow_.reason(lookups_.route(allowed->address()));
    return fail(Errc::invalid, why.value_or("allowlist"));
  }
  return left;
}

std::string Guard::why_hole(const net::Prefix& prefix) const {
  if (auto why = protection_.reason(prefix)) {
    return "protected: " + *why;
  }
  return "it is on the allowlist";
}

Result<> Guard::something_left(const std::vector<net::Prefix>& prefixes) const {
  if (std::ranges::any_of(prefixes, [this](const net::Prefix& prefix) { return !cut(prefix, holes_).empty(); })) {
    return {};
  }
  return fail(Errc::invalid, "nothing is left of it: " + why_hole(prefixes.front()));
}

}  // namespace ipguard::decide
