// Which service wrote a journal entry. SYSLOG_IDENTIFIER is whatever the sender says: `logger -t sshd` is open to
// everybody. Pure: no file, no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "input/journal_entry.h"

namespace ipguard::input {

// What a sender is taken for.
struct Attribution {
  // False: the trusted fields do not bear out who the sender says it is. The entry is evidence of nothing, against
  // nobody.
  bool trusted = false;
  std::string_view program;   // a view into the entry; what the sender is called for people if it is not trusted
  bool is_container = false;  // `program` is a container's name; its runtime hands on what it prints
};

// Whom the administrator has named: [[source]] units and identifiers.
struct NamedSenders {
  std::vector<std::string> units = {};  // globs: "ssh@*.service"
  std::vector<std::string> identifiers = {};
};

[[nodiscard]] bool names_unit(const NamedSenders& named, std::string_view unit);
// Whether the entry is of a unit and an identifier that were named, or none were.
[[nodiscard]] bool is_chosen(const JournalEntry& entry, const NamedSenders& named);

[[nodiscard]] Attribution attribute(const JournalEntry& entry, const NamedSenders& named);

// "php-fpm8.2" and "php8.2-fpm", "sshd" and "ssh", "apache2" and "apache": one service by the names that its daemon,
// its unit and its messages have.
[[nodiscard]] bool is_same_service(std::string_view name, std::string_view other);

}  // namespace ipguard::input
