// From elements to operations on the kernel's sets.
#pragma once

#include <vector>

#include "base/time.h"
#include "enforce/element_mirror.h"
#include "model/set_batch.h"
#include "writer/nft_elements.h"

namespace ipguard::writer {

[[nodiscard]] ElementOp removal_of(const model::SetElement& element, uint32_t tag);
[[nodiscard]] ElementOp addition_of(const model::SetElement& element, TimePoint now, uint32_t tag);

// One transaction: tags count `remove` first, then `add`. What is removed twice is removed once; what is added and
// believed to be there is removed before, so that it gets its new time-out.
struct ElementOps {
  std::vector<ElementOp> removals;
  std::vector<ElementOp> additions;
};
[[nodiscard]] ElementOps ops_for(const std::vector<model::SetElement>& remove,
                                 const std::vector<model::SetElement>& add, const enforce::ElementMirror& believed,
                                 TimePoint now);

// Elements that were removed because they are no bans: names a few, so that who looks for them finds them in the log.
void log_foreign(const std::vector<ElementOp>& elements);

}  // namespace ipguard::writer
