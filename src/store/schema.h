// The schema of ipguard.db and its versions (PRAGMA user_version).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/sqlite.h"

namespace ipguard::store {

// "ipgd" as PRAGMA application_id, so that file(1) and we know our own.
inline constexpr int64_t application_id = 0x69706764;

// The version that this program writes.
[[nodiscard]] int64_t schema_version();

// Brings an empty or older database to schema_version(), each step in one transaction. A newer one is Errc::invalid;
// a database of another program, or one whose tables are not what its version says, is Errc::corrupt.
[[nodiscard]] Result<> migrate(Database& database);

}  // namespace ipguard::store
