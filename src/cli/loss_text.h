// How losses are told to people.
#pragma once

#include <cstdint>
#include <string>

#include "control/protocol.h"

namespace ipguard::cli {

// "12 kB + ?, 3 kB twice": `unknown` times nobody knows how much.
[[nodiscard]] std::string lost_text(uint64_t bytes, uint64_t unknown, uint64_t read_twice);

// The daemon's "losses" (daemon/loss_book.h), all sources in one text; empty if there is no source. It says "nothing"
// only where nothing can be missing.
[[nodiscard]] std::string losses_text(const control::Json& losses);

}  // namespace ipguard::cli
