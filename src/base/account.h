// Account: a user of this machine, by name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace ipguard {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;  // the first one that he is in
};

// By getpwnam_r(3), so by whatever nsswitch.conf(5) names; nullopt if there is none. Any thread.
[[nodiscard]] std::optional<Account> find_account(const std::string& name);

}  // namespace ipguard
