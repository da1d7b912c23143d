#include "base/version.h"

namespace ipguard {

std::string_view version() { return IPGUARD_VERSION; }

}  // namespace ipguard
