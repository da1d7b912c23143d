// Secrets: what proves that somebody may do something.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard {

// Whom the units run ipguardd as (packaging/ipguard.sysusers).
inline constexpr const char* service_account = "ipguard";

// The one word (16 to 1024 bytes of printable ASCII without blanks) that a file holds; blanks and line ends around it
// do not count. Errc::permission for a file that others than its owner may read or write, or whose owner is neither
// root nor this process's user, nor, if that is root, `account`: such a secret is none. Errc::invalid for one that is
// too short or no such word. No message holds the secret.
[[nodiscard]] Result<std::string> read_secret(const std::string& path, const std::string& account = service_account);

// Takes as long for any two texts of the same lengths: nothing is learned from how far they agree.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace ipguard
