// Paths of Follower: what inotify and the patterns say is there, and the slots for it.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "input/follower_impl.h"

namespace ipguard::input {
namespace {

// Followed at a time; those whose files are there are never forgotten.
constexpr size_t most_paths = 16'384;

// Renames remembered while their events come in: a burst of rotations of many logs.
constexpr size_t most_renamed = 4096;

bool is_link(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

std::optional<FileKey> key_at(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileKey{status.st_dev, status.st_ino};
}

// Files of saved cursors first, whatever their names are now; then those that are new; then what was rotated away.
void Follower::Impl::start_following() {
  starting = true;
  scan();
  for (const auto& slot : slots) {
    slot->there_at_start = exists(slot->path);
    const Result<std::unique_ptr<FileTail>> tail = FileTail::open(slot->path, slot->config->max_line);
    if (tail && book.knows(**tail)) {
      examine(*slot);
    }
  }
  examine_all();
  book.keep_only([this](const std::string& path) { return pattern_of(path) != nullptr; });
  recover_unclaimed();
  for (const auto& slot : slots) {
    note_reference(*slot);
  }
  starting = false;
  settle();
  ++version;
}

void Follower::Impl::handle(const InotifyEvent& event) {
  if (event.overflow) {
    log_warning("inotify dropped events: looking at everything again");
    rescan = true;
    overflowed = true;
    for (OpenFile* file : all_files()) {
      mark_dirty(*file);
    }
    return;
  }
  if (const auto it = file_watches.find(event.watch); it != file_watches.end()) {
    OpenFile& file = *it->second;
    if (event.modified) {
      mark_dirty(file);
    }
    if (event.watch_gone) {
      file.watch = -1;
      file_watches.erase(it);
      want_retry(true);
    }
    if (event.moved_or_deleted) {
      touch(file.slot->path);
    }
    return;
  }
  if (const auto it = folder_watches.find(event.watch); it != folder_watches.end()) {
    if (event.name.empty()) {
      rescan = true;
      return;
    }
    for (const FolderWatch& watch : it->second) {
      handle_folder(watch, event);
    }
    if (event.moved_from || event.moved_to) {
      handle_rename(join_path(it->second.front().folder, event.name), event);
    }
  }
}

void Follower::Impl::handle_rename(const std::string& path, const InotifyEvent& event) {
  if (event.moved_to) {
    if (const auto it = moving.find(event.cookie); it != moving.end()) {
      renamed[it->second].to = path;
    }
    return;
  }
  // What was compressed meanwhile has another name, and no rename tells of it.
  auto it = std::ranges::find_if(renamed, [&](const Renamed& each) {
    return each.to == path || (!each.to.empty() && each.to == without_packed_ending(path));
  });
  if (it == renamed.end()) {
    if (renamed.size() >= most_renamed || pattern_of(path) == nullptr) {
      return;
    }
    it = renamed.insert(renamed.end(), {.from = path, .to = {}});
  }
  it->to.clear();
  moving[event.cookie] = static_cast<size_t>(it - renamed.begin());
}

void Follower::Impl::handle_folder(const FolderWatch& watch, const InotifyEvent& event) {
  if (!glob_matches(watch.name_pattern, std::string(event.name))) {
    return;
  }
  if (watch.files) {
    touch(join_path(watch.folder, event.name));
  } else {
    rescan = true;
  }
}

void Follower::Impl::touch(std::string path) {
  if (touched_set.insert(path).second) {
    touched.push_back(std::move(path));
  }
}

void Follower::Impl::settle() {
  const std::vector<model::Cursor> unseen =
      std::exchange(overflowed, false) ? replaced_unseen() : std::vector<model::Cursor>();
  while (rescan || !touched.empty()) {
    const std::vector<std::string> paths = std::exchange(touched, {});
    touched_set.clear();
    // A link's targets need watches of their own.
    if (std::exchange(rescan, false) || std::ranges::any_of(paths, is_link)) {
      scan();
      examine_all();
    } else {
      for (const std::string& path : paths) {
        examine_path(path);
      }
    }
  }
  adopt_unseen(unseen);
  for (const Renamed& file : renamed) {
    if (!file.to.empty()) {
      adopt_renamed(file);
    }
  }
  if (!renamed.empty() && !inotify->pending()) {
    renamed.clear();
    moving.clear();
  }
}

void Follower::Impl::examine_all() {
  for (const auto& slot : slots) {
    examine(*slot);
  }
}

void Follower::Impl::examine_path(const std::string& path) {
  if (const auto known = by_path.find(path); known != by_path.end()) {
    examine(*known->second);
    return;
  }
  Pattern* pattern = pattern_of(path);
  if (pattern == nullptr || !exists(path) || (pattern->wildcards && is_folder(path))) {
    return;
  }
  if (Slot* slot = slot_for(path, *pattern)) {
    examine(*slot);
  }
}

void Follower::Impl::scan() {
  const auto previous = std::exchange(folder_watches, {});
  watched_folders.clear();
  for (Pattern& pattern : patterns) {
    scan_pattern(pattern);
  }
  for (const auto& [watch, interests] : previous) {
    if (!folder_watches.contains(watch)) {
      inotify->remove(watch);
    }
  }
  for (OpenFile* file : all_files()) {
    if (file->watch < 0) {
      watch_file(*file);
      mark_dirty(*file);  // for what was written before there was a watch
    }
    if (file->remote) {
      want_retry(true);
    }
  }
}

void Follower::Impl::scan_pattern(Pattern& pattern) {
  const GlobMatches matches = scan_glob(pattern.text, [&](const FolderWatch& watch) { watch_folder(watch); });
  pattern.problem.clear();
  if (matches.error_number != 0) {
    pattern.problem =
        fail_errno("cannot list " + printable(matches.unreadable_folder), matches.error_number).error().message;
    want_retry(false);
  }
  if (!pattern.wildcards) {
    slot_for(pattern.text, pattern);
  }
  for (const std::string& path : matches.paths) {
    slot_for(path, pattern);
  }
}

void Follower::Impl::watch_folder(const FolderWatch& watch) {
  const auto [known, is_new] = watched_folders.try_emplace(watch.folder, -1);
  if (is_new) {
    const auto number = inotify->watch_folder(watch.folder.empty() ? "." : watch.folder);
    if (number) {
      known->second = *number;
    } else if (number.error().limit()) {
      want_retry(true);
    } else if (watch.files && number.error().error_number != ENOENT && number.error().error_number != ENOTDIR) {
      want_retry(false);
    }
  }
  if (is_new && is_folder(watch.folder) && (timing.all_remote || !kernel_sees_changes(watch.folder))) {
    want_retry(true);
  }
  if (known->second >= 0) {
    folder_watches[known->second].push_back(watch);
  }
}

Pattern* Follower::Impl::pattern_of(const std::string& path) {
  const auto it = std::ranges::find_if(patterns, [&](const Pattern& pattern) { return pattern.matches(path); });
  return it == patterns.end() ? nullptr : &*it;
}

bool Pattern::matches(const std::string& path) const { return wildcards ? glob_matches(text, path) : text == path; }

Slot* Follower::Impl::slot_for(const std::string& path, Pattern& pattern) {
  if (const auto known = by_path.find(path); known != by_path.end()) {
    const auto* config = known->second->config;
    if (config != nullptr && config->name != pattern.config->name) {
      note_shared(pattern, *known->second);
    } else {
      pattern.has_paths = true;
    }
    return known->second;
  }
  pattern.has_paths = true;
  if (by_path.size() >= most_paths) {
    forget_paths();
  }
  if (by_path.size() >= most_paths) {
    pattern.problem = "more than " + std::to_string(most_paths) + " paths: the others are not followed";
    return nullptr;
  }
  Slot& slot = unused_slot(*pattern.config);
  slot.config = pattern.config;
  slot.path = path;
  slot.counters.name = pattern.config->name;
  slot.counters.path = path;
  slot.there_at_start = changing && exists(path);
  by_path.emplace(path, &slot);
  for (Pattern& other : patterns) {
    if (other.config->name != pattern.config->name && other.matches(path)) {
      note_shared(other, slot);
    }
  }
  return &slot;
}

// A file's lines are one source's: that which names it first.
void Follower::Impl::note_shared(Pattern& pattern, const Slot& slot) {
  if (pattern.shared.empty()) {
    pattern.shared = slot.path;
    log_warning("source " + printable(pattern.config->name) + ": " + printable(slot.path) + " is followed by source " +
                printable(slot.config->name) + ", which names it first: it is read once");
  }
}

Slot& Follower::Impl::unused_slot(const config::SourceConfig& config) {
  for (const std::string_view owner : {std::string_view(config.name), std::string_view()}) {
    if (const auto free = free_slots.find(owner); free != free_slots.end() && !free->second.empty()) {
      Slot& slot = *free->second.back();
      free->second.pop_back();
      return slot;
    }
  }
  slots.push_back(std::make_unique<Slot>());
  slots.back()->id = static_cast<model::SourceId>(slots.size() - 1);
  return *slots.back();
}

void Follower::Impl::examine(Slot& slot) {
  if (slot.config == nullptr) {
    return;
  }
  aliases.erase(&slot);
  const std::optional<FileKey> key = key_at(slot.path);
  if (slot.current && key == slot.current->tail->key()) {
    slot.waiting.clear();
    return;
  }
  const auto open = key ? by_key.find(*key) : by_key.end();
  if (open == by_key.end()) {
    open_path(slot);
  } else if (open->second->tail->packed()) {
    wait(slot, "is compressed", false);
  } else {
    claim(slot, *open->second);
  }
  if (!slot.old.empty() || (slot.current && slot.current->tail->deleted())) {
    start_ticking();
  }
}

void Follower::Impl::claim(Slot& slot, OpenFile& file) {
  Slot& owner = *file.slot;
  if (&owner != &slot && owner.config != nullptr && key_at(owner.path) == file.tail->key()) {
    aliases.insert(&slot);
    const bool ours = owner.config->name == slot.config->name;
    wait(slot,
         "the same file as " + printable(owner.path) +
             (ours ? "" : ", which is followed by source " + printable(owner.config->name)),
         false);
    return;
  }
  make_current(slot, detach(file));
  note_reference(slot);
}

}  // namespace ipguard::input
