// The timers of Follower: closing rotated and deleted files once they are quiet, retrying what inotify does not tell
// of.
#include <algorithm>

#include "input/follower_impl.h"

namespace ipguard::input {

void Follower::Impl::start_ticking() {
  if (!tick_timer.running()) {
    tick_timer.start(timing.tick);
  }
}

void Follower::Impl::tick() {
  bool again = false;
  for (OpenFile* file : all_files()) {
    again = tick_file(*file) || again;
  }
  forget_paths();
  use_room();
  if (again) {
    start_ticking();
  }
}

unsigned Follower::Impl::patience(const OpenFile& file, bool replaced) const {
  if (replaced) {
    return timing.quiet_ticks;
  }
  switch (file.tail->writer()) {
    case FileTail::Writer::none:
      return 1;
    case FileTail::Writer::some:
      return timing.deleted_ticks;
    default:
      return std::min(timing.unsure_ticks, timing.deleted_ticks);
  }
}

bool Follower::Impl::tick_file(OpenFile& file) {
  const bool replaced = file.slot->current && file.slot->current.get() != &file;
  if (!replaced && !file.tail->deleted()) {
    return false;  // its path may lead to it again, or its writer has nowhere else to write yet
  }
  file.quiet_ticks = file.dirty ? 0 : file.quiet_ticks + 1;
  if (file.quiet_ticks < patience(file, replaced)) {
    return true;
  }
  if (file.tail->behind() > 0) {
    mark_dirty(file);
    reading.start();
    return true;
  }
  close(file);
  return false;
}

// The shorter period wins: a poll also does what a retry does.
void Follower::Impl::want_retry(bool poll) {
  const bool sooner = poll && !poll_wanted;
  poll_wanted = poll_wanted || poll;
  if (sooner || !retry_timer.running()) {
    retry_timer.start(poll_wanted ? timing.poll : timing.retry);
  }
}

void Follower::Impl::retry() {
  poll_wanted = false;
  rescan = true;
  settle();
  use_room();
  for (OpenFile* file : all_files()) {
    if (file->polled() || !file->slot->read_error.empty()) {
      mark_dirty(*file);
    }
  }
  read_turn();
}

}  // namespace ipguard::input
