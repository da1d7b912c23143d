// JournalReader: goes through a journal entry by entry from a cursor on, over rotation and vacuum, and says when
// entries are gone that nobody read. No loop, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "input/journal_entry.h"
#include "input/sd_journal.h"

namespace ipguard::input {

class JournalReader {
 public:
  explicit JournalReader(SdJournal journal) : journal_(std::move(journal)) {}

  [[nodiscard]] SdJournal& journal() { return journal_; }

  void begin_at_head() { journal_.seek_head(); }
  [[nodiscard]] Result<> begin_at_end();
  // Behind the cursor's entry, but first so many entries up to it once more. Errc::invalid if it is no cursor.
  [[nodiscard]] Result<> begin_behind(const std::string& cursor, uint64_t replay_entries);
  // After files came or went: makes sure that the next entry is the one after the last.
  [[nodiscard]] Result<> files_changed();

  enum class Step : uint8_t {
    end,
    entry,    // a new one
    replay,   // an old one
    corrupt,  // one that cannot be read: lost
  };
  [[nodiscard]] Result<Step> next(JournalEntry& entry);
  // Of the entry that next() gave last.
  [[nodiscard]] TimePoint received() const { return journal_.received(); }

  // To be called when the entries up to here have been dealt with, and before cursor().
  void commit();
  // Of the last new entry; "" if there was none yet.
  [[nodiscard]] const std::string& cursor() const { return cursor_; }
  // How many times entries went that nobody read, and how many they were as far as that is known.
  [[nodiscard]] uint64_t losses() const { return losses_; }
  [[nodiscard]] uint64_t lost_entries() const { return lost_entries_; }

 private:
  [[nodiscard]] Result<> go_to(const std::string& cursor);

  SdJournal journal_;
  std::string cursor_;
  uint64_t losses_ = 0;
  uint64_t lost_entries_ = 0;
  uint64_t replay_left_ = 0;     // entries before cursor_'s own that are to be given out again; its own included
  bool at_unread_ = false;       // the current entry has not been given out
  uint64_t given_ = 0;           // new entries since the last commit()
  bool cursor_is_gone_ = false;  // its entry: what comes next tells whether others are, too
};

// When the cursor's entry was received, in microseconds since 1970; nullopt if it does not say.
[[nodiscard]] std::optional<uint64_t> time_of_cursor(std::string_view cursor);

}  // namespace ipguard::input
