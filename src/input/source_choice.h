// A source that names both a journal and files is one of the two: what a syslog daemon writes to files is in the
// journal as well, and reading both would count each line twice.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/source.h"
#include "model/cursor.h"

namespace ipguard::input {

// What is chosen now: the journal where it can be read, else the fallback files. Looks at the file system; any thread.
// Sources that become their files are changed; yields a sentence for each whose journal cannot be read.
[[nodiscard]] std::vector<std::string> choose_inputs(std::vector<config::SourceConfig>& sources);
// The journal's lines are syslog's, whatever they say.
void name_journal_formats(std::vector<config::SourceConfig>& sources);

// What is read of each such source as long as the inputs live. The journal is read where it can be. Where it cannot,
// its fallback files are followed and both are waited for. Neither side begins at its end when it takes over:
//  - the journal begins a second (`overlap`) before the last change of the files that were read to their end, for what
//    a syslog daemon had in hand then; what is read of that second counts as perhaps read twice;
//  - the files begin where they ended when the journal was last read to its end: their cursors are kept for that.
// Owned by the inputs; no loop, no clock.
class SourceChoices {
 public:
  static constexpr Seconds overlap{1};

  // Which it is for each source, at start: by what is there, and by what `saved` says that was read last.
  void begin(const std::vector<config::SourceConfig>& sources, const std::vector<model::Cursor>& saved);
  // Other sources; those that go on stay what they are.
  void change(const std::vector<config::SourceConfig>& sources);

  // All sources, those that are their files now as such.
  [[nodiscard]] std::vector<config::SourceConfig> followed(const std::vector<config::SourceConfig>& sources) const;
  [[nodiscard]] bool empty() const { return choices_.empty(); }
  [[nodiscard]] bool reads_files(const std::string& source) const;
  // `fd`'s file belongs to the source and was read: when it was last changed, if that is later than what is known.
  [[nodiscard]] std::optional<TimePoint> note_read(const std::string& source, int fd);

  void to_journal(const std::string& source);
  // Yields where the files are to be read from. False: they are read already, or the source has none.
  [[nodiscard]] bool to_files(const std::string& source, std::vector<model::Cursor>& ends);
  // Where the files end, of a source whose journal is read; taken before it is asked whether the journal was read to
  // its end. Some 50 us a file.
  [[nodiscard]] std::vector<model::Cursor> ends_of_files(const std::string& source) const;
  void keep_ends(const std::string& source, std::vector<model::Cursor> ends);
  // Of all sources whose journal is read.
  [[nodiscard]] std::vector<model::Cursor> kept_ends() const;

 private:
  struct Choice {
    std::string journal;
    std::vector<std::string> fallback;
    uint64_t max_line = 0;
    bool files = false;
    bool after_journal = false;                // what is in files that nobody knows came while it was read, or later
    std::optional<TimePoint> read_until = {};  // while files are read
    std::vector<model::Cursor> ends = {};      // while the journal is
  };
  static Choice make_choice(const config::SourceConfig& source);

  std::map<std::string, Choice> choices_;  // by source
};

// A place in a journal that is no entry's: the first one from `time` on. sd_journal_seek_cursor(3) takes it.
[[nodiscard]] std::string journal_cursor_at(TimePoint time);
[[nodiscard]] bool is_time_alone(const std::string& journal_cursor);

}  // namespace ipguard::input
