// The metadata of a MaxMind DB file, looked at before libmaxminddb does. For Mmdb and MmdbWriter.
#pragma once

#include "base/result.h"
#include "enrich/database_file.h"

namespace ipguard::enrich {

// Zero bytes between the search tree and the data section.
inline constexpr unsigned mmdb_separator = 16;

// Checks what MMDB_open() takes for granted, and gives reasons that a person can act on.
[[nodiscard]] Result<> verify_metadata(const DatabaseFile& file);

}  // namespace ipguard::enrich
