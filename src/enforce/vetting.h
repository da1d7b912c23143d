// What of a batch may go to the kernel at all: the shared first step of both enforcers.
#pragma once

#include <vector>

#include "base/time.h"
#include "enforce/element_mirror.h"
#include "enforce/protection.h"
#include "model/set_batch.h"

namespace ipguard::enforce {

// Applies the protection check (law 3) and drops what makes no sense (a network in an address set, a ban that is
// over); each goes to `failures` as refused. Of several additions of one element the last one counts. `mirror` is what
// is there, and stays as it is (it is changed and changed back where the largest share is near: only then does it cost
// more than a few look-ups how much of the additions is covered already); `removals` go at the same time.
[[nodiscard]] std::vector<model::SetElement> vet(const std::vector<model::SetElement>& additions,
                                                 const std::vector<model::SetElement>& removals, Protection& protection,
                                                 TimePoint now, ElementMirror& mirror,
                                                 std::vector<model::ElementFailure>& failures);

}  // namespace ipguard::enforce
