// Finding the journal, waiting for it, and what happens to its files.
#include <sys/stat.h>

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "input/glob_watch.h"
#include "input/journal_input_impl.h"
#include "input/source_choice.h"

namespace ipguard::input {

void JournalInput::look(bool first) {
  first = std::exchange(first_is_left_, false) || first;
  asking_ = false;
  const auto files = find_journal_files(journal_);
  const std::string why_not = why_no_journal(files);
  if (first && files.readable.empty() && !was_read_ && config_->from == config::StartPosition::end &&
      !files.unreadable.empty()) {
    cursor_ = journal_cursor_at(started_);
  }
  // What comes into a journal that was not there is new.
  was_read_ = was_read_ || (first && files.readable.empty());
  if (!why_not.empty()) {
    stand_in_.step_in();
    if (waiting_ != why_not) {
      waiting_ = why_not;
      log_warning("source " + printable(config_->name) + ": " + printable(waiting_) + "; waiting for it");
    }
    wait(files);
    return;
  }
  if (!stand_in_.give_way()) {
    first_is_left_ = first;
    asking_ = true;
    timer_.start(timing_.give_way);
    return;
  }
  folder_watcher_.stop();
  inotify_.reset();
  timer_.stop();
  if (auto opened = open(files, first); !opened) {
    fail_and_wait(opened.error());
  }
}

Result<> JournalInput::open(const JournalFiles& files, bool first) {
  constexpr size_t longest_field_name = 64;
  auto journal = SdJournal::open(journal_, max_line_ + longest_field_name);
  if (!journal) {
    return std::unexpected(std::move(journal.error()));
  }
  reader_.emplace(std::move(*journal));
  noted_losses_ = 0;
  const auto fd = reader_->journal().fd();
  polled_ = !fd || !reader_->journal().is_notified();
  if (auto found = find_place(first); !found) {
    return found;
  }
  was_read_ = true;
  folders_ = files.folders;
  examine_files(files, !first);
  if (!waiting_.empty()) {
    log_info("source " + printable(config_->name) + ": the journal is there");
    waiting_.clear();
  }
  if (fd) {
    fd_ = *fd;
    journal_watcher_.start(fd_, loop::IoWatcher::readable);
  }
  if (polled_) {
    timer_.start(timing_.poll);
  }
  more_ = true;
  reading_.start();
  return {};
}

Result<> JournalInput::find_place(bool first) {
  if (!cursor_.empty()) {
    const auto found = reader_->begin_behind(cursor_, first ? replay_entries_ : 0);
    if (found || found.error().code != Errc::invalid) {
      return found;
    }
    log_warning("source " + printable(config_->name) + ": the saved place in the journal is not one");
    ++counters_.losses_of_unknown_size;
    was_read_ = false;
  }
  if (was_read_ || config_->from == config::StartPosition::start) {
    reader_->begin_at_head();
    return {};
  }
  auto begun = reader_->begin_at_end();
  cursor_ = reader_->cursor();
  return begun;
}

// The folders that are there, and where others will appear.
void JournalInput::wait(const JournalFiles& files) {
  timer_.start(timing_.retry);
  auto inotify = Inotify::open();
  if (!inotify) {
    return;
  }
  for (const auto& folder : files.folders) {
    static_cast<void>(inotify->watch_folder(folder));
  }
  for (auto folder : files.wanted) {
    while (!is_folder(folder) && folder != "/" && !folder.empty()) {
      folder = parent_folder(folder);
    }
    static_cast<void>(inotify->watch_folder(folder));
  }
  folder_watcher_.stop();
  inotify_.emplace(std::move(*inotify));
  folder_watcher_.start(inotify_->fd(), loop::IoWatcher::readable);
}

void JournalInput::close() {
  if (reader_) {
    reader_->commit();
    cursor_ = reader_->cursor().empty() ? cursor_ : reader_->cursor();
    note_losses();
  }
  reading_.stop();
  timer_.stop();
  journal_watcher_.stop();  // before its descriptor is closed
  fd_ = -1;
  more_ = false;
  polled_ = false;
  reader_.reset();
}

void JournalInput::fail_and_wait(const Error& error) {
  close();
  waiting_ = error.message;
  log_warning("source " + printable(config_->name) + ": " + printable(waiting_));
  timer_.start(timing_.retry);
  stand_in_.step_in();
}

void JournalInput::examine_files(const JournalFiles& files, bool running) {
  std::set<std::pair<dev_t, ino_t>> files_now;
  const auto read_until = time_of_cursor(cursor_);
  for (const auto& path : files.readable) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || info.st_size == 0) {
      continue;
    }
    const auto key = std::pair(info.st_dev, info.st_ino);
    files_now.insert(key);
    if (known_files_.contains(key)) {
      continue;
    }
    counters_.rotations += running ? 1 : 0;
    constexpr uint64_t million = 1'000'000;
    const bool holds_unread =
        running || (read_until && static_cast<uint64_t>(info.st_mtim.tv_sec) >= *read_until / million);
    if (!SdJournal::is_sound(path)) {
      log_warning("source " + printable(config_->name) + ": " + printable(path) + " cannot be read: it is corrupt");
      counters_.losses_of_unknown_size += holds_unread ? 1 : 0;
    }
  }
  known_files_ = std::move(files_now);
}

void JournalInput::on_change() {
  const auto change = reader_->journal().process();
  if (!change) {
    fail_and_wait(change.error());
    return;
  }
  if (*change == SdJournal::Change::files_changed) {
    on_files_changed();
  } else if (*change == SdJournal::Change::appended) {
    examine_files(find_journal_files(journal_), true);  // a file that the library cannot open is an addition to it, too
  }
  if (reader_ && (*change != SdJournal::Change::none || polled_)) {
    read_turn();
  }
}

void JournalInput::on_files_changed() {
  const auto files = find_journal_files(journal_);
  if (files.readable.empty() || files.folders != folders_) {
    // The library does not notice a folder that comes back, or comes later.
    close();
    look(false);
    return;
  }
  examine_files(files, true);
  if (auto found = reader_->files_changed(); !found) {
    fail_and_wait(found.error());
  }
}

void JournalInput::on_folder() {
  inotify_->read([](const InotifyEvent&) {});
  look(false);
}

void JournalInput::on_timer() {
  if (!reader_) {
    look(false);
    return;
  }
  timer_.start(timing_.poll);
  on_change();
}

}  // namespace ipguard::input
