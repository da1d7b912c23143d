// SdJournal: reading the systemd journal, sd-journal(3). libsystemd stays behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "input/journal_entry.h"

struct sd_journal;

namespace ipguard::input {

// One thread. Has a current entry; before the first next(), and after a seek, none.
class SdJournal {
 public:
  // "system": this machine's own journal, wherever it is kept, with the files of all users (journald puts the lines of
  // ordinary accounts' services there); otherwise a folder of journal files. Files that may not be read, or are
  // corrupt, are left out without a word: see journal_files.h. `most_of_a_field`: bytes; of longer ones the beginning.
  [[nodiscard]] static Result<SdJournal> open(const std::string& journal, size_t most_of_a_field);
  // Whether the library can make sense of this file.
  [[nodiscard]] static bool is_sound(const std::string& path);

  // Readable when the journal may have changed; process() then tells how.
  [[nodiscard]] Result<int> fd();
  // False on network file systems: process() is to be called every now and then.
  [[nodiscard]] bool is_notified() const;
  enum class Change : uint8_t { none, appended, files_changed };
  [[nodiscard]] Result<Change> process();

  [[nodiscard]] Result<bool> next();  // false at the end; what is appended later comes with a later next()
  // Goes back so many entries, less at the beginning; how many it were.
  [[nodiscard]] Result<uint64_t> go_back(uint64_t entries);
  void seek_head();
  // Behind the last entry that there is now.
  [[nodiscard]] Result<> seek_end();
  // Errc::invalid for a text that is no cursor. next() then goes to the cursor's entry, or if that has gone to the next
  // one after it.
  [[nodiscard]] Result<> seek(const std::string& cursor);

  // Of the current entry.
  [[nodiscard]] Result<std::string> cursor() const;
  [[nodiscard]] TimePoint received() const;
  // Errc::corrupt if the entry cannot be read as a whole.
  [[nodiscard]] Result<> read(JournalEntry& entry);

  // Disk space of the files that are open: becomes less when the library drops a file that it finds corrupt on its way.
  [[nodiscard]] uint64_t size() const;
  // All values of a field in all files, at most `most`; order unspecified.
  [[nodiscard]] std::vector<std::string> values_of(const char* field, size_t most);

 private:
  struct Close {
    void operator()(sd_journal* journal) const;
  };
  explicit SdJournal(sd_journal* journal) : journal_(journal) {}
  std::unique_ptr<sd_journal, Close> journal_;
};

}  // namespace ipguard::input
