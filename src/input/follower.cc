#include "input/follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "input/follower_impl.h"

namespace ipguard::input {
namespace {

// Reading runs at the same speed from 16 KiB to 2 MiB a read (tests/bench/input_bench.cc); 256 KiB spreads the cost of
// handing a block out and still fits the second-level cache.
constexpr size_t read_bytes = 256UL << 10;
constexpr uint64_t slot_budget = 1UL << 20;   // a slot, a turn
constexpr uint64_t turn_budget = 16UL << 20;  // a turn: some tens of milliseconds with matching

}  // namespace

Follower::Impl::Impl(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources,
                     std::vector<model::Cursor> cursors, uint64_t replay, BlockCallback callback,
                     FollowerTiming with_timing, size_t most)
    : timing(with_timing),
      replay_bytes(replay),
      most_open(most),
      on_block(std::move(callback)),
      book(std::move(cursors)),
      buffer(read_bytes, '\0'),
      inotify_watcher(loop, [this](unsigned) { on_inotify(); }),
      reading(loop, [this] { read_turn(); }),
      tick_timer(loop, [this] { tick(); }),
      retry_timer(loop, [this] { retry(); }) {
  set_patterns(sources);
}

void Follower::Impl::on_inotify() {
  inotify->read([this](const InotifyEvent& event) { handle(event); });
  settle();
  read_turn();
}

bool Follower::Impl::read_turn() {
  uint64_t left = turn_budget;
  for (size_t count = ready.size(); count > 0 && left > 0; --count) {
    Slot& slot = *ready.front();
    ready.pop_front();
    if (read_slot(slot)) {
      ready.push_back(&slot);
      left -= std::min(left, slot_budget);
    } else {
      slot.queued = false;
    }
  }
  if (ready.empty()) {
    reading.stop();
  } else {
    reading.start();
  }
  return !ready.empty();
}

bool Follower::Impl::read_slot(Slot& slot) {
  uint64_t budget = slot_budget;
  for (const auto& file : slot.old) {
    if (file->dirty && !read_file(*file, budget)) {
      return true;  // also when what there is to read has changed
    }
  }
  return slot.current && slot.current->dirty && !read_file(*slot.current, budget);
}

bool Follower::Impl::read_file(OpenFile& file, uint64_t& budget) {
  Slot& slot = *file.slot;
  if (file.fresh && turn_away(file)) {
    return true;
  }
  if (turn_away_copy(file)) {
    return false;
  }
  if (adopt_between(file)) {
    return false;
  }
  const FileTail::Turn turn = file.tail->read(buffer, budget, emit_to(slot, file.tail->content_fd()));
  budget -= std::min(budget, turn.bytes);
  slot.counters.bytes += turn.bytes - turn.not_new;
  if (turn.bytes > 0) {
    ++version;
    file.quiet_ticks = 0;
    file.emptied = false;
    if (file.after_newest) {
      note_newest(slot, *file.tail);
    }
  }
  if (turn.change == FileTail::Change::replaced) {
    replace_content(file);
    return false;
  }
  if (turn.change == FileTail::Change::cut) {
    ++slot.counters.truncations;
    ++version;
    count_losses(slot, {.truncations = 1});
    count_lost(slot, turn.lost_bytes);
  }
  if (turn.at_end && file.tail->packed()) {
    end_packed(file, turn);
    return false;
  }
  if (turn.at_end && file.copy && turn.error.empty()) {
    close(file);
    return false;
  }
  if (turn.at_end) {
    file.dirty = false;
    slot.read_error = turn.error;
    if (!turn.error.empty()) {
      want_retry(false);
    }
  }
  return turn.at_end;
}

FileTail::Emit Follower::Impl::emit_to(Slot& slot, int fd) {
  return [this, &slot, fd](std::string_view bytes, uint64_t offset, bool replay, bool truncated) {
    const Consumed consumed = on_block(
        {.bytes = bytes, .offset = offset, .source = slot.id, .replay = replay, .truncated = truncated, .fd = fd});
    if (!replay) {
      slot.counters.lines += consumed.lines;
      slot.counters.hits += consumed.hits;
      slot.counters.overlong_lines += truncated ? 1 : 0;
    }
  };
}

void Follower::Impl::mark_dirty(OpenFile& file) {
  file.dirty = true;
  if (!file.slot->queued) {
    file.slot->queued = true;
    ready.push_back(file.slot);
  }
}

std::vector<OpenFile*> Follower::Impl::all_files() const {
  std::vector<OpenFile*> files;
  for (const auto& slot : slots) {
    for (const auto& file : slot->old) {
      files.push_back(file.get());
    }
    if (slot->current) {
      files.push_back(slot->current.get());
    }
  }
  return files;
}

model::SourceStatus Follower::Impl::status_of(const Slot& slot) const {
  model::SourceStatus status = slot.counters;
  for (const auto& file : slot.old) {
    status.behind_bytes += file->tail->behind();
  }
  if (slot.current) {
    status.behind_bytes += slot.current->tail->behind();
  }
  status.without_room = slot.without_room;
  if (!slot.waiting.empty()) {
    status.state = "waiting: " + slot.waiting;
  } else if (!slot.read_error.empty()) {
    status.state = "waiting: " + slot.read_error;
  } else if (slot.current && slot.current->watch < 0) {
    status.state = "following, polled: inotify cannot watch it (see fs.inotify.max_user_watches)";
  } else if (slot.current && slot.current->remote) {
    status.state = "following, polled: on a file system where other hosts write without an event";
  } else {
    status.state = "following";
  }
  return status;
}

std::optional<model::SourceStatus> Follower::Impl::status_of(const Pattern& pattern) const {
  const auto shared = by_path.find(pattern.shared);
  const Slot* other = shared == by_path.end() ? nullptr : shared->second;
  if (other != nullptr && (other->config == nullptr || other->config->name == pattern.config->name)) {
    other = nullptr;
  }
  if (pattern.has_paths && pattern.problem.empty() && pattern.done.files == 0 && other == nullptr) {
    return std::nullopt;
  }
  model::SourceStatus status = pattern.done;
  if (!pattern.problem.empty()) {
    status.state = "waiting: " + pattern.problem;
  } else if (other != nullptr) {
    status.state = "waiting: " + printable(other->path) + " is followed by source " + printable(other->config->name);
  } else {
    status.state = pattern.has_paths ? "done: deleted and read to the end" : "waiting: no file matches";
  }
  return status;
}

Follower::Follower(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources,
                   std::vector<model::Cursor> cursors, uint64_t replay_bytes, BlockCallback on_block,
                   FollowerTiming timing, size_t most_open)
    : impl_(std::make_unique<Impl>(loop, sources, std::move(cursors), replay_bytes, std::move(on_block), timing,
                                   most_open)) {}

Follower::~Follower() = default;

Result<> Follower::start() {
  Result<Inotify> inotify = Inotify::open();
  if (!inotify) {
    return std::unexpected(inotify.error());
  }
  impl_->inotify.emplace(std::move(*inotify));
  impl_->inotify_watcher.start(impl_->inotify->fd(), loop::IoWatcher::readable);
  impl_->start_following();
  if (!impl_->ready.empty()) {
    impl_->reading.start();
  }
  return {};
}

void Follower::change_sources(const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> saved) {
  impl_->change_sources(sources, std::move(saved));
}

bool Follower::is_read(std::string_view source) const {
  const auto unread = [](const auto& file) { return file->dirty || file->tail->behind() > 0; };
  return std::ranges::none_of(impl_->slots, [&](const auto& slot) {
    if (slot->config == nullptr || slot->config->name != source) {
      return false;
    }
    const auto key = slot->current && slot->waiting.empty() ? key_at(slot->path) : std::nullopt;
    return std::ranges::any_of(slot->old, unread) || (slot->current && unread(slot->current)) ||
           (key && key != slot->current->tail->key());  // of its rotation nobody has told yet
  });
}

bool Follower::read_turn() { return impl_->read_turn(); }

bool Follower::caught_up() const {
  const auto unread = [](const OpenFile* file) { return file->polled() && file->tail->behind() > 0; };
  return impl_->ready.empty() && !(impl_->inotify && impl_->inotify->pending()) &&
         std::ranges::none_of(impl_->all_files(), unread);
}

std::vector<model::Cursor> Follower::cursors() const {
  std::vector<model::Cursor> cursors = impl_->book.saved();
  for (const OpenFile* file : impl_->all_files()) {
    if (!file->tail->deleted()) {
      cursors.push_back(file->tail->cursor(file->slot->path));
      const Slot& slot = *file->slot;
      const bool last =
          file == slot.current.get() || (file->after_newest && !(slot.current && slot.current->tail->has_head()));
      if (cursors.back().is_empty() && (!last || (!slot.done && !slot.newest_old))) {
        ++cursors.back().tail_fingerprint;  // model::Cursor::alone()
      }
      continue;
    }
    // Nobody finds a deleted file again, but what was compressed; what it had is lost or it had nothing more.
    const Slot& slot = *file->slot;
    const bool reference = slot.newest_old == file->tail->key() && file->tail->offset() > 0 &&
                           !(slot.current && slot.current->tail->has_head());
    if (file->tail->behind() > 0 || reference) {
      cursors.push_back(file->tail->cursor(slot.path));
      cursors.back().seen_size = file->tail->behind() > 0 ? cursors.back().seen_size : 0;  // model::Cursor::is_done()
    } else if (file == file->slot->current.get()) {
      cursors.push_back({.path = file->slot->path});
    }
  }
  for (const auto& slot : impl_->slots) {
    if (slot->done && !(slot->current && slot->current->tail->offset() > 0) && !impl_->is_open(*slot->done)) {
      cursors.push_back(*slot->done);
      if (impl_->by_key.contains({slot->done->device, slot->done->inode})) {
        cursors.back().device = model::Cursor::no_device;
        cursors.back().inode = model::Cursor::any_inode;
      }
    }
    // What is left of the path is not the newest that there was.
    const bool headless = !slot->current && !slot->old.empty() && !slot->done && !slot->newest_old;
    if ((slot->marked && !slot->current) || headless) {
      cursors.push_back({.path = slot->path});
    }
  }
  return cursors;
}

// Its inode may be another file's by now.
bool Follower::Impl::is_open(const model::Cursor& cursor) const {
  const auto file = by_key.find({cursor.device, cursor.inode});
  return file != by_key.end() && file->second->tail->is_file_of(cursor);
}

uint64_t Follower::cursor_version() const { return impl_->version; }

const std::map<std::string, model::Losses>& Follower::losses() const { return impl_->losses; }

SourceInfo Follower::source(model::SourceId id) const {
  if (id >= impl_->slots.size()) {
    return {};
  }
  const Slot& slot = *impl_->slots[id];
  return {.config = slot.config, .path = slot.path};
}

std::vector<model::SourceStatus> Follower::status() const {
  std::vector<model::SourceStatus> all;
  for (const auto& slot : impl_->slots) {
    if (slot->config != nullptr) {
      all.push_back(impl_->status_of(*slot));
    }
  }
  for (const Pattern& pattern : impl_->patterns) {
    if (auto status = impl_->status_of(pattern)) {
      all.push_back(std::move(*status));
    }
  }
  return all;
}

}  // namespace ipguard::input
