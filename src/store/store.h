// Store: decisions, their history and cursors in SQLite (WAL, one file `ipguard.db` in the state folder, 0700).
// A broken or full database degrades: writes fail with an error that `status` shows, banning goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/cursor.h"
#include "model/decision.h"
#include "model/ending.h"
#include "model/good_client.h"
#include "model/losses.h"

namespace ipguard::store {

// A decision that is over.
struct EndedDecision {
  model::Decision decision;
  model::Ending ending = model::Ending::expired;
  TimePoint at;
};

// How often a target was banned, for growth of ban time.
struct TargetHistory {
  model::Target target;
  uint32_t bans = 0;
  TimePoint last_end;
};

// What one tick (or several, after a failed write) writes, in one transaction. A target may begin and end more than
// once in a batch: it is active afterwards if its last beginning is not among the endings (same target, since and
// repeat).
struct StoreBatch {
  std::vector<model::Decision> begun;  // inserted; one that is active already on the same target is replaced
  std::vector<EndedDecision> ended;    // "refused" ones do not count in the target's history
  std::vector<model::Cursor> cursors;  // the complete set of cursors; written only if has_cursors
  bool has_cursors = false;
  // The complete set, too, written with the cursors that it belongs to (only if has_cursors).
  std::vector<model::SourceLosses> losses = {};
  std::vector<model::GoodClient> good_clients = {};  // each takes the place of what was known of it

  [[nodiscard]] bool empty() const { return begun.empty() && ended.empty() && !has_cursors && good_clients.empty(); }
};

// Owned by the loop thread. A call that fails changes nothing: write() may be called again with the same batch.
class Store {
 public:
  // Creates folder and database if missing, migrates older schema versions, refuses newer ones. Holds a lock on the
  // folder (flock on `lock`) as long as it lives: Errc::busy when another daemon has it. A corrupt database is moved
  // aside (set_aside()) and a fresh one made: banning must go on. Everything is read to check it: some 10 ms for 10,000
  // rows.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& folder);
  // Nothing on disk: dry-run, tests.
  [[nodiscard]] static std::unique_ptr<Store> in_memory();
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] Result<> write(const StoreBatch& batch);
  // Hands over the active decisions in the order of their insertion, without their evidence; each may be moved from.
  [[nodiscard]] Result<> active_decisions(const std::function<void(model::Decision&)>& take);
  // Of the active decision on the target; nullopt if there is none. Some 5 us, and as many for the evidence.
  [[nodiscard]] Result<std::optional<model::DecisionTexts>> texts(const model::Target& target, bool with_evidence);
  [[nodiscard]] Result<std::vector<EndedDecision>> ended_decisions(uint32_t limit);  // newest first
  [[nodiscard]] Result<std::vector<TargetHistory>> history();
  [[nodiscard]] Result<std::vector<model::Cursor>> cursors();
  [[nodiscard]] Result<std::vector<model::SourceLosses>> losses();
  [[nodiscard]] Result<std::vector<model::GoodClient>> good_clients();  // least recently heard of first
  // Forgets ended decisions, good clients and targets' history from before `before` (so it must lie further back than
  // ban.forget), and ended decisions beyond the newest 100,000. At most 1,000 rows a call, so that it never stalls the
  // loop: true if there is more to forget.
  [[nodiscard]] Result<bool> prune(TimePoint before);

  // After a write that failed with Errc::corrupt: moves the database aside and makes a fresh one, which knows nothing.
  // In memory likewise, with nothing to move. On an error what is written from now on is kept in memory only, and the
  // folder is free for another open().
  [[nodiscard]] Result<> begin_afresh();
  [[nodiscard]] bool on_disk() const;
  // Whether the database is still the file of its name: it may be deleted, or another one put in its place, and then
  // all that is written is lost with the last descriptor. One stat(2). True in memory.
  [[nodiscard]] bool in_place() const;

  // Where a database that was found corrupt was put last; empty when none was. The same is in the log.
  [[nodiscard]] const std::string& set_aside() const;
  // Rows that were read and skipped because their content cannot be right; also in the log.
  [[nodiscard]] uint64_t bad_rows() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::store
