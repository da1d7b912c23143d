// Secrets: what proves that somebody may do something.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard {

// The one word (16 to 1024 bytes of printable ASCII without blanks) that a file holds; blanks and line ends around it
// do not count. Errc::permission for a file that others than its owner may read or write, or whose owner is neither
// root nor this process's user: such a secret is none. Errc::invalid for one that is too short or no such word. No
// message holds the secret.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

// Takes as long for any two texts of the same lengths: nothing is learned from how far they agree.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace ipguard
