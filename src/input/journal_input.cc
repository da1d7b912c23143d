#include "input/journal_input.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "input/journal_input_impl.h"
#include "input/source_choice.h"

namespace ipguard::input {
namespace {

// A turn of the loop: some milliseconds.
constexpr size_t turn_entries = 2'000;
constexpr size_t turn_bytes = 1UL << 20;
// What a replay goes back is told in bytes of a log; an entry's line has about so many.
constexpr uint64_t bytes_an_entry = 256;
// The smallest journal file has 512 KiB (journald.conf(5)): by so much the size shrinks when the library drops one.
constexpr uint64_t dropped_bytes = 256UL << 10;
constexpr std::string_view own_program = "ipguardd";

}  // namespace

JournalInput::JournalInput(loop::EventLoop& loop, const config::SourceConfig& config, model::SourceId id,
                           std::vector<model::Cursor> saved, uint64_t replay_bytes, Follower::BlockCallback on_block,
                           JournalTiming timing, StandIn stand_in, TimePoint started)
    : config_(&config),
      named_{.units = config.units, .identifiers = config.identifiers},
      id_(id),
      replay_entries_(replay_bytes / bytes_an_entry),
      on_block_(std::move(on_block)),
      timing_(timing),
      stand_in_(std::move(stand_in)),
      started_(started),
      reading_(loop, [this] { read_turn(); }),
      journal_watcher_(loop, [this](unsigned) { on_change(); }),
      folder_watcher_(loop, [this](unsigned) { on_folder(); }),
      timer_(loop, [this] { on_timer(); }) {
  for (auto& cursor : saved) {
    if (cursor.path == cursor_path()) {
      was_read_ = true;
      cursor_ = std::move(cursor.journal_cursor);
      note_overlap();
    }
  }
  counters_.path = config.journal == "system" ? "journal" : "journal in " + config.journal;
}

void JournalInput::start() {
  look(true);
  ++version_;
}

bool JournalInput::reconfigure(const config::SourceConfig& config) {
  if (config.journal != journal_) {
    return false;
  }
  const bool longer = config.max_line != max_line_;
  config_ = &config;
  max_line_ = config.max_line;
  named_ = {.units = config.units, .identifiers = config.identifiers};
  if (longer && reader_) {
    close();
    look(false);
  }
  return true;
}

bool JournalInput::caught_up() const {
  // poll(2) leaves out what is negative.
  std::array<pollfd, 2> told = {{{.fd = fd_, .events = POLLIN, .revents = 0},
                                 {.fd = inotify_ ? inotify_->fd() : -1, .events = POLLIN, .revents = 0}}};
  return !more_ && !asking_ && ::poll(told.data(), told.size(), 0) <= 0;
}

std::vector<model::SourceStatus> JournalInput::status() const {
  auto status = counters_;
  status.name = config_->name;
  status.state = "following";
  if (!waiting_.empty()) {
    status.state = "waiting: " + waiting_;
  } else if (polled_) {
    status.state = "following, polled: its file system does not tell of changes";
  }
  return {status};
}

void JournalInput::was_read_elsewhere(TimePoint until) {
  if (!reader_) {
    cursor_ = journal_cursor_at(until - SourceChoices::overlap);
    was_read_ = true;
    note_overlap();
    ++version_;
  }
}

void JournalInput::note_overlap() {
  constexpr uint64_t overlap = std::chrono::microseconds(SourceChoices::overlap).count();
  twice_before_ = is_time_alone(cursor_) ? time_of_cursor(cursor_).value_or(0) + overlap : 0;
}

std::vector<model::Cursor> JournalInput::cursors() const {
  return {{.path = cursor_path(), .journal_cursor = cursor_}};
}

void JournalInput::read_turn() {
  const uint64_t size_before = reader_->journal().size();
  const auto at_end = read_entries();
  hand_out();
  reader_->commit();
  if (!reader_->cursor().empty() && reader_->cursor() != cursor_) {
    cursor_ = reader_->cursor();
    ++version_;
  }
  note_losses();
  if (reader_->journal().size() + dropped_bytes < size_before) {
    ++counters_.losses_of_unknown_size;
    log_warning("source " + printable(config_->name) + ": a file of the journal is corrupt: its rest cannot be read");
  }
  if (!at_end) {
    fail_and_wait(at_end.error());
    return;
  }
  more_ = !*at_end;
  if (more_) {
    reading_.start();
  } else {
    reading_.stop();
  }
}

Result<bool> JournalInput::read_entries() {
  for (size_t count = 0; count < turn_entries && block_.size() < turn_bytes; ++count) {
    const auto step = reader_->next(entry_);
    if (!step) {
      return std::unexpected(step.error());
    }
    if (*step == JournalReader::Step::end) {
      return true;
    }
    if (*step != JournalReader::Step::corrupt) {
      take_entry(*step == JournalReader::Step::replay);
    }
  }
  return false;
}

void JournalInput::take_entry(bool replay) {
  if (!is_chosen(entry_, named_)) {
    return;
  }
  if (replay != block_is_replay_) {
    hand_out();
    block_is_replay_ = replay;
  }
  const auto sender = attribute(entry_, named_);
  if (!sender.trusted) {
    counters_.untrusted_lines += replay ? 0 : 1;
    counters_.lines += replay ? 0 : 1;
    return;
  }
  if (sender.program == own_program) {
    return;
  }
  const size_t begin = block_.size();
  const bool is_cut = line_.append(entry_, sender, reader_->received(), max_line_, block_);
  if (const auto received = reader_->received().time_since_epoch().count();
      !replay && static_cast<uint64_t>(received) < twice_before_) {
    counters_.reread_bytes += block_.size() - begin;
  }
  if (is_cut) {
    const std::string cut = block_.substr(begin);
    block_.resize(begin);
    hand_out();
    hand_out_block(cut, true);
  }
}

void JournalInput::hand_out() {
  if (!block_.empty()) {
    hand_out_block(block_, false);
    block_.clear();
  }
}

void JournalInput::hand_out_block(std::string_view bytes, bool truncated) {
  const auto consumed =
      on_block_({.bytes = bytes, .offset = offset_, .source = id_, .replay = block_is_replay_, .truncated = truncated});
  offset_ += bytes.size();
  if (!block_is_replay_) {
    counters_.bytes += bytes.size();
    counters_.lines += consumed.lines;
    counters_.hits += consumed.hits;
    counters_.overlong_lines += truncated ? 1 : 0;
  }
}

void JournalInput::note_losses() {
  const uint64_t losses = reader_->losses() - noted_losses_;
  if (losses > 0) {
    noted_losses_ += losses;
    counters_.losses_of_unknown_size += losses;
    const auto known = reader_->lost_entries();
    log_warning("source " + printable(config_->name) +
                ": entries of the journal were removed, or are corrupt, before " + "they were read" +
                (known > 0 ? "; so far " + group_digits(known) + " or more" : ""));
  }
}

std::unique_ptr<LineInput> make_journal_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                              model::SourceId id, std::vector<model::Cursor> saved,
                                              uint64_t replay_bytes, Follower::BlockCallback on_block,
                                              JournalTiming timing, StandIn stand_in, TimePoint started) {
  return std::make_unique<JournalInput>(loop, config, id, std::move(saved), replay_bytes, std::move(on_block), timing,
                                        std::move(stand_in), started);
}

}  // namespace ipguard::input
