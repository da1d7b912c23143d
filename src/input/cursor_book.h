// CursorBook: where reading of files that are not open stands: cursors saved by an earlier run and not claimed yet, and
// files closed lately.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "input/file_tail.h"
#include "input/follower.h"

namespace ipguard::input {

class CursorBook {
 public:
  explicit CursorBook(std::vector<Cursor> saved);

  struct Known {
    uint64_t offset = 0;
    bool saved = false;  // by an earlier run
  };
  // Claims the cursor of this very file, whatever its path was.
  [[nodiscard]] std::optional<Known> take(const FileTail& tail);
  [[nodiscard]] bool knows(const FileTail& tail) const;

  // True if an earlier run followed a file under this path: what is there now came later.
  [[nodiscard]] bool was_followed(const std::string& path) const { return followed_.contains(path); }
  struct Saved {
    std::vector<Cursor> cursors;
    bool all = false;  // none of the path's cursors was claimed
  };
  // Saved cursors by the path under which the file was followed; they leave the book.
  [[nodiscard]] Saved take_saved(const std::string& path);
  [[nodiscard]] const std::vector<Cursor>& saved() const { return saved_; }
  void keep_saved(std::vector<Cursor> cursors);
  // Forgets saved cursors, and what was followed earlier, of all other paths.
  void keep_only(const std::function<bool(const std::string& path)>& wanted);

  // Remembers the last 256 closed files, so that one that comes back under a followed name is not read again.
  void remember_closed(Cursor cursor);

 private:
  std::vector<Cursor> saved_;
  std::map<std::string, size_t> followed_;  // how many cursors were saved of each path
  std::deque<Cursor> closed_;
};

struct RotatedFile {
  std::unique_ptr<FileTail> tail;
  std::optional<uint64_t> offset;  // of its cursor; none: it was written after that cursor's file and never read
};

// Looks in the folder of `saved` (all of one path) for the cursors' files, oldest first. If all the path's files are
// found, so is the one that was followed last, and rotated files newer than that are added: access.log.1 after
// access.log.2, access.log-20260102 after access.log-20260101 (the names that logrotate(8) gives). Compressed files are
// not looked into.
[[nodiscard]] std::vector<RotatedFile> find_rotated(const CursorBook::Saved& saved, size_t max_line);

}  // namespace ipguard::input
