#include "input/cursor_book.h"

#include <algorithm>

namespace ipguard::input {
namespace {

constexpr size_t most_closed = 256;

}  // namespace

CursorBook::CursorBook(std::vector<model::Cursor> saved) { add_saved(std::move(saved)); }

void CursorBook::add_saved(std::vector<model::Cursor> cursors) {
  for (const model::Cursor& cursor : cursors) {
    ++followed_[cursor.path];
  }
  keep_saved(std::move(cursors));
}

std::optional<CursorBook::Known> CursorBook::take(const FileTail& tail) {
  const auto same_file = [&](const model::Cursor& cursor) { return tail.is_file_of(cursor); };
  if (const auto it = std::ranges::find_if(saved_, same_file); it != saved_.end()) {
    Known known{std::move(*it), true};
    saved_.erase(it);
    if (known.cursor.is_empty() && !known.cursor.alone()) {
      --followed_[known.cursor.path];  // nothing is known of its content: others may have come and gone under its name
    }
    return known;
  }
  const auto same_closed = [&](const Closed& closed) { return !closed.deleted && same_file(closed.cursor); };
  if (const auto it = std::ranges::find_if(closed_, same_closed); it != closed_.end()) {
    Known known{std::move(it->cursor), false};
    closed_.erase(it);
    return known;
  }
  return std::nullopt;
}

bool CursorBook::knows(const FileTail& tail) const {
  const auto same_file = [&](const model::Cursor& cursor) { return tail.is_file_of(cursor); };
  return std::ranges::any_of(saved_, same_file) || std::ranges::any_of(closed_, [&](const Closed& closed) {
           return !closed.deleted && same_file(closed.cursor);
         });
}

bool CursorBook::closed_like(const std::string& path, const FileTail& tail) const {
  return std::ranges::any_of(closed_, [&](const Closed& closed) {
    return closed.cursor.path == path && tail.begins_with_all_of(closed.cursor);
  });
}

CursorBook::Saved CursorBook::take_saved(const std::string& path) {
  Saved taken;
  std::ranges::copy_if(saved_, std::back_inserter(taken.cursors),
                       [&](const model::Cursor& cursor) { return cursor.path == path; });
  std::erase_if(saved_, [&](const model::Cursor& cursor) { return cursor.path == path; });
  const auto total = followed_.find(path);
  taken.all = total != followed_.end() && total->second == taken.cursors.size();
  return taken;
}

void CursorBook::keep_saved(std::vector<model::Cursor> cursors) {
  std::ranges::move(cursors, std::back_inserter(saved_));
}

void CursorBook::keep_only(const std::function<bool(const std::string& path)>& wanted) {
  std::erase_if(saved_, [&](const model::Cursor& cursor) { return !wanted(cursor.path); });
  std::erase_if(followed_, [&](const auto& path) { return !wanted(path.first); });
}

void CursorBook::remember_closed(model::Cursor cursor, bool deleted) {
  if (cursor.offset == 0) {
    return;  // nothing to be read twice, and perhaps no fingerprint
  }
  closed_.push_back({std::move(cursor), deleted});
  if (closed_.size() > most_closed) {
    closed_.pop_front();
  }
}

}  // namespace ipguard::input
