#include "decide/guard.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "decide/holes.h"
#include "model/coverage.h"

namespace ipguard::decide {
namespace {

std::unexpected<Error> over_budget(const std::string& covered, const std::string& budget, std::string_view scope,
                                   std::string_view key) {
  return fail(Errc::invalid, "it would cover " + covered + "; the budget is " + budget + " (ladder." +
                                 std::string(scope) + "." + std::string(key) + ")");
}

// The parts of `prefix` that are no wider than `widest`.
void split(const net::Prefix& prefix, unsigned widest, std::vector<net::Prefix>& parts) {
  if (prefix.length() >= widest) {
    parts.push_back(prefix);
    return;
  }
  split(prefix.child(false), widest, parts);
  split(prefix.child(true), widest, parts);
}

}  // namespace

Result<std::vector<net::Prefix>> Guard::coverage(const model::Target& target) const {
  if (target.scope == model::Scope::address) {
    if (auto allowed = address_allowed(target.prefix); !allowed) {
      return std::unexpected(std::move(allowed.error()));
    }
    return std::vector{target.prefix};
  }
  const auto prefixes = networks_of(target);
  if (!prefixes) {
    return prefixes;
  }
  if (auto narrow = narrow_enough(*prefixes); !narrow) {
    return std::unexpected(std::move(narrow.error()));
  }
  auto left = without_allowed_routes(*prefixes);
  if (!left) {
    return left;
  }
  if (auto some = something_left(*left); !some) {
    return std::unexpected(std::move(some.error()));
  }
  return left;
}

Result<std::vector<net::Prefix>> Guard::networks_of(const model::Target& target) const {
  if (target.scope == model::Scope::asn) {
    if (auto why = allow_.reason(target.asn)) {
      return fail(Errc::invalid, *why);
    }
    auto prefixes = lookups_.prefixes_of(target.asn);
    if (prefixes.empty()) {
      return fail(Errc::invalid, "the database knows no prefixes of " + target.asn.to_string());
    }
    return prefixes;
  }
  if (target.scope == model::Scope::country) {
    if (auto why = allow_.reason(target.country)) {
      return fail(Errc::invalid, *why);
    }
    std::vector<net::Prefix> parts;
    for (const auto& prefix : lookups_.prefixes_in(target.country)) {
      split(prefix, widest(prefix), parts);
    }
    if (parts.empty()) {
      return fail(Errc::invalid, "the database knows no prefixes of the country " + target.country.to_string());
    }
    return parts;
  }
  return std::vector{target.prefix};
}

unsigned Guard::widest(const net::Prefix& prefix) const {
  return prefix.family() == net::Family::ipv4 ? policy_.protect.widest_ipv4 : policy_.protect.widest_ipv6;
}

Result<std::vector<net::Prefix>> Guard::still_allowed(const model::Target& target,
                                                      const std::vector<net::Prefix>& prefixes) const {
  if (target.scope == model::Scope::address) {
    return coverage(target);
  }
  if (!model::is_network(target.scope)) {
    const bool is_asn = target.scope == model::Scope::asn;
    if (auto why = is_asn ? allow_.reason(target.asn) : allow_.reason(target.country)) {
      return fail(Errc::invalid, *why);
    }
  }
  auto left = without_allowed_routes(prefixes);
  if (left) {
    if (auto some = something_left(*left); !some) {
      return std::unexpected(std::move(some.error()));
    }
  }
  return left;
}

Result<> Guard::within_budget(const model::Target& target, const std::vector<net::Prefix>& prefixes) const {
  if (target.scope == model::Scope::address) {
    return {};
  }
  const config::Budget& budget = budget_of(policy_, target.scope);
  const auto scope = model::to_string(target.scope);
  const auto covered = model::Coverage::of(prefixes);
  if (covered.ipv4_addresses > budget.addresses) {
    return over_budget(covered.to_string(), group_digits(budget.addresses), scope, "budget_addresses");
  }
  if (covered.ipv6_64s > budget.ipv6_64s) {
    return over_budget(covered.to_string(), group_digits(budget.ipv6_64s), scope, "budget_ipv6_64s");
  }
  return {};
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
    if (prefix.length() < widest(prefix)) {
      return fail(Errc::invalid, prefix.to_string() + " is wider than /" + std::to_string(widest(prefix)) +
                                     (is_ipv4 ? " (protect.widest_ipv4)" : " (protect.widest_ipv6)"));
    }
  }
  return {};
}

Result<std::vector<net::Prefix>> Guard::without_allowed_routes(const std::vector<net::Prefix>& prefixes) const {
  if (!allow_.needs_routes()) {
    return prefixes;
  }
  std::vector<net::Prefix> left;
  std::optional<net::Prefix> allowed;
  for (const auto& prefix : prefixes) {
    const auto parts = allow_.allowed_parts(prefix, lookups_.parts_where);
    if (!parts) {
      return parts;
    }
    if (parts->empty()) {
      left.push_back(prefix);
      continue;
    }
    allowed = parts->front();
    net::PrefixSet cuts;
    for (const auto& part : *parts) {
      cuts[part];
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
  if (const auto* around = allow_.prefixes().longest_covering(prefix)) {
    return "allowlist: prefix " + around->first.to_string();
  }
  if (auto why = protection_.reason(prefix)) {
    return "protected: " + *why;
  }
  const auto inside = allow_.prefixes().inside(prefix);
  return inside.empty() ? "allowlist" : "allowlist: prefix " + inside.front()->first.to_string();
}

Result<> Guard::something_left(const std::vector<net::Prefix>& prefixes) const {
  if (std::ranges::any_of(prefixes, [this](const net::Prefix& prefix) { return !cut(prefix, holes_).empty(); })) {
    return {};
  }
  return fail(Errc::invalid, "nothing is left of it: " + why_hole(prefixes.front()));
}

}  // namespace ipguard::decide
