// Files of Follower: opening, handing over from path to path, finding again after a restart, closing.
#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "input/follower_impl.h"

namespace ipguard::input {

void Follower::Impl::open_path(Slot& slot) {
  Result<std::unique_ptr<FileTail>> opened = FileTail::open(slot.path, slot.config->max_line);
  if (!opened) {
    // Another file at this path shows as an event of its folder; other obstacles go without one.
    const bool other_file = opened.error().code == Errc::not_found || opened.error().code == Errc::invalid;
    slot.there_at_start = slot.there_at_start && !other_file;
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
  if (!has_room()) {
    if (slot.there_at_start && !slot.size_at_start) {
      slot.size_at_start = tail.size();
    }
    wait_for_room(slot);
    return;
  }
  if (slot.there_at_start && !book.was_followed(slot.path) && slot.config->from == config::StartPosition::end &&
      !book.knows(tail)) {
    tail.start_at_end_of(slot.size_at_start.value_or(UINT64_MAX));
  } else {
    begin(slot, tail);
  }
  make_current(slot, attach(slot, std::move(*opened)));
  if (!starting) {
    recover(slot.path);
  }
}

void Follower::Impl::begin(Slot& slot, FileTail& tail) {
  const std::optional<CursorBook::Known> known = book.take(tail);
  if (!known) {
    tail.start_at_beginning();
  } else if (!tail.resume(known->offset, known->saved ? replay_bytes : 0)) {
    ++slot.counters.truncations;
    note_loss(slot, 1, "was emptied");
  }
}

void Follower::Impl::note_loss(Slot& slot, uint64_t losses, std::string_view how) {
  slot.counters.losses_of_unknown_size += losses;
  log_warning("a file that was followed as " + printable(slot.path) + ' ' + std::string(how) +
              " while nobody followed it: what was written to it meanwhile is lost");
}

void Follower::Impl::make_current(Slot& slot, std::unique_ptr<OpenFile> file) {
  file->slot = &slot;
  mark_dirty(*file);
  if (slot.current) {
    slot.old.push_back(std::move(slot.current));
  }
  if (slot.had_file) {
    ++slot.counters.rotations;
    log_debug(printable(slot.path) + " was rotated");
  }
  slot.current = std::move(file);
  slot.had_file = true;
  slot.marked = false;
  slot.there_at_start = false;
  slot.size_at_start.reset();
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
  for (const Cursor& cursor : book.saved()) {
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
  if (const std::string folder = parent_folder(path); !is_folder(folder) || !has_room()) {
    book.keep_saved(std::move(saved.cursors));  // perhaps not mounted yet
    return;
  }
  const bool marked = std::erase_if(saved.cursors, &Cursor::is_mark) > 0;
  if (saved.cursors.empty() && pattern->wildcards) {
    return;
  }
  Slot* slot = slot_for(path, *pattern);
  if (slot == nullptr) {
    return;
  }
  slot->marked = marked && !slot->current;
  if (const size_t found = adopt_rotated(*slot, saved); found < saved.cursors.size()) {
    note_loss(*slot, saved.cursors.size() - found, "was deleted or compressed");
  }
  slot->had_file = true;
  start_ticking();
}

size_t Follower::Impl::adopt_rotated(Slot& slot, const CursorBook::Saved& saved) {
  std::vector<std::unique_ptr<OpenFile>> older;
  size_t found = 0;
  for (RotatedFile& file : find_rotated(saved, slot.config->max_line)) {
    found += file.offset ? 1U : 0U;
    if (by_key.contains(file.tail->key())) {
      continue;
    }
    if (!file.offset) {
      begin(slot, *file.tail);
    } else if (!file.tail->resume(*file.offset, replay_bytes)) {
      ++slot.counters.truncations;
      note_loss(slot, 1, "was emptied");
    }
    older.push_back(attach(slot, std::move(file.tail)));
    ++slot.counters.rotations;
  }
  slot.old.insert(slot.old.begin(), std::make_move_iterator(older.begin()), std::make_move_iterator(older.end()));
  return found;
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
  Result<std::unique_ptr<FileTail>> tail = FileTail::open(renamed_file.to, slot->config->max_line);
  if (!tail || by_key.contains((*tail)->key())) {
    return;
  }
  if (!has_room()) {
    note_loss(*slot, 1, "was renamed (too many files are open)");
    return;
  }
  begin(*slot, **tail);
  std::unique_ptr<OpenFile> file = attach(*slot, std::move(*tail));
  if (slot->current && slot->waiting.empty()) {
    slot->old.push_back(std::move(file));  // older than what is at the path now
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
  by_key.emplace(file->tail->key(), file.get());
  watch_file(*file);
  mark_dirty(*file);
  ++version;
  return file;
}

void Follower::Impl::watch_file(OpenFile& file) {
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
  file.tail->finish(emit_to(slot));
  if (!file.tail->deleted()) {
    book.remember_closed(file.tail->cursor(slot.path));
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
