// Guard: the line from a block of log bytes to the kernel: match, decide, enforce, remember. Owned by the loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/load.h"
#include "decide/engine.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "input/follower.h"
#include "match/rule_set.h"
#include "store/store.h"

namespace ipguard::daemon {

class Guard {
 public:
  // `dry_run` overrides the configuration's mode. `store` is where decisions and cursors are kept.
  Guard(Loaded loaded, bool dry_run, std::unique_ptr<store::Store> store);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Loads what the store remembers, prepares the kernel and makes both agree: what the kernel holds and nobody
  // remembers is adopted, what is missing is added, what is stale goes. Errc::permission without CAP_NET_ADMIN.
  [[nodiscard]] Result<> start(TimePoint now);
  // Takes over a reloaded configuration; decisions stay. On an error the old one is still in force.
  [[nodiscard]] Result<> reload(Loaded loaded, TimePoint now);

  // Judges one block; flush() afterwards makes its decisions true. `path` names the source for evidence.
  input::Follower::Consumed judge(const input::Block& block, const input::SourceInfo& source, TimePoint now);
  // Sends pending changes to the kernel, then to the store and the log. `cursors`, if given, go into the same
  // transaction as the decisions.
  void flush(TimePoint now, const std::vector<input::Cursor>* cursors);
  // True while something wanted is not in the kernel, or some change is not in the store: retry() in a while.
  [[nodiscard]] bool unfinished() const { return !kernel_problem_.empty() || !unsaved_.empty(); }
  void retry(TimePoint now);
  // Ends what is over, then flushes.
  void expire(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_expiry() const { return engine_.next_expiry(); }

  [[nodiscard]] Result<model::Decision> ban(const model::Target& target, std::optional<Seconds> duration,
                                            std::string reason, std::string issuer, TimePoint now);
  [[nodiscard]] Result<model::Decision> unban(const model::Target& target, TimePoint now);

  // Own addresses or routes changed, seen on protection_fd() (rtnetlink).
  [[nodiscard]] int protection_fd() const { return protection_->notification_fd(); }
  void on_protection_notification(TimePoint now);
  // Somebody changed nftables (enforce::RulesetWatch): asks the kernel whether our table is whole, restores it if not.
  void verify_kernel(TimePoint now);

  // At stop: deletes the table if the configuration says so.
  [[nodiscard]] Result<> stop();

  [[nodiscard]] std::vector<input::Cursor> saved_cursors();
  [[nodiscard]] bool dry_run() const { return dry_run_; }
  [[nodiscard]] const Loaded& loaded() const { return loaded_; }
  [[nodiscard]] const decide::Engine& engine() const { return engine_; }
  [[nodiscard]] enforce::Enforcer& enforcer() const { return *enforcer_; }
  [[nodiscard]] store::Store& store() const { return *store_; }
  // The store's last error, empty when its last write went well.
  [[nodiscard]] const std::string& store_problem() const { return store_problem_; }
  // The kernel's last error, empty when everything wanted is in force.
  [[nodiscard]] const std::string& kernel_problem() const { return kernel_problem_; }
  // How often the kernel's table had to be restored because somebody else changed it.
  [[nodiscard]] uint64_t restorations() const { return restorations_; }

 private:
  [[nodiscard]] decide::Policy policy() const;
  [[nodiscard]] decide::Lookups lookups();
  [[nodiscard]] Result<> reconcile(TimePoint now);
  void restore_from_store(TimePoint now);
  void adopt(const std::vector<model::SetElement>& unknown, TimePoint now);
  void remember(TimePoint now, const std::vector<input::Cursor>* cursors);

  bool dry_run_;
  Loaded loaded_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<enforce::Protection> protection_;
  std::unique_ptr<enforce::Enforcer> enforcer_;
  decide::Engine engine_;
  std::unique_ptr<match::Matcher> matcher_;
  store::StoreBatch unsaved_;  // changes that the store has not taken yet
  std::string store_problem_;
  std::string kernel_problem_;
  uint64_t restorations_ = 0;
};

}  // namespace ipguard::daemon
