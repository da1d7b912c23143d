// Audit: what a set holds against what it ought to hold. Pure functions.
#pragma once

#include <vector>

#include "base/time.h"
#include "enforce/element_mirror.h"
#include "model/set_batch.h"
#include "writer/nft_elements.h"
#include "writer/nft_set_queries.h"

namespace ipguard::writer {

struct SetAudit {
  std::vector<ElementOp> foreign;           // to be removed: nobody here put them there, or not in that width
  std::vector<ElementOp> altered;           // to be removed because they come again: their time-out is another one
  std::vector<model::SetElement> missing;   // to be added; the altered ones too
  std::vector<model::SetElement> departed;  // missing, and over as well: not to be added
};

// The kernel counts a time-out in its own clock; what differs by less is the same.
inline constexpr Seconds time_out_slack{5};

// `present` is what set `index` holds, `believed` what it ought to hold.
[[nodiscard]] SetAudit audit_set(size_t index, const std::vector<KernelElement>& present,
                                 const enforce::ElementMirror& believed, TimePoint now);

}  // namespace ipguard::writer
