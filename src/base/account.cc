#include "base/account.h"

#include <pwd.h>

#include <array>

namespace ipguard {

std::optional<Account> find_account(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> room{};
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return Account{.name = name, .user = found->pw_uid, .group = found->pw_gid};
}

}  // namespace ipguard
