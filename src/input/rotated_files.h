// Rotated files: where the content of a cursor went, by the names and the ways of logrotate(8): renamed, copied, and
// compressed afterwards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input/file_tail.h"
#include "model/cursor.h"

namespace ipguard::input {

// access.log.1 of access.log.1.gz
[[nodiscard]] std::string_view without_packed_ending(std::string_view name);

struct RotatedFile {
  std::unique_ptr<FileTail> tail;
  std::optional<model::Cursor> cursor;  // whose content it has; none: it was written after that and never read
};

// True if rotation gives this name to a file called `base`: access.log.1, access.log-20260102, access-20260102.log,
// each also compressed.
[[nodiscard]] bool is_rotated_name(const std::string& base, const std::string& name);

// Looks in the folder of `cursors` (all of one path) for the cursors' files, oldest first: the same file under whatever
// name, else one with the same content, not compressed rather than compressed, the latest first; else one that has less
// than was read of it. If all of them are
// found and `with_later` is given, rotated files newer than the last of them are added: access.log.1 after
// access.log.2, access.log-20260102 after access.log-20260101. A file that was empty counts as one of these; where the
// one before it is gone, it is the oldest of them.
// `refuted`: files that are not it, though they begin alike. `head`: of the content, if it is known better than by the
// cursor.
[[nodiscard]] std::vector<RotatedFile> find_rotated(const std::vector<model::Cursor>& cursors, bool with_later,
                                                    size_t max_line, const std::vector<FileKey>& refuted = {},
                                                    const std::string& head = {});

// Which generation of `log` is the newest that has something in it, as model::Cursor::is_done();
// model::Cursor::is_first() if there is none; nullopt if it cannot be read.
[[nodiscard]] std::optional<model::Cursor> newest_rotated(const std::string& log, size_t max_line);

}  // namespace ipguard::input
