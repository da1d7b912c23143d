#include "writer/set_audit.h"

#include <chrono>
#include <unordered_set>

#include "net/cover.h"

namespace ipguard::writer {

namespace {

bool same_time_out(const KernelElement& element, const model::Until& until, TimePoint now) {
  if (!element.left || !until.ever()) {
    return !element.left && !until.ever();
  }
  return std::chrono::abs(now + *element.left - kernel_backstop - until.time()) <= time_out_slack;
}

}  // namespace

SetAudit audit_set(size_t index, const std::vector<KernelElement>& present, const enforce::ElementMirror& believed,
                   TimePoint now) {
  SetAudit audit;
  const enforce::ElementMirror::Members& members = believed.members(index);
  std::unordered_set<net::Prefix> in_order;
  for (const KernelElement& element : present) {
    const ElementOp removal{index, element.first, element.last, std::nullopt, ElementOp::no_tag};
    const std::vector<net::Prefix> prefixes = net::range_to_prefixes(element.first, element.last);
    const auto* member = prefixes.size() == 1 ? members.find(prefixes.front()) : nullptr;
    if (member == nullptr) {
      audit.foreign.push_back(removal);
    } else if (same_time_out(element, *member, now)) {
      in_order.insert(prefixes.front());
    } else {
      audit.altered.push_back(removal);
    }
  }
  members.each([&](const net::Prefix& prefix, const model::Until& until) {
    if (!in_order.contains(prefix)) {
      const bool over = until.time() <= now;
      (over ? audit.departed : audit.missing).push_back({enforce::sets.at(index).scope, prefix, until.optional()});
    }
  });
  return audit;
}

}  // namespace ipguard::writer
