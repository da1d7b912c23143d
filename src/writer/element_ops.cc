#include "writer/element_ops.h"

#include <string>

#include "base/log.h"
#include "enforce/nft_sets.h"

namespace ipguard::writer {

ElementOp removal_of(const model::SetElement& element, uint32_t tag) {
  return {.set = enforce::set_index(element.scope, element.prefix.family()),
          .first = element.prefix.address(),
          .last = element.prefix.last(),
          .timeout = std::nullopt,
          .tag = tag};
}

ElementOp addition_of(const model::SetElement& element, TimePoint now, uint32_t tag) {
  ElementOp op = removal_of(element, tag);
  op.timeout = kernel_timeout(element.until, now);
  return op;
}

ElementOps ops_for(const std::vector<model::SetElement>& remove, const std::vector<model::SetElement>& add,
                   const enforce::ElementMirror& believed, TimePoint now) {
  ElementOps ops;
  ops.removals.reserve(remove.size());
  ops.additions.reserve(add.size());
  enforce::ElementMirror removed;
  for (size_t i = 0; i < remove.size(); ++i) {
    if (!removed.has(remove[i])) {
      removed.put(remove[i]);
      ops.removals.push_back(removal_of(remove[i], static_cast<uint32_t>(i)));
    }
  }
  for (size_t i = 0; i < add.size(); ++i) {
    if (believed.has(add[i]) && !removed.has(add[i])) {
      ops.removals.push_back(removal_of(add[i], ElementOp::no_tag));
    }
    ops.additions.push_back(addition_of(add[i], now, static_cast<uint32_t>(remove.size() + i)));
  }
  return ops;
}

void log_foreign(const std::vector<ElementOp>& elements) {
  constexpr size_t most_named = 5;
  for (size_t i = 0; i < elements.size() && i < most_named; ++i) {
    const ElementOp& element = elements[i];
    log_warning("not a ban of ipguard, removed from set " + std::string(enforce::sets.at(element.set).name) + ": " +
                element.first.to_string() +
                (element.first == element.last ? std::string() : " to " + element.last.to_string()));
  }
}

}  // namespace ipguard::writer
