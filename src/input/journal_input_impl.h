// The inside of the journal's input: waiting for the journal, and reading it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "input/inotify.h"
#include "input/journal_files.h"
#include "input/journal_input.h"
#include "input/journal_line.h"
#include "input/journal_reader.h"
#include "input/journal_sender.h"

namespace ipguard::input {

class JournalInput final : public LineInput {
 public:
  JournalInput(loop::EventLoop& loop, const config::SourceConfig& config, model::SourceId id,
               std::vector<model::Cursor> saved, uint64_t replay_bytes, Follower::BlockCallback on_block,
               JournalTiming timing, StandIn stand_in, TimePoint started);
  JournalInput(const JournalInput&) = delete;
  JournalInput& operator=(const JournalInput&) = delete;
  ~JournalInput() override { close(); }

  void start() override;
  [[nodiscard]] bool reconfigure(const config::SourceConfig& config) override;
  [[nodiscard]] bool caught_up() const override;
  [[nodiscard]] std::vector<model::SourceStatus> status() const override;
  [[nodiscard]] std::vector<model::Cursor> cursors() const override;
  [[nodiscard]] uint64_t cursor_version() const override { return version_; }
  void was_read_elsewhere(TimePoint until) override;

 private:
  [[nodiscard]] std::string cursor_path() const { return cursor_prefix(config_->name) + journal_; }

  // --- journal_waiting.cc: finding, opening, losing ---
  // `first`: since the start of the program.
  void look(bool first);
  [[nodiscard]] Result<> open(const JournalFiles& files, bool first);
  [[nodiscard]] Result<> find_place(bool first);
  void wait(const JournalFiles& files);
  void close();
  void fail_and_wait(const Error& error);
  // Notes files that cannot be read; `running`: that have come since.
  void examine_files(const JournalFiles& files, bool running);

  void on_change();
  void on_files_changed();
  void on_folder();
  void on_timer();

  // --- journal_input.cc: reading ---
  void read_turn();
  [[nodiscard]] Result<bool> read_entries();  // true at the end
  void take_entry(bool replay);
  void hand_out();
  void hand_out_block(std::string_view bytes, bool truncated);
  void note_losses();
  void note_overlap();  // what cursor_ says of it

  const config::SourceConfig* config_;
  std::string journal_ = config_->journal;
  uint64_t max_line_ = config_->max_line;
  NamedSenders named_;
  model::SourceId id_;
  uint64_t replay_entries_;
  Follower::BlockCallback on_block_;
  JournalTiming timing_;
  StandIn stand_in_;
  TimePoint started_;

  std::optional<JournalReader> reader_;
  int fd_ = -1;  // the library's
  std::vector<std::string> folders_;
  std::set<std::pair<dev_t, ino_t>> known_files_;
  std::string cursor_;     // where reading stands; "" in a journal without entries
  bool was_read_ = false;  // by an earlier run, or by this one: what is new in it is to be read
  uint64_t version_ = 0;
  uint64_t noted_losses_ = 0;  // of reader_
  std::string waiting_;
  bool asking_ = false;         // whether what stands in gives way
  bool first_is_left_ = false;  // look(true) was not let in
  uint64_t twice_before_ = 0;   // entries received before (microseconds since 1970) were perhaps read elsewhere
  bool polled_ = false;
  bool more_ = false;

  JournalEntry entry_;
  JournalLine line_;
  std::string block_;
  bool block_is_replay_ = false;
  uint64_t offset_ = 0;
  model::SourceStatus counters_;

  std::optional<Inotify> inotify_;  // only while waiting
  loop::IdleWork reading_;
  loop::IoWatcher journal_watcher_;
  loop::IoWatcher folder_watcher_;
  loop::Timer timer_;
};

}  // namespace ipguard::input
