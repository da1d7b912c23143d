// Whether nftables can be used at all, for those who only want to know.
#pragma once

#include "base/result.h"

namespace ipguard::enforce {

// Asks nf_tables something, and changes nothing. Errc::permission without CAP_NET_ADMIN; another error where the kernel
// has no nf_tables.
[[nodiscard]] Result<> ask_nftables();

}  // namespace ipguard::enforce
