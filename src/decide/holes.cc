#include "decide/holes.h"

#include "net/cover.h"

namespace ipguard::decide {

std::vector<net::Prefix> cut(const net::Prefix& prefix, const net::PrefixSet& holes) {
  if (holes.longest_covering(prefix) != nullptr) {
    return {};
  }
  std::vector<net::Prefix> inside;
  for (const auto* hole : holes.inside(prefix)) {
    inside.push_back(hole->first);
  }
  if (inside.empty()) {
    return {prefix};
  }
  return net::subtract(prefix, inside);
}

}  // namespace ipguard::decide
