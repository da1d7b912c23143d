// State: what outlives the daemon, and what is to be done about a store that fails. Owned by the guard.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "daemon/loss_book.h"
#include "decide/engine.h"
#include "model/cursor.h"
#include "store/store.h"

namespace ipguard::daemon {

class State {
 public:
  // What the configuration names; in memory for a dry run, whose decisions are kept apart from what was done. Another
  // daemon (Errc::busy) and a newer schema (Errc::invalid) are for a person to sort out; anything else must not keep
  // the attackers in: the state is in memory then, and trouble() says why.
  [[nodiscard]] static Result<State> open(const config::Config& config, bool dry_run);
  // `folder` is where it should be, if `trouble` keeps it from there.
  explicit State(std::unique_ptr<store::Store> store, std::string folder = {}, std::string trouble = {});

  // At start: everything that is remembered into the engine. Errors are logged: what cannot be read is not there.
  void restore(decide::Engine& engine);
  // What was said of an active decision, written or not: Lookups::texts.
  [[nodiscard]] model::DecisionTexts texts(const model::Target& target, decide::Texts wanted) const;
  // If the state should be on disk and is in memory: tries the folder, 10 s after the trouble began, and after twice as
  // long each time, up to an hour. Once it works, what is in memory is noted to be written, and what was remembered
  // there goes into the engine. True if so.
  bool return_to_disk(decide::Engine& engine, TimePoint now);
  // Whether the database on disk still is where it should be: whoever deletes the folder, or puts another in its place,
  // leaves us writing into nothing. Then what is there goes into memory, loudly, and return_to_disk() tries at once.
  // save() begins with it.
  void check_place(const decide::Engine& engine);
  // When return_to_disk() will try; nullopt if there is no need to.
  [[nodiscard]] std::optional<TimePoint> next_try() const { return next_try_; }
  [[nodiscard]] std::vector<model::Cursor> cursors();

  // To be written by the next save().
  void note(std::vector<decide::DecisionChange> changes);
  void note_begun(model::Decision decision);
  // What was lost up to the cursors of the next save().
  [[nodiscard]] LossBook& losses() { return losses_; }
  [[nodiscard]] const LossBook& losses() const { return losses_; }
  // One transaction for all that was noted since the last one that went well, the cursors and what became known of good
  // clients (both with `cursors` only). A store that turns out to be corrupt is begun afresh with what is in force.
  void save(decide::Engine& engine, const std::vector<model::Cursor>* cursors);

  // Something was noted and is not written.
  [[nodiscard]] bool unsaved() const { return !unsaved_.empty(); }
  [[nodiscard]] size_t unsaved_changes() const { return unsaved_.begun.size() + unsaved_.ended.size(); }
  // Changes given up because the store took none for too long.
  [[nodiscard]] uint64_t lost_changes() const { return lost_changes_; }
  // The last error of the store, empty when its last write went well.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Why the state is in memory only although it should be on disk; empty if it is not.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  // Why what is in force now might not outlive a restart: the one or the other; empty if it does.
  [[nodiscard]] const std::string& not_saved() const { return problem_.empty() ? trouble_ : problem_; }
  [[nodiscard]] store::Store& store() const { return *store_; }

 private:
  void read_losses();
  // Cursors and losses for a database that has none.
  void put_reading(store::StoreBatch& batch) const;
  void begin_afresh(const decide::Engine& engine);
  [[nodiscard]] store::StoreBatch everything(const decide::Engine& engine) const;
  void take_over(std::unique_ptr<store::Store> disk, decide::Engine& engine);

  std::unique_ptr<store::Store> store_;
  std::string folder_;
  std::string trouble_;
  std::optional<TimePoint> next_try_;
  Seconds try_pause_{10};
  store::StoreBatch unsaved_;
  mutable std::map<model::Target, size_t> unsaved_places_;  // in unsaved_.begun; made when it is asked for
  std::vector<model::Cursor> last_cursors_;
  LossBook losses_;
  std::string problem_;
  uint64_t lost_changes_ = 0;
};

}  // namespace ipguard::daemon
