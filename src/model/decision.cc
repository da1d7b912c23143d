#include "model/decision.h"

#include <utility>

#include "base/text.h"
#include "model/coverage.h"

namespace ipguard::model {

void Decision::cover(std::vector<net::Prefix> disjoint) {
  const auto covered = Coverage::of(disjoint);
  addresses_covered = covered.ipv4_addresses;
  ipv6_64s_covered = covered.ipv6_64s;
  prefixes = std::move(disjoint);
}

std::string Target::to_string() const { return scope == Scope::asn ? asn.to_string() : prefix.to_target(); }

Result<Target> Target::parse(std::string_view text) {
  if (text.size() > 2 && (text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's')) {
    auto asn = net::Asn::parse(text);
    if (!asn) {
      return fail(Errc::invalid, "'" + printable(text, 64) + "' is no AS number (AS1 to AS4294967295)");
    }
    return Target{.scope = Scope::asn, .prefix = {}, .asn = *asn};
  }
  auto prefix = net::Prefix::parse(text);
  if (!prefix) {
    return std::unexpected(std::move(prefix.error()));
  }
  return Target{.scope = prefix->is_single() ? Scope::address : Scope::route, .prefix = *prefix, .asn = {}};
}

}  // namespace ipguard::model
