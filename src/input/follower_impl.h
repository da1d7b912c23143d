// The inside of Follower: paths (slots), the files open for them, and what is watched.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/text.h"
#include "input/cursor_book.h"
#include "input/file_tail.h"
#include "input/follower.h"
#include "input/glob_watch.h"
#include "input/inotify.h"
#include "input/rotated_files.h"

namespace ipguard::input {

struct Slot;

[[nodiscard]] std::optional<FileKey> key_at(const std::string& path);  // links followed

// What is left of content whose file is gone: in a copy of it, or compressed.
struct Rest {
  model::Cursor cursor;      // where reading of it stood
  std::string partial_line;  // at the cursor, as far as the original was read
  uint64_t reached = 0;      // in the original
  std::vector<FileKey> refuted;
};

// An open file. Owned by the slot under whose id its lines are handed out.
struct OpenFile {
  std::unique_ptr<FileTail> tail;
  Slot* slot = nullptr;
  int watch = -1;        // -1: cannot be watched, is polled
  bool remote = false;   // on a file system where others write without an event: is polled besides
  bool copy = false;     // of content that was followed elsewhere: nobody writes to it
  bool fresh = false;    // begun at its beginning, and nobody knows yet what it is
  bool emptied = false;  // nothing was written to it since a truncation, as far as it was looked at
  bool dirty = true;
  bool overwritten = false;   // it was rotated away, and has other content now
  bool after_newest = false;  // rotated away empty behind Slot::newest_old or `done`
  unsigned quiet_ticks = 0;
  std::optional<Rest> rest;

  [[nodiscard]] bool polled() const { return watch < 0 || remote; }
};

struct FileAtStart {
  FileKey key;
  uint64_t size = 0;
};

// One path; its index is its SourceId. Slots stay; a free one gets another path.
struct Slot {
  model::SourceId id = 0;
  const config::SourceConfig* config = nullptr;  // null: no source names the path any more, or the slot is free
  std::string path;
  std::vector<std::unique_ptr<OpenFile>> old;  // rotated away, oldest first; read before `current`
  std::unique_ptr<OpenFile> current;           // what the path led to when it last led to a file
  // The last file before `current` that has something in it: its key while it is open, then model::Cursor::is_done();
  // neither if that is not known.
  std::optional<FileKey> newest_old;
  std::optional<model::Cursor> done;
  model::SourceStatus counters;
  std::string waiting;                  // why the path has no file now; empty if it has
  std::string read_error;               // of the last read; empty if it went well
  bool there_at_start = false;          // and not opened yet
  std::optional<FileAtStart> at_start;  // while it cannot be opened
  bool without_room = false;
  bool had_file = false;
  bool marked = false;  // its last file was read to its end and deleted: see model::Cursor::is_mark()
  bool queued = false;
};

struct Pattern {
  const config::SourceConfig* config = nullptr;
  std::string text;
  bool wildcards = false;
  std::string problem;  // of the last listing
  bool has_paths = false;
  std::string shared;        // a path that it matches and another source follows; the first one
  model::SourceStatus done;  // what its forgotten paths have counted

  [[nodiscard]] bool matches(const std::string& path) const;
};

// A file that left a followed path, and where it is now ("" while only one end of the rename is known).
struct Renamed {
  std::string from;
  std::string to;
};

struct Follower::Impl {
  Impl(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> cursors,
       uint64_t replay_bytes, BlockCallback on_block, FollowerTiming timing, size_t most_open);

  // --- follower.cc: reading ---
  bool read_turn();
  // True if the slot has more after its budget.
  bool read_slot(Slot& slot);
  // Reads one file up to `budget`, which it lowers; true at its end.
  bool read_file(OpenFile& file, uint64_t& budget);
  void mark_dirty(OpenFile& file);
  [[nodiscard]] bool is_open(const model::Cursor& cursor) const;
  FileTail::Emit emit_to(Slot& slot, int fd);  // `fd`: as in Block
  void on_inotify();
  [[nodiscard]] model::SourceStatus status_of(const Slot& slot) const;
  // Of a glob without files, or whose files are gone or another source's.
  [[nodiscard]] std::optional<model::SourceStatus> status_of(const Pattern& pattern) const;
  [[nodiscard]] std::vector<OpenFile*> all_files() const;

  // --- follower_paths.cc: which file is where ---
  void start_following();
  void handle(const InotifyEvent& event);
  void handle_folder(const FolderWatch& watch, const InotifyEvent& event);
  // Keeps track of files that are renamed away before anybody opened them: created and rotated between two looks.
  void handle_rename(const std::string& path, const InotifyEvent& event);
  void touch(std::string path);
  void settle();  // after events: looks again at what they named
  void scan();    // lists all globs and renews the watches on folders
  void scan_pattern(Pattern& pattern);
  void watch_folder(const FolderWatch& watch);
  Slot* slot_for(const std::string& path, Pattern& pattern);  // nullptr: too many paths
  Slot& unused_slot(const config::SourceConfig& config);
  static void note_shared(Pattern& pattern, const Slot& slot);
  Pattern* pattern_of(const std::string& path);
  void examine_all();
  void examine_path(const std::string& path);
  void examine(Slot& slot);                // looks at what the path leads to now
  void claim(Slot& slot, OpenFile& file);  // a file open already, that this path leads to now

  // --- follower_files.cc: opening and closing ---
  void open_path(Slot& slot);
  // At the book's cursor for it (true), or at its beginning.
  bool begin(Slot& slot, FileTail& tail);
  static void note_at_start(Slot& slot);
  void make_current(Slot& slot, std::unique_ptr<OpenFile> file);
  void set_aside(Slot& slot, std::unique_ptr<OpenFile> file);
  void wait(Slot& slot, const std::string& reason, bool retry_later);
  void wait_for_room(Slot& slot);
  [[nodiscard]] bool has_room() const { return by_key.size() < most_open; }
  bool make_room();                       // closes rotated files that nobody writes to any more, if there is none
  void use_room();                        // opens what waited for it
  void recover(const std::string& path);  // files of saved cursors that were renamed since
  void recover_unclaimed();
  void note_unfound(Slot& slot, const CursorBook::Saved& saved, const std::vector<model::Cursor>& found);
  void note_loss(Slot& slot, uint64_t times, std::string_view how);  // of unknown size
  void adopt_renamed(const Renamed& renamed_file);
  [[nodiscard]] bool is_known(const Slot& slot, const FileTail& tail) const;
  std::unique_ptr<OpenFile> attach(Slot& slot, std::unique_ptr<FileTail> tail);
  void watch_file(OpenFile& file);
  std::unique_ptr<OpenFile> detach(OpenFile& file);  // from its slot
  void close(OpenFile& file);                        // at its end
  void drop(OpenFile& file);                         // wherever it is

  // --- follower_rests.cc: content that is elsewhere now ---
  // Opens the files that have the cursors' content, and with `with_later` those rotated after them, which are not open
  // yet: to be read before `before` (none of `old`: after all of these). Returns the cursors that were found.
  struct Adoption {
    bool with_later = false;
    uint64_t replay_bytes = 0;
    const OpenFile* before = nullptr;
    FileTail* now = nullptr;  // what is at the path now, if not the slot's current file
  };
  std::vector<model::Cursor> adopt_rotated(Slot& slot, const std::vector<model::Cursor>& cursors, const Adoption& how);
  OpenFile& insert_old(Slot& slot, std::unique_ptr<FileTail> tail, const OpenFile* before);
  void replace_content(OpenFile& file);
  static void note_done(Slot& slot, const FileTail& tail);
  static void note_newest(Slot& slot, FileTail& tail);  // if it has something in it
  static void forget_newest(Slot& slot);
  // Of an empty file of which it is not known what was before it: the newest generation that there is now.
  void note_reference(Slot& slot);
  // What comes after the end of a compressed file; it is closed.
  void end_packed(OpenFile& file, const FileTail::Turn& turn);
  void give_partial_line(Slot& slot, const Rest& rest);
  void count_lost(Slot& slot, uint64_t bytes);
  void count_losses(Slot& slot, const model::Losses& more);          // in all places where they are counted
  void count_lost_behind(Slot& slot, uint64_t seen, uint64_t read);  // what lies between, if anything
  // When events were dropped: the last cursors of paths that lead elsewhere by now, and the files that came and went
  // between that and what is there now.
  [[nodiscard]] std::vector<model::Cursor> replaced_unseen() const;
  void adopt_unseen(const std::vector<model::Cursor>& last);
  // What was copied from a file that was empty when it was looked at last, and truncated again; true if there is some.
  bool adopt_between(OpenFile& file);
  // Looks at what a file begins with; true if it is not to be read, and was closed: a compressed one, or a copy.
  bool turn_away(OpenFile& file);
  bool turn_away_copy(OpenFile& file);  // the same of a rotated file that was overwritten

  // --- follower_sources.cc ---
  void set_patterns(const std::vector<config::SourceConfig>& sources);
  void change_sources(const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> saved);
  void assign_patterns();
  void drop_unnamed();
  void forget_paths();  // those of globs whose files are gone and closed
  void release(Slot& slot);

  // --- follower_timers.cc ---
  void start_ticking();
  void tick();
  bool tick_file(OpenFile& file);  // true if it waits for a later tick to close it
  [[nodiscard]] unsigned patience(const OpenFile& file, bool replaced) const;
  void want_retry(bool poll);
  void retry();

  FollowerTiming timing;
  uint64_t replay_bytes;
  size_t most_open;
  BlockCallback on_block;
  CursorBook book;
  uint64_t version = 0;
  std::map<std::string, model::Losses> losses;  // by source
  bool starting = false;
  bool short_of_room = false;
  bool changing = false;  // the sources: what a new path leads to was there before

  std::vector<Pattern> patterns;
  std::vector<std::unique_ptr<Slot>> slots;
  std::unordered_map<std::string, Slot*, StringHash, std::equal_to<>> by_path;
  // By source, because whoever gets the blocks may have learned from a path what its source's lines look like; "" =
  // any.
  std::map<std::string, std::vector<Slot*>, std::less<>> free_slots;
  std::map<FileKey, OpenFile*> by_key;
  std::unordered_set<Slot*> aliases;  // lead to a file that another slot follows
  std::unordered_map<int, OpenFile*> file_watches;
  std::unordered_map<int, std::vector<FolderWatch>> folder_watches;
  std::unordered_map<std::string, int> watched_folders;  // of the scan in progress; -1 = could not be watched

  std::optional<Inotify> inotify;
  std::deque<Slot*> ready;  // slots with something to read, in turn
  std::string buffer;       // of reads; shared
  bool rescan = false;
  bool overflowed = false;
  std::vector<std::string> touched;  // paths to look at again, in the order of their events
  std::unordered_set<std::string> touched_set;
  std::vector<Renamed> renamed;                 // in the order in which they left, while events are pending
  std::unordered_map<uint32_t, size_t> moving;  // their indexes by cookie
  bool poll_wanted = false;                     // by something that cannot be watched

  loop::IoWatcher inotify_watcher;
  loop::IdleWork reading;
  loop::Timer tick_timer;
  loop::Timer retry_timer;
};

}  // namespace ipguard::input
