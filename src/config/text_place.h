// Where in a document a byte of a string value stands, for what is wrong within a long text.
#pragma once

#include <cstddef>

#include "config/diagnostic.h"

namespace ipguard::config {

// `value`: where a TOML string begins (its opening quotes), in a file whose text `diagnostics` keeps; `offset`: a byte
// of what the string says. `value` itself if that cannot be told.
[[nodiscard]] model::Location place_within(const Diagnostics& diagnostics, const model::Location& value, size_t offset);

}  // namespace ipguard::config
