// What of a batch may go to the kernel at all: the shared first step of both enforcers.
#pragma once

#include <functional>
#include <vector>

#include "base/time.h"
#include "enforce/address_share.h"
#include "enforce/protection.h"
#include "model/set_batch.h"

namespace ipguard::enforce {

// Applies the protection check (law 3) and drops what makes no sense (a network in an address set, a ban that is
// over); each goes to `failures` as refused. Of several additions of one element the last one counts. `share` is what
// stays covered while they are added; `is_there` tells which of them it has already.
[[nodiscard]] std::vector<model::SetElement> vet(const std::vector<model::SetElement>& additions,
                                                 Protection& protection, TimePoint now, AddressShare share,
                                                 const std::function<bool(const model::SetElement&)>& is_there,
                                                 std::vector<model::ElementFailure>& failures);

}  // namespace ipguard::enforce
