#include "enforce/element_mirror.h"

#include <algorithm>
#include <vector>

namespace ipguard::enforce {

double ElementMirror::alone(const model::SetElement& element) const {
  std::vector<net::Prefix> inside;
  for (const auto scope : model::all_scopes) {
    const Members& members = sets_.at(set_index(scope, element.prefix.family()));
    if (scope == element.scope || members.empty()) {
      continue;
    }
    if (members.longest_covering(element.prefix)) {
      return 0;
    }
    if (!element.prefix.is_single()) {
      members.each_inside(element.prefix,
                          [&](const net::Prefix& member, const model::Until&) { inside.push_back(member); });
    }
  }
  double size = AddressShare::size(element.prefix);
  // Covering prefixes sort before what they cover.
  std::ranges::sort(inside);
  const net::Prefix* last = nullptr;
  for (const auto& member : inside) {
    if (last == nullptr || !last->contains(member)) {
      size -= AddressShare::size(member);
      last = &member;
    }
  }
  return size;
}

}  // namespace ipguard::enforce
