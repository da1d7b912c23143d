// Databases as their makers hand them out: MMDB files packed by gzip or xz, alone or in a tar archive.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ipguard::enrich {

// Reads the file `from` from its beginning. Packed or an archive, the database in it (of an archive the first member
// whose name ends in ".mmdb") is written to `to`; true then. False, and nothing written, if it is neither. Foreign
// bytes: Errc::corrupt where they are damaged, Errc::invalid if more than `most_bytes` come out, Errc::not_found for an
// archive without a database.
[[nodiscard]] Result<bool> unpack_database(int from, int to, uint64_t most_bytes);

}  // namespace ipguard::enrich
