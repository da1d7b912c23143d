#include "input/rotated_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "input/glob_watch.h"

namespace ipguard::input {
namespace {

constexpr size_t least_date_digits = 6;  // yymmdd; a shorter number counts generations
constexpr int64_t a_second = 1'000'000'000;
constexpr int64_t late_writes = 86'400 * a_second;  // from one rotation to the next, mostly
constexpr int most_looks = 20;                      // at a folder whose files are renamed or compressed this moment

// What comes before the ending: rotation may put its mark there (logrotate's `extension`).
std::string_view stem_of(std::string_view base) {
  const size_t dot = base.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? base : base.substr(0, dot);
}

// What rotation put behind a log's name.
struct RotationMark {
  bool date = false;
  uint64_t number = 0;  // of a generation, 1 is the newest
  std::string text;     // of a date, year first
};

std::optional<RotationMark> mark_between(std::string_view name, std::string_view before, std::string_view after) {
  if (!name.starts_with(before) || !name.ends_with(after) || name.size() < before.size() + after.size() + 2 ||
      std::string_view("-._").find(name[before.size()]) == std::string_view::npos) {
    return std::nullopt;
  }
  RotationMark mark;
  mark.text = name.substr(before.size() + 1, name.size() - before.size() - after.size() - 1);
  if (mark.text.find_first_not_of("0123456789-._:T") != std::string::npos) {
    return std::nullopt;
  }
  const std::optional<uint64_t> number = parse_number(mark.text);
  mark.date = !number || mark.text.size() >= least_date_digits;
  mark.number = number.value_or(0);
  return mark;
}

std::optional<RotationMark> rotation_mark(std::string_view base, std::string_view name) {
  name = without_packed_ending(name);
  if (auto mark = mark_between(name, base, "")) {
    return mark;
  }
  const std::string_view stem = stem_of(base);
  return mark_between(name, stem, base.substr(stem.size()));
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
  int64_t modified = 0;  // nanoseconds since 1970; only of files named like the log
  bool packed = false;   // by its name
};

struct Candidate {
  RotatedFile file;
  std::optional<RotationMark> mark;
  int64_t modified = 0;
  const Entry* entry = nullptr;  // of one that is not open yet
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

// One last written long before the reference was is left over from another scheme of names. Of one scheme, an older
// generation may well be the later written one: by workers that keep it until their last connection is over, or as a
// clock was set back.
bool is_written_after(const Candidate& candidate, const Candidate& reference) {
  return candidate.mark->date == reference.mark->date ? candidate.modified >= reference.modified - late_writes
                                                      : candidate.modified > reference.modified;
}

bool may_be_later(const RotationMark& mark, const Candidate& reference) {
  return reference.mark && (mark.date != reference.mark->date || newer(mark, *reference.mark));
}

// Whether the names tell which of them came first.
bool comparable(const std::vector<Candidate>& found, const Candidate& other) {
  return found.empty() || !other.mark || !found.back().mark || found.back().mark->date == other.mark->date;
}

// One look at a folder.
class Folder {
 public:
  Folder(const std::string& log, size_t max_line, const std::vector<FileKey>& refuted, const std::string& head)
      : log_(log), base_(last_component(log)), max_line_(max_line), refuted_(refuted), head_(head) {
    entries_ = list();
  }

  // A file that was listed was gone or renamed when it was opened: what became of it is to be looked for anew.
  [[nodiscard]] bool changed() const { return changed_ || !same_names(list()); }

  [[nodiscard]] std::optional<Candidate> find(const model::Cursor& cursor) {
    for (const Entry& entry : entries_) {
      if (entry.inode == cursor.inode) {
        auto candidate = open(entry);
        if (candidate && candidate->file.tail->is_file_of(cursor) &&
            (cursor.is_empty() ? !candidate->file.tail->packed() : candidate->file.tail->has_content_of(cursor))) {
          candidate->file.cursor = cursor;
          return candidate;
        }
      }
    }
    std::optional<Candidate> shorter;  // made before the rest was written that is known
    for (const Entry& entry : entries_) {
      if (entry.modified == 0 || entry.inode == cursor.inode || entry.path == log_) {
        continue;
      }
      auto candidate = open(entry);
      if (!candidate || cursor.fingerprint_length == 0) {
        continue;
      }
      candidate->file.cursor = cursor;
      if (candidate->file.tail->has_content_of(cursor)) {
        return candidate;
      }
      const FileTail& tail = *candidate->file.tail;
      const bool in_head = tail.has_head() && head_.starts_with(tail.head());
      const bool all_read = tail.size() < cursor.offset && (in_head || tail.begins_as(cursor));
      if (!shorter && !tail.packed() && (all_read || (in_head && tail.size() == tail.head().size()))) {
        shorter = std::move(candidate);
      }
    }
    return shorter;
  }

  // Generations whose names say that they came after `reference` (null: all); where the scheme of names has changed,
  // their times.
  [[nodiscard]] std::vector<Candidate> find_later(const Candidate* reference) {
    std::vector<Candidate> later;
    std::unordered_set<std::string_view> names;  // one that is being compressed is there twice
    for (const Entry& entry : entries_) {
      const std::optional<RotationMark> mark = rotation_mark(base_, entry.name);
      if (!mark || (reference != nullptr && !may_be_later(*mark, *reference)) ||
          !names.insert(without_packed_ending(entry.name)).second) {
        continue;
      }
      auto candidate = open(entry);
      if (candidate && (reference == nullptr || is_written_after(*candidate, *reference))) {
        later.push_back(std::move(*candidate));
      }
    }
    sort_oldest_first(later);
    return later;
  }

  // The newest generation that has something in it.
  [[nodiscard]] std::optional<model::Cursor> newest() {
    std::vector<Candidate> generations;
    for (const Entry& entry : entries_) {
      if (auto mark = rotation_mark(base_, entry.name); mark && entry.modified != 0) {
        generations.push_back({.file = {}, .mark = std::move(mark), .modified = entry.modified, .entry = &entry});
      }
    }
    sort_oldest_first(generations);
    for (const Candidate& generation : std::views::reverse(generations)) {
      auto candidate = open(*generation.entry);
      if (!candidate) {
        return std::nullopt;
      }
      FileTail& tail = *candidate->file.tail;
      if (tail.has_head()) {
        tail.start_after_cut();
        model::Cursor cursor = tail.cursor(log_);
        cursor.offset = std::max<uint64_t>(cursor.offset, 1);  // a compressed one is not read for it
        cursor.seen_size = 0;
        return cursor;
      }
    }
    return model::Cursor::first(log_);
  }

 private:
  // Not compressed ones first, of each the latest first.
  [[nodiscard]] std::vector<Entry> list() const {
    std::vector<Entry> entries;
    const std::string folder = parent_folder(log_);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
    while (const dirent* found = listing ? ::readdir(listing.get()) : nullptr) {
      Entry entry{.path = join_path(folder, found->d_name), .name = found->d_name, .inode = found->d_ino};
      struct stat status{};
      if ((entry.name.starts_with(base_) || rotation_mark(base_, entry.name)) &&
          ::stat(entry.path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        entry.inode = status.st_ino;
        entry.modified = modification_time(status);
        entry.packed = without_packed_ending(entry.name).size() < entry.name.size();
      }
      entries.push_back(std::move(entry));
    }
    std::ranges::stable_sort(entries, [](const Entry& left, const Entry& right) {
      return left.packed != right.packed ? right.packed : left.modified > right.modified;
    });
    return entries;
  }

  // readdir(3) may miss what is renamed meanwhile, and show it twice.
  [[nodiscard]] bool same_names(const std::vector<Entry>& now) const {
    const auto names_of = [](const std::vector<Entry>& entries) {
      std::vector<std::pair<std::string_view, uint64_t>> names;
      for (const Entry& entry : entries) {
        if (entry.modified != 0) {
          names.emplace_back(entry.name, entry.inode);
        }
      }
      std::ranges::sort(names);
      return names;
    };
    return names_of(now) == names_of(entries_);
  }

  [[nodiscard]] std::optional<Candidate> open(const Entry& entry) {
    Result<std::unique_ptr<FileTail>> tail = FileTail::open_rotated(entry.path, max_line_);
    // Renamed since it was listed, as rotation renames all generations one after the other.
    const bool other =
        tail ? entry.modified != 0 && (*tail)->key().inode != entry.inode : tail.error().code == Errc::not_found;
    changed_ = changed_ || other;
    if (!tail || other) {
      return std::nullopt;
    }
    if (std::ranges::find(refuted_, (*tail)->key()) != refuted_.end()) {
      return std::nullopt;
    }
    struct stat status{};
    const int64_t modified = ::fstat((*tail)->fd(), &status) == 0 ? modification_time(status) : 0;
    return Candidate{{std::move(*tail), std::nullopt}, rotation_mark(base_, entry.name), modified};
  }

  // A file's owner may set any second; some file systems keep it.
  static int64_t modification_time(const struct stat& status) {
    constexpr int64_t last = INT64_MAX / (2 * a_second);  // no difference of two overflows
    return std::clamp<int64_t>(status.st_mtim.tv_sec, -last, last) * a_second + status.st_mtim.tv_nsec;
  }

  const std::string& log_;
  const std::string base_;
  size_t max_line_;
  const std::vector<FileKey>& refuted_;
  const std::string& head_;
  std::vector<Entry> entries_;
  bool changed_ = false;
};

}  // namespace

std::string_view without_packed_ending(std::string_view name) {
  constexpr std::array<std::string_view, 4> packed_endings = {".gz", ".xz", ".bz2", ".zst"};
  const auto* const ending = std::ranges::find_if(
      packed_endings, [&](std::string_view each) { return name.size() > each.size() && name.ends_with(each); });
  return ending == packed_endings.end() ? name : name.substr(0, name.size() - ending->size());
}

bool is_rotated_name(const std::string& base, const std::string& name) { return rotation_mark(base, name).has_value(); }

namespace {

// Those of `cursors` that are there, as far as they tell what came later.
struct Found {
  std::vector<Candidate> candidates;
  bool all = true;
};

Found find_all(Folder& folder, const std::vector<model::Cursor>& cursors, bool with_later) {
  const auto tells = [](const model::Cursor& cursor) { return cursor.is_first() || !cursor.is_empty(); };
  const bool none_before = std::ranges::any_of(cursors, &model::Cursor::is_first);
  const bool has_reference = std::ranges::any_of(cursors, tells);
  // One that was empty is one of the later ones, if it is known which file was before it. It counts by itself only when
  // that one is gone, or when the names are of another scheme by now.
  const auto is_later = [&](const model::Cursor& cursor) {
    return with_later && has_reference && cursor.is_empty() && !cursor.alone();
  };
  Found found;
  bool gone = false;
  for (const model::Cursor& cursor : cursors) {
    if (cursor.is_first() || is_later(cursor)) {
      continue;
    }
    if (std::optional<Candidate> candidate = folder.find(cursor)) {
      found.candidates.push_back(std::move(*candidate));
    } else {
      gone = gone || cursor.is_done();
      found.all = found.all && cursor.is_done();
    }
  }
  bool replaced = false;
  for (const model::Cursor& cursor : cursors) {
    std::optional<Candidate> candidate = is_later(cursor) && !none_before ? folder.find(cursor) : std::nullopt;
    if (candidate && (gone || !comparable(found.candidates, *candidate))) {
      found.candidates.push_back(std::move(*candidate));
      replaced = true;
    }
  }
  found.all = found.all && (!gone || replaced) && (none_before || !found.candidates.empty());
  sort_oldest_first(found.candidates);
  return found;
}

}  // namespace

std::vector<RotatedFile> find_rotated(const std::vector<model::Cursor>& cursors, bool with_later, size_t max_line,
                                      const std::vector<FileKey>& refuted, const std::string& head) {
  std::vector<Candidate> found;
  for (int look = 0; look < most_looks && !cursors.empty(); ++look) {
    Folder folder(cursors.front().path, max_line, refuted, head);
    Found now = find_all(folder, cursors, with_later);
    found = std::move(now.candidates);
    if (with_later && now.all) {
      for (Candidate& candidate : folder.find_later(found.empty() ? nullptr : &found.back())) {
        const auto empty = std::ranges::find_if(cursors, [&](const model::Cursor& cursor) {
          return cursor.is_empty() && !candidate.file.tail->packed() && candidate.file.tail->is_file_of(cursor);
        });
        candidate.file.cursor = empty == cursors.end() ? std::nullopt : std::optional(*empty);
        found.push_back(std::move(candidate));
      }
    }
    if (!folder.changed()) {
      break;
    }
  }
  std::vector<RotatedFile> files;
  files.reserve(found.size());
  for (Candidate& candidate : found) {
    files.push_back(std::move(candidate.file));
  }
  return files;
}

std::optional<model::Cursor> newest_rotated(const std::string& log, size_t max_line) {
  const std::vector<FileKey> none;
  const std::string no_head;
  std::optional<model::Cursor> newest;
  for (int look = 0; look < most_looks; ++look) {
    Folder folder(log, max_line, none, no_head);
    newest = folder.newest();
    if (!folder.changed()) {
      break;
    }
  }
  return newest;
}

}  // namespace ipguard::input
