// Files of Follower: opening, handing over from path to path, finding again after a restart, closing.
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "input/follower_impl.h"

namespace ipguard::input {
namespace {

// A file that was renamed, and perhaps compressed since.
Result<std::unique_ptr<FileTail>> open_renamed(const std::string& path, size_t max_line) {
  Result<std::unique_ptr<FileTail>> tail = FileTail::open_rotated(path, max_line);
  for (const char* ending : {".gz", ".xz", ".bz2", ".zst"}) {
    if (tail || tail.error().code != Errc::not_found) {
      break;
    }
    tail = FileTail::open_rotated(path + ending, max_line);
  }
  return tail;
}

}  // namespace

void Follower::Impl::open_path(Slot& slot) {
  Result<std::unique_ptr<FileTail>> opened = FileTail::open(slot.path, slot.config->max_line);
  if (!opened) {
    // Another file at this path shows as an event of its folder; other obstacles go without one.
    const bool other_file = opened.error().code == Errc::not_found || opened.error().code == Errc::invalid;
    slot.there_at_start = slot.there_at_start && !other_file;
    note_at_start(slot);
    if (opened.error().code == Errc::busy) {
      wait_for_room(slot);
    } else {
      wait(slot, opened.error().message, !other_file);
    }
    return;
  }
  FileTail& tail = **opened;
  if (by_key.contains(tail.key())) {
    return;  // replaced this moment; the folder's event is on its way
  }
  if (!make_room()) {
    note_at_start(slot);
    wait_for_room(slot);
    return;
  }
  bool fresh = false;
  slot.there_at_start = slot.there_at_start && (!slot.at_start || slot.at_start->key == tail.key());
  if (slot.there_at_start && !book.was_followed(slot.path) && slot.config->from == config::StartPosition::end &&
      !book.knows(tail)) {
    tail.start_at_end_of(slot.at_start ? slot.at_start->size : UINT64_MAX);
  } else {
    fresh = !begin(slot, tail) && !slot.there_at_start;
  }
  std::unique_ptr<OpenFile> file = attach(slot, std::move(*opened));
  file->fresh = fresh;
  file->emptied = !file->tail->has_head();
  make_current(slot, std::move(file));
  if (!starting) {
    recover(slot.path);
    note_reference(slot);
  }
}

// What is written to it before it can be opened came later.
void Follower::Impl::note_at_start(Slot& slot) {
  struct stat status{};
  if (slot.there_at_start && !slot.at_start && ::stat(slot.path.c_str(), &status) == 0) {
    slot.at_start.emplace(FileKey{status.st_dev, status.st_ino}, static_cast<uint64_t>(status.st_size));
  }
}

bool Follower::Impl::begin(Slot& slot, FileTail& tail) {
  const std::optional<CursorBook::Known> known = book.take(tail);
  if (!known) {
    tail.start_at_beginning();
    return false;
  }
  const model::Cursor& cursor = known->cursor;
  if (tail.resume(cursor, known->saved ? replay_bytes : 0)) {
    count_lost_behind(slot, cursor.seen_size, tail.size());
    return true;
  }
  ++slot.counters.truncations;
  const OpenFile* oldest = slot.old.empty() ? nullptr : slot.old.front().get();
  if (!adopt_rotated(slot, {cursor}, {true, known->saved ? replay_bytes : 0, oldest, &tail}).empty()) {
    tail.start_at_beginning();
    return true;
  }
  note_loss(slot, 1, "was emptied");
  count_lost_behind(slot, cursor.seen_size, cursor.offset);
  if (cursor.offset > tail.size() && cursor.fingerprint_length == fingerprint_bytes) {
    tail.start_after_cut();
  } else {
    tail.start_at_beginning();
  }
  return true;
}

void Follower::Impl::note_loss(Slot& slot, uint64_t times, std::string_view how) {
  count_losses(slot, {.of_unknown_size = times});
  log_warning("a file that was followed as " + printable(slot.path) + ' ' + std::string(how) +
              " while nobody followed it: what was written to it meanwhile is lost");
}

// Behind all that were rotated away before.
void Follower::Impl::set_aside(Slot& slot, std::unique_ptr<OpenFile> file) {
  file->after_newest = !file->tail->begins();
  if (!file->after_newest && file->tail->deleted()) {
    forget_newest(slot);  // it is none of the generations, or compressed by now
  } else {
    note_newest(slot, *file->tail);
  }
  slot.old.push_back(std::move(file));
}

void Follower::Impl::make_current(Slot& slot, std::unique_ptr<OpenFile> file) {
  file->slot = &slot;
  file->after_newest = false;
  mark_dirty(*file);
  if (slot.current) {
    set_aside(slot, std::move(slot.current));
  }
  if (slot.had_file) {
    ++slot.counters.rotations;
    log_debug(printable(slot.path) + " was rotated");
  }
  slot.current = std::move(file);
  slot.had_file = true;
  slot.marked = false;
  slot.there_at_start = false;
  slot.at_start.reset();
  slot.without_room = false;
  slot.waiting.clear();
  ++version;
  // The file that went may have been followed for other paths too, which now lead to something of their own.
  for (const Slot* other : aliases) {
    touch(other->path);
  }
}

// Told of once, however many they are.
void Follower::Impl::wait_for_room(Slot& slot) {
  if (!std::exchange(short_of_room, true)) {
    log_warning("too many files are open: " + printable(slot.path) + " and perhaps others wait until there is room");
  }
  slot.waiting = "too many files are open";
  slot.without_room = true;
  want_retry(false);
}

bool Follower::Impl::make_room() {
  if (has_room()) {
    return true;
  }
  for (OpenFile* file : all_files()) {
    const bool rotated = file != file->slot->current.get();
    if (rotated && !file->dirty && file->tail->behind() == 0 && file->tail->writer() == FileTail::Writer::none) {
      close(*file);
    }
  }
  return has_room();
}

void Follower::Impl::use_room() {
  for (const auto& slot : slots) {
    if (slot->without_room && has_room()) {
      examine(*slot);
    }
  }
  if (has_room()) {
    short_of_room = false;
    recover_unclaimed();
  }
  if (!ready.empty()) {
    reading.start();
  }
}

void Follower::Impl::wait(Slot& slot, const std::string& reason, bool retry_later) {
  slot.without_room = false;
  if (slot.waiting != reason) {
    slot.waiting = reason;
    ++version;
    log_info("waiting for " + printable(slot.path) + ": " + reason);
  }
  if (retry_later) {
    want_retry(false);
  }
}

void Follower::Impl::recover_unclaimed() {
  std::unordered_set<std::string> unclaimed;
  for (const model::Cursor& cursor : book.saved()) {
    unclaimed.insert(cursor.path);
  }
  for (const std::string& path : unclaimed) {
    recover(path);
  }
}

void Follower::Impl::recover(const std::string& path) {
  CursorBook::Saved saved = book.take_saved(path);
  Pattern* pattern = pattern_of(path);
  if (saved.cursors.empty() || pattern == nullptr) {
    return;
  }
  if (const std::string folder = parent_folder(path); !is_folder(folder) || !make_room()) {
    book.keep_saved(std::move(saved.cursors));  // perhaps not mounted yet
    return;
  }
  const bool marked = std::erase_if(saved.cursors, &model::Cursor::is_mark) > 0;
  saved.all = saved.all && !marked;  // the last file is gone: those that are left were not the last
  if (saved.cursors.empty() && pattern->wildcards) {
    return;
  }
  Slot* slot = slot_for(path, *pattern);
  if (slot == nullptr) {
    return;
  }
  slot->marked = marked && !slot->current;
  const OpenFile* oldest = slot->old.empty() ? nullptr : slot->old.front().get();
  const std::optional<FileKey> newest = slot->newest_old;
  const std::optional<model::Cursor> done = slot->done;
  const std::vector<model::Cursor> found = adopt_rotated(*slot, saved.cursors, {saved.all, replay_bytes, oldest});
  if (newest || done) {  // what was there already came later
    slot->newest_old = newest;
    slot->done = done;
  } else if (!saved.all) {
    forget_newest(*slot);  // newer ones were closed, and are not among the cursors
  }
  note_unfound(*slot, saved, found);
  slot->had_file = true;
  start_ticking();
}

void Follower::Impl::note_unfound(Slot& slot, const CursorBook::Saved& saved, const std::vector<model::Cursor>& found) {
  uint64_t unfound = 0;
  bool gone = false;
  for (const model::Cursor& cursor : saved.cursors) {
    const bool between = cursor.is_empty() && !cursor.alone() && saved.all && !found.empty();  // it came after these
    if (std::ranges::find(found, cursor) != found.end() || between) {
      continue;
    }
    if (cursor.is_done()) {
      gone = true;
      continue;
    }
    ++unfound;
    count_lost_behind(slot, cursor.seen_size, cursor.offset);
  }
  // Whether the generations that are there came before the one that is gone or after it, nobody can tell.
  if (gone && unfound == 0 && found.empty() && saved.all) {
    const auto newest = newest_rotated(slot.path, slot.config->max_line);
    unfound = newest && newest->is_first() ? 0 : 1;
  }
  if (unfound > 0) {
    note_loss(slot, unfound, "was deleted or emptied");
  }
}

// Whether the content of a compressed file was read before it was compressed, or is about to be.
bool Follower::Impl::is_known(const Slot& slot, const FileTail& tail) const {
  const auto alike = [&](const auto& file) {
    return file && file->tail->begins() && tail.begins_as(*file->tail, fingerprint_bytes);
  };
  return alike(slot.current) || std::ranges::any_of(slot.old, alike) || book.closed_like(slot.path, tail);
}

void Follower::Impl::adopt_renamed(const Renamed& renamed_file) {
  Pattern* pattern = pattern_of(renamed_file.from);
  if (pattern == nullptr || pattern_of(renamed_file.to) != nullptr) {
    return;  // followed under the name that it has now
  }
  Slot* slot = slot_for(renamed_file.from, *pattern);
  if (slot == nullptr) {
    return;
  }
  Result<std::unique_ptr<FileTail>> tail = open_renamed(renamed_file.to, slot->config->max_line);
  if (!tail || by_key.contains((*tail)->key()) || ((*tail)->packed() && is_known(*slot, **tail))) {
    return;
  }
  if (!make_room()) {
    note_loss(*slot, 1, "was renamed (too many files are open)");
    return;
  }
  begin(*slot, **tail);
  const bool packed = (*tail)->packed();
  std::unique_ptr<OpenFile> file = attach(*slot, std::move(*tail));
  if (packed || (slot->current && slot->waiting.empty())) {
    set_aside(*slot, std::move(file));  // older than what is at the path now
    ++slot->counters.rotations;
    start_ticking();
  } else {
    make_current(*slot, std::move(file));  // the newest there is, if not at the path any more
    examine(*slot);
  }
}

std::unique_ptr<OpenFile> Follower::Impl::attach(Slot& slot, std::unique_ptr<FileTail> tail) {
  auto file = std::make_unique<OpenFile>();
  file->tail = std::move(tail);
  file->slot = &slot;
  file->remote = timing.all_remote || !kernel_sees_changes(file->tail->fd());
  by_key.emplace(file->tail->key(), file.get());
  watch_file(*file);
  mark_dirty(*file);
  ++version;
  return file;
}

void Follower::Impl::watch_file(OpenFile& file) {
  if (file.remote) {
    want_retry(true);
  }
  const auto watch = inotify->watch_file(file.tail->fd());
  if (!watch) {
    want_retry(true);
    return;
  }
  file.watch = *watch;
  file_watches[*watch] = &file;
}

std::unique_ptr<OpenFile> Follower::Impl::detach(OpenFile& file) {
  Slot& slot = *file.slot;
  ++version;
  if (slot.newest_old == file.tail->key()) {
    slot.newest_old.reset();
  }
  if (slot.current.get() == &file) {
    return std::move(slot.current);
  }
  const auto it = std::ranges::find(slot.old, &file, &std::unique_ptr<OpenFile>::get);
  std::unique_ptr<OpenFile> taken = std::move(*it);
  slot.old.erase(it);
  return taken;
}

void Follower::Impl::close(OpenFile& file) {
  Slot& slot = *file.slot;
  file.tail->finish(emit_to(slot, file.tail->content_fd()));
  book.remember_closed(file.tail->cursor(slot.path), file.tail->deleted());
  if (slot.newest_old == file.tail->key()) {
    note_done(slot, *file.tail);
  } else if (&file == slot.current.get() && file.tail->has_head()) {
    forget_newest(slot);
  }
  slot.marked = &file == slot.current.get();
  log_debug("closing a rotated file of " + printable(slot.path));
  drop(file);
}

void Follower::Impl::drop(OpenFile& file) {
  if (file.watch >= 0) {
    file_watches.erase(file.watch);
    inotify->remove(file.watch);
  }
  by_key.erase(file.tail->key());
  detach(file);
}

}  // namespace ipguard::input
