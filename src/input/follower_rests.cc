// Content of Follower's files that is elsewhere now: what copytruncate left in its copy, what was compressed, and
// generations that came and went unseen.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "input/follower_impl.h"

namespace ipguard::input {
namespace {

// A copy is known as such by so many bytes, or all that one of both has: others may begin alike for a few.
constexpr size_t least_alike = 32;

// A rotated file that nobody read, but that need not be: nothing is in it, or it is a copy of what is at the path now,
// which copytruncate is about to empty or has just emptied: then it is found when that shows. The path is looked at
// after the rotated file was, which may be being made.
bool is_idle_copy(const FileTail& rotated, FileTail* now) {
  return !rotated.has_head() || (now != nullptr && now->begins() &&
                                 (rotated.begins_as(*now, least_alike) || now->begins_as(rotated, least_alike)));
}

}  // namespace

void Follower::Impl::count_lost_behind(Slot& slot, uint64_t seen, uint64_t read) {
  count_lost(slot, seen - std::min(seen, read));
}

void Follower::Impl::count_lost(Slot& slot, uint64_t bytes) {
  if (bytes > 0) {
    count_losses(slot, {.bytes = bytes});
    log_warning(printable(slot.path) + " was truncated before it was read: " + format_size(bytes) + " lost");
  }
}

void Follower::Impl::count_losses(Slot& slot, const model::Losses& more) {
  slot.counters.lost_bytes += more.bytes;
  slot.counters.losses_of_unknown_size += more.of_unknown_size;
  slot.counters.reread_bytes += more.reread_bytes;
  losses[slot.counters.name] += more;
}

OpenFile& Follower::Impl::insert_old(Slot& slot, std::unique_ptr<FileTail> tail, const OpenFile* before) {
  const auto place = std::ranges::find(slot.old, before, &std::unique_ptr<OpenFile>::get);
  const bool last = place == slot.old.end();
  if (last) {
    note_newest(slot, *tail);
  }
  start_ticking();
  OpenFile& file = **slot.old.insert(place, attach(slot, std::move(tail)));
  file.after_newest = last && !file.tail->has_head();
  return file;
}

void Follower::Impl::note_newest(Slot& slot, FileTail& tail) {
  if (!tail.begins()) {
    return;
  }
  slot.newest_old = tail.key();
  slot.done.reset();
  for (const auto& file : slot.old) {
    file->after_newest = false;
    if (file->tail.get() == &tail) {
      break;
    }
  }
}

void Follower::Impl::forget_newest(Slot& slot) {
  slot.newest_old.reset();
  slot.done.reset();
  for (const auto& file : slot.old) {
    file->after_newest = false;
  }
}

void Follower::Impl::note_reference(Slot& slot) {
  if (slot.config != nullptr && slot.current && !slot.current->tail->has_head() && !slot.done && !slot.newest_old) {
    slot.done = newest_rotated(slot.path, slot.config->max_line);
    const bool open = slot.done && is_open(*slot.done);
    if (open && by_key.at({slot.done->device, slot.done->inode})->slot == &slot) {
      slot.newest_old = {slot.done->device, slot.done->inode};
      slot.done.reset();
    }
    ++version;
  }
}

void Follower::Impl::note_done(Slot& slot, const FileTail& tail) {
  slot.newest_old.reset();
  slot.done = tail.cursor(slot.path);
  slot.done->seen_size = 0;
}

std::vector<model::Cursor> Follower::Impl::adopt_rotated(Slot& slot, const std::vector<model::Cursor>& cursors,
                                                         const Adoption& how) {
  std::vector<model::Cursor> found;
  FileTail* now = how.now != nullptr || !slot.current ? how.now : slot.current->tail.get();
  if (const auto first = std::ranges::find_if(cursors, &model::Cursor::is_first); first != cursors.end()) {
    found.push_back(*first);
    slot.newest_old.reset();
    slot.done = *first;
  }
  for (RotatedFile& file : find_rotated(cursors, how.with_later, slot.config->max_line)) {
    if (file.cursor) {
      found.push_back(*file.cursor);
    }
    FileTail& tail = *file.tail;
    if (file.cursor && file.cursor->is_done()) {
      slot.newest_old.reset();
      slot.done = *file.cursor;
      continue;
    }
    // What is open is read there, though it stands elsewhere as well: compressed meanwhile.
    if (by_key.contains(tail.key()) || (file.cursor && is_open(*file.cursor)) ||
        (!file.cursor && (is_idle_copy(tail, now) || (tail.packed() && is_known(slot, tail))))) {
      continue;
    }
    if (!file.cursor) {
      begin(slot, tail);
    } else if (!tail.packed() && tail.size() < file.cursor->offset) {
      count_lost_behind(slot, file.cursor->seen_size, file.cursor->offset);
      if (how.before == nullptr) {
        tail.start_after_cut();
        forget_newest(slot);
        note_done(slot, tail);
      }
      continue;  // all that the copy has was read
    } else if (!tail.resume(*file.cursor, how.replay_bytes)) {
      note_loss(slot, 1, "was emptied");  // this moment
      continue;
    } else if (!tail.packed()) {
      count_lost_behind(slot, file.cursor->seen_size, tail.size());
    }
    OpenFile& opened = insert_old(slot, std::move(file.tail), how.before);
    opened.copy = file.cursor && opened.tail->key() != FileKey{file.cursor->device, file.cursor->inode};
    if (file.cursor && opened.tail->packed()) {
      opened.rest = Rest{.cursor = *file.cursor, .partial_line = {}, .reached = file.cursor->offset, .refuted = {}};
    }
    ++slot.counters.rotations;
  }
  return found;
}

// After logrotate's copytruncate what was written between our last read and the truncation stands in the copy. What was
// written after the copy was made is gone; how much that is, is known as far as the file was seen with it, and exactly
// if its writer went on at its old place, leaving a hole.
void Follower::Impl::replace_content(OpenFile& file) {
  Slot& slot = *file.slot;
  FileTail& tail = *file.tail;
  const model::Cursor before = tail.cursor(slot.path);
  const uint64_t reached = tail.reached();
  uint64_t known = reached;  // of the old content, where it went
  Rest rest{.cursor = before, .partial_line = std::string(tail.partial_line()), .reached = reached, .refuted = {}};
  std::vector<RotatedFile> files = find_rotated({before}, true, slot.config->max_line, {}, tail.head());
  count_losses(slot, {.reread_bytes = files.empty() ? tail.repeated_bytes() : 0});
  ++slot.counters.truncations;
  ++version;
  tail.begin_anew();
  mark_dirty(file);
  rest.cursor.seen_size = std::max(before.seen_size, tail.offset());  // at its beginning only, or behind a hole
  file.emptied = !tail.begins();
  const bool is_last = &file == slot.current.get() || slot.newest_old == tail.key();
  file.overwritten = &file != slot.current.get();
  if (is_last) {
    forget_newest(slot);
  }
  bool goes_on = false;
  bool accounted = tail.offset() > 0;  // a hole is as big as what was written
  for (RotatedFile& each : files) {
    FileTail& copy = *each.tail;
    accounted = accounted || (each.cursor && by_key.contains(copy.key()));
    if (by_key.contains(copy.key()) || (!each.cursor && is_idle_copy(copy, &tail))) {
      continue;
    }
    if (!each.cursor) {
      begin(slot, copy);
    } else if (!copy.packed() && copy.size() <= reached) {
      accounted = true;
      if (is_last) {
        copy.start_after_cut();
        forget_newest(slot);
        note_done(slot, copy);
      }
      continue;
    } else if (!copy.resume(before, 0)) {
      continue;
    }
    OpenFile& opened = insert_old(slot, std::move(each.tail), &file);
    if (each.cursor) {
      goes_on = true;
      opened.copy = true;
      known = copy.packed() ? rest.cursor.seen_size : copy.size();  // of a compressed one it shows at its end
      opened.rest = copy.packed() ? std::optional(rest) : std::nullopt;
    }
  }
  if (!goes_on) {
    give_partial_line(slot, rest);
  }
  count_losses(slot, {.truncations = goes_on || accounted ? 0U : 1U});
  count_lost_behind(slot, rest.cursor.seen_size, known);
  note_reference(slot);
}

// Copied over a rotated file, what is at the path now is read there; when that is truncated the copy is looked for.
bool Follower::Impl::turn_away_copy(OpenFile& file) {
  Slot& slot = *file.slot;
  if (!file.overwritten || !file.tail->begins()) {
    return false;
  }
  file.overwritten = false;
  if (!slot.current || !file.tail->begins_as(*slot.current->tail, least_alike)) {
    return false;
  }
  drop(file);
  return true;
}

void Follower::Impl::give_partial_line(Slot& slot, const Rest& rest) {
  if (!rest.partial_line.empty()) {
    emit_to(slot, -1)(rest.partial_line + '\n', rest.cursor.offset, false, false);
  }
}

void Follower::Impl::end_packed(OpenFile& file, const FileTail::Turn& turn) {
  Slot& slot = *file.slot;
  Rest rest = file.rest ? std::move(*file.rest) : Rest{};
  const bool newest = slot.newest_old == file.tail->key();
  if (turn.refuted) {
    const bool shorter = file.tail->size() < rest.cursor.offset;
    rest.refuted.push_back(file.tail->key());
    std::vector<RotatedFile> others = find_rotated({rest.cursor}, false, slot.config->max_line, rest.refuted);
    if (!others.empty() && !by_key.contains(others.front().tail->key()) &&
        others.front().tail->resume(rest.cursor, 0)) {
      OpenFile& other = insert_old(slot, std::move(others.front().tail), &file);
      other.rest = other.tail->packed() ? std::optional(std::move(rest)) : std::nullopt;
      other.copy = true;
      if (newest) {
        note_newest(slot, *other.tail);
      }
    } else {
      give_partial_line(slot, rest);
      if (!shorter) {
        note_loss(slot, 1, "was deleted or emptied");
      } else if (newest) {
        note_done(slot, *file.tail);
      }
    }
    drop(file);
    return;
  }
  if (!turn.error.empty()) {
    note_loss(slot, 1, "was compressed, and cannot be unpacked (" + turn.error + "),");
  }
  const uint64_t end = file.tail->reached();
  if (end < rest.reached) {
    give_partial_line(slot, rest);
  } else {
    file.tail->finish(emit_to(slot, file.tail->content_fd()));
  }
  if (newest) {
    note_done(slot, *file.tail);
  }
  book.remember_closed(file.tail->cursor(slot.path), file.tail->deleted());
  if (turn.error.empty()) {
    count_lost_behind(slot, rest.cursor.seen_size, std::max(end, rest.reached));
  }
  drop(file);
}

std::vector<model::Cursor> Follower::Impl::replaced_unseen() const {
  std::vector<model::Cursor> cursors;
  for (const auto& slot : slots) {
    // Its beginning is looked at once more: it may have been empty when it was looked at last.
    if (slot->config != nullptr && slot->current && key_at(slot->path) != slot->current->tail->key() &&
        slot->current->tail->begins()) {
      cursors.push_back(slot->current->tail->cursor(slot->path));
    }
  }
  return cursors;
}

void Follower::Impl::adopt_unseen(const std::vector<model::Cursor>& last) {
  for (const model::Cursor& cursor : last) {
    if (const auto slot = by_path.find(cursor.path); slot != by_path.end() && has_room()) {
      adopt_rotated(*slot->second, {cursor}, {.with_later = true, .before = slot->second->current.get()});
    }
  }
}

bool Follower::Impl::adopt_between(OpenFile& file) {
  if (!file.emptied) {
    return false;
  }
  file.emptied = !file.tail->begins();
  Slot& slot = *file.slot;
  const size_t before = slot.old.size();
  if (slot.done || slot.newest_old) {
    const model::Cursor last = slot.done ? *slot.done : by_key.at(*slot.newest_old)->tail->cursor(slot.path);
    adopt_rotated(slot, {last}, {.with_later = true, .before = &file});
  }
  return slot.old.size() > before;
}

bool Follower::Impl::turn_away(OpenFile& file) {
  Slot& slot = *file.slot;
  FileTail& tail = *file.tail;
  if (!tail.begins()) {
    return false;
  }
  file.fresh = false;
  std::string reason;
  if (tail.looks_packed()) {
    reason = "is compressed";
  }
  for (const auto& other : slots) {
    if (other->current && other.get() != &slot && parent_folder(other->path) == parent_folder(slot.path) &&
        is_rotated_name(last_component(other->path), last_component(slot.path)) &&
        tail.begins_as(*other->current->tail, least_alike)) {
      reason = "a copy of " + printable(other->path);
    }
  }
  if (reason.empty() || slot.current.get() != &file) {
    return false;
  }
  drop(file);
  wait(slot, reason, false);
  return true;
}

}  // namespace ipguard::input
