// JournalEntry: those fields of one journal entry that ipguard looks at, systemd.journal-fields(7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipguard::input {

// Names that begin with '_' are trusted: journald writes them, and drops what a client sends under such a name. All
// others hold whatever the sender likes.
enum class JournalField : uint8_t {
  message,         // MESSAGE
  identifier,      // SYSLOG_IDENTIFIER
  syslog_pid,      // SYSLOG_PID
  container_name,  // CONTAINER_NAME
  container_id,    // CONTAINER_ID
  transport,       // _TRANSPORT
  uid,             // _UID
  pid,             // _PID
  comm,            // _COMM
  exe,             // _EXE
  unit,            // _SYSTEMD_UNIT
  cgroup,          // _SYSTEMD_CGROUP
  hostname,        // _HOSTNAME
  source_time,     // _SOURCE_REALTIME_TIMESTAMP
};
inline constexpr size_t journal_field_count = 14;

// Which field a name in the journal is; nullopt for those that nobody looks at.
[[nodiscard]] std::optional<JournalField> journal_field(std::string_view name);

// Reused for each entry, so that nothing is allocated in the steady state.
class JournalEntry {
 public:
  [[nodiscard]] std::string_view operator[](JournalField field) const { return values_[static_cast<size_t>(field)]; }
  // A field may come several times, if its sender says so. The first value counts.
  void take(JournalField field, std::string_view value);
  void clear();
  // Two identifiers that differ: nobody can say which one others go by.
  [[nodiscard]] bool has_many_identifiers() const { return many_identifiers_; }

 private:
  std::array<std::string, journal_field_count> values_;
  std::array<bool, journal_field_count> present_{};
  bool many_identifiers_ = false;
};

}  // namespace ipguard::input
