// The metadata of a MaxMind DB file, looked at before libmaxminddb does. For Mmdb and MmdbWriter.
#pragma once

#include <string>

#include "base/result.h"

namespace ipguard::enrich {

// Zero bytes between the search tree and the data section.
inline constexpr unsigned mmdb_separator = 16;

// Checks what MMDB_open() takes for granted, and gives reasons that a person can act on. Warns in the log about a file
// that everybody may write.
[[nodiscard]] Result<> verify_metadata(const std::string& path);

}  // namespace ipguard::enrich
