#include "input/journal_entry.h"

#include <algorithm>

namespace ipguard::input {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, journal_field_count> names = {"MESSAGE",       "SYSLOG_IDENTIFIER",
                                                                     "SYSLOG_PID",    "CONTAINER_NAME",
                                                                     "CONTAINER_ID",  "_TRANSPORT",
                                                                     "_UID",          "_PID",
                                                                     "_COMM",         "_EXE",
                                                                     "_SYSTEMD_UNIT", "_SYSTEMD_CGROUP",
                                                                     "_HOSTNAME",     "_SOURCE_REALTIME_TIMESTAMP"};

}  // namespace

std::optional<JournalField> journal_field(std::string_view name) {
  const auto* const found = std::ranges::find(names, name);
  if (found == names.end()) {
    return std::nullopt;
  }
  return static_cast<JournalField>(found - names.begin());
}

void JournalEntry::take(JournalField field, std::string_view value) {
  const auto index = static_cast<size_t>(field);
  if (!present_.at(index)) {
    present_.at(index) = true;
    values_.at(index) = value;
  } else if (field == JournalField::identifier && values_.at(index) != value) {
    many_identifiers_ = true;
  }
}

void JournalEntry::clear() {
  for (auto& value : values_) {
    value.clear();
  }
  present_.fill(false);
  many_identifiers_ = false;
}

}  // namespace ipguard::input
