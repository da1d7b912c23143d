#include "input/cursor_book.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "input/glob_watch.h"

namespace ipguard::input {
namespace {

constexpr size_t most_closed = 256;
constexpr size_t least_date_digits = 6;  // yymmdd; a shorter number counts generations

// What rotation put behind a log's name.
struct RotationMark {
  bool date = false;
  uint64_t number = 0;  // of a generation, 1 is the newest
  std::string text;     // of a date, year first
};

std::optional<RotationMark> rotation_mark(const std::string& base, const std::string& name) {
  if (!name.starts_with(base) || name.size() < base.size() + 2 ||
      std::string_view("-._").find(name[base.size()]) == std::string_view::npos) {
    return std::nullopt;
  }
  RotationMark mark;
  mark.text = name.substr(base.size() + 1);
  if (mark.text.find_first_not_of("0123456789-._:T") != std::string::npos) {
    return std::nullopt;
  }
  const std::optional<uint64_t> number = parse_number(mark.text);
  mark.date = !number || mark.text.size() >= least_date_digits;
  mark.number = number.value_or(0);
  return mark;
}

bool newer(const RotationMark& left, const RotationMark& right) {
  if (left.date != right.date) {
    return false;
  }
  return left.date ? left.text > right.text : left.number < right.number;
}

struct Entry {
  std::string path;
  std::string name;
  uint64_t inode = 0;
};

std::vector<Entry> list_entries(const std::string& folder) {
  std::vector<Entry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    entries.push_back({join_path(folder, entry->d_name), entry->d_name, entry->d_ino});
  }
  return entries;
}

int64_t modification_time(const FileTail& tail) {
  struct stat status{};
  return ::fstat(tail.fd(), &status) == 0 ? status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec : 0;
}

struct Candidate {
  RotatedFile file;
  std::optional<RotationMark> mark;
  int64_t modified = 0;
};

// By their names' marks if these can be compared, because several rotations fit into one tick of the file system's
// clock.
void sort_oldest_first(std::vector<Candidate>& candidates) {
  const bool marked = std::ranges::all_of(candidates, [&](const Candidate& candidate) {
    return candidate.mark && candidate.mark->date == candidates.front().mark->date;
  });
  std::ranges::stable_sort(candidates, [marked](const Candidate& left, const Candidate& right) {
    return marked ? newer(*right.mark, *left.mark) : left.modified < right.modified;
  });
}

// Generations whose names say that they came after `reference`.
std::vector<Candidate> find_later(const std::vector<Entry>& entries, const std::string& base,
                                  const Candidate& reference, size_t max_line) {
  std::vector<Candidate> later;
  for (const Entry& entry : entries) {
    const std::optional<RotationMark> mark = rotation_mark(base, entry.name);
    if (!mark || !reference.mark || !newer(*mark, *reference.mark)) {
      continue;
    }
    Result<std::unique_ptr<FileTail>> tail = FileTail::open(entry.path, max_line);
    const int64_t modified = tail ? modification_time(**tail) : 0;
    // One last written before the reference was is left over from another scheme of names.
    if (tail && modified >= reference.modified) {
      later.push_back({{std::move(*tail), std::nullopt}, mark, modified});
    }
  }
  sort_oldest_first(later);
  return later;
}

std::optional<Candidate> find_file_of(const Cursor& cursor, const std::vector<Entry>& entries, const std::string& base,
                                      size_t max_line) {
  for (const Entry& entry : entries) {
    if (entry.inode != cursor.inode && !entry.name.starts_with(base)) {
      continue;
    }
    Result<std::unique_ptr<FileTail>> tail = FileTail::open(entry.path, max_line);
    if (tail && (*tail)->is_file_of(cursor)) {
      const int64_t modified = modification_time(**tail);
      return Candidate{{std::move(*tail), cursor.offset}, rotation_mark(base, entry.name), modified};
    }
  }
  return std::nullopt;
}

}  // namespace

CursorBook::CursorBook(std::vector<Cursor> saved) : saved_(std::move(saved)) {
  for (const Cursor& cursor : saved_) {
    ++followed_[cursor.path];
  }
}

std::optional<CursorBook::Known> CursorBook::take(const FileTail& tail) {
  const auto same_file = [&](const Cursor& cursor) { return tail.is_file_of(cursor); };
  if (const auto it = std::ranges::find_if(saved_, same_file); it != saved_.end()) {
    const Known known{it->offset, true};
    saved_.erase(it);
    return known;
  }
  if (const auto it = std::ranges::find_if(closed_, same_file); it != closed_.end()) {
    const Known known{it->offset, false};
    closed_.erase(it);
    return known;
  }
  return std::nullopt;
}

bool CursorBook::knows(const FileTail& tail) const {
  const auto same_file = [&](const Cursor& cursor) { return tail.is_file_of(cursor); };
  return std::ranges::any_of(saved_, same_file) || std::ranges::any_of(closed_, same_file);
}

CursorBook::Saved CursorBook::take_saved(const std::string& path) {
  Saved taken;
  std::ranges::copy_if(saved_, std::back_inserter(taken.cursors),
                       [&](const Cursor& cursor) { return cursor.path == path; });
  std::erase_if(saved_, [&](const Cursor& cursor) { return cursor.path == path; });
  const auto total = followed_.find(path);
  taken.all = total != followed_.end() && total->second == taken.cursors.size();
  return taken;
}

void CursorBook::keep_saved(std::vector<Cursor> cursors) { std::ranges::move(cursors, std::back_inserter(saved_)); }

void CursorBook::keep_only(const std::function<bool(const std::string& path)>& wanted) {
  std::erase_if(saved_, [&](const Cursor& cursor) { return !wanted(cursor.path); });
  std::erase_if(followed_, [&](const auto& path) { return !wanted(path.first); });
}

void CursorBook::remember_closed(Cursor cursor) {
  if (cursor.offset == 0) {
    return;  // nothing to be read twice, and perhaps no fingerprint
  }
  closed_.push_back(std::move(cursor));
  if (closed_.size() > most_closed) {
    closed_.pop_front();
  }
}

std::vector<RotatedFile> find_rotated(const CursorBook::Saved& saved, size_t max_line) {
  if (saved.cursors.empty()) {
    return {};
  }
  const std::string& path = saved.cursors.front().path;
  const std::string base = last_component(path);
  const std::vector<Entry> entries = list_entries(parent_folder(path));
  std::vector<Candidate> found;
  for (const Cursor& cursor : saved.cursors) {
    if (std::optional<Candidate> candidate = find_file_of(cursor, entries, base, max_line)) {
      found.push_back(std::move(*candidate));
    }
  }
  sort_oldest_first(found);
  if (saved.all && !found.empty() && found.size() == saved.cursors.size()) {
    std::ranges::move(find_later(entries, base, found.back(), max_line), std::back_inserter(found));
  }
  std::vector<RotatedFile> files;
  files.reserve(found.size());
  for (Candidate& candidate : found) {
    files.push_back(std::move(candidate.file));
  }
  return files;
}

}  // namespace ipguard::input
