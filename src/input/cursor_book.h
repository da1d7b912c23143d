// CursorBook: where reading of files that are not open stands: cursors saved by an earlier run and not claimed yet, and
// files closed lately.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "input/file_tail.h"
#include "model/cursor.h"

namespace ipguard::input {

class CursorBook {
 public:
  explicit CursorBook(std::vector<model::Cursor> saved);

  struct Known {
    model::Cursor cursor;
    bool saved = false;  // by an earlier run
  };
  // Claims the cursor of this very file, whatever its path was.
  [[nodiscard]] std::optional<Known> take(const FileTail& tail);
  [[nodiscard]] bool knows(const FileTail& tail) const;

  // Whether a file that was closed lately under this path began as this one does.
  [[nodiscard]] bool closed_like(const std::string& path, const FileTail& tail) const;

  // True if an earlier run followed a file under this path: what is there now came later.
  [[nodiscard]] bool was_followed(const std::string& path) const { return followed_.contains(path); }
  struct Saved {
    std::vector<model::Cursor> cursors;
    bool all = false;  // none of the path's cursors was claimed
  };
  // Saved cursors by the path under which the file was followed; they leave the book.
  [[nodiscard]] Saved take_saved(const std::string& path);
  [[nodiscard]] const std::vector<model::Cursor>& saved() const { return saved_; }
  void keep_saved(std::vector<model::Cursor> cursors);
  // More of them, as the constructor's.
  void add_saved(std::vector<model::Cursor> cursors);
  // Forgets saved cursors, and what was followed earlier, of all other paths.
  void keep_only(const std::function<bool(const std::string& path)>& wanted);

  // Remembers the last 256 closed files, so that one that comes back under a followed name is not read again; `deleted`
  // ones only by their content.
  void remember_closed(model::Cursor cursor, bool deleted);

 private:
  std::vector<model::Cursor> saved_;
  std::map<std::string, size_t> followed_;  // how many cursors were saved of each path
  struct Closed {
    model::Cursor cursor;
    bool deleted = false;
  };
  std::deque<Closed> closed_;
};

}  // namespace ipguard::input
