#include "enforce/set_audit.h"

#include <chrono>
#include <unordered_set>

#include "net/cover.h"

namespace ipguard::enforce {

namespace {

bool same_time_out(const KernelElement& element, TimePoint until, TimePoint now) {
  if (!element.left || until == ElementMirror::permanent) {
    return !element.left && until == ElementMirror::permanent;
  }
  return std::chrono::abs(now + *element.left - kernel_backstop - until) <= time_out_slack;
}

}  // namespace

SetAudit audit_set(size_t index, const std::vector<KernelElement>& present, const ElementMirror& believed,
                   TimePoint now) {
  SetAudit audit;
  const ElementMirror::Members& members = believed.members(index);
  std::unordered_set<net::Prefix> in_order;
  for (const KernelElement& element : present) {
    const ElementOp removal{index, element.first, element.last, std::nullopt, ElementOp::no_tag};
    const std::vector<net::Prefix> prefixes = net::range_to_prefixes(element.first, element.last);
    const auto member = prefixes.size() == 1 ? members.find(prefixes.front()) : members.end();
    if (member == members.end()) {
      audit.foreign.push_back(removal);
    } else if (same_time_out(element, member->second, now)) {
      in_order.insert(prefixes.front());
    } else {
      audit.altered.push_back(removal);
    }
  }
  for (const auto& [prefix, until] : members) {
    if (in_order.contains(prefix)) {
      continue;
    }
    const bool over = until <= now;
    (over ? audit.departed : audit.missing)
        .push_back(
            {sets.at(index).scope, prefix, until == ElementMirror::permanent ? std::nullopt : std::optional(until)});
  }
  return audit;
}

}  // namespace ipguard::enforce
