#include "store/store.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "store/folder.h"
#include "store/records.h"

namespace ipguard::store {
namespace {

constexpr int64_t kept_ended = 100'000;  // newest ended decisions that prune() leaves
constexpr int64_t pruned_at_once = 200;  // rows a call: 2 ms

using CursorKey = std::tuple<std::string, uint64_t, uint64_t>;
using CursorMap = std::map<CursorKey, model::Cursor>;

using LossMap = std::map<std::string, model::SourceLosses>;

CursorMap by_key(const std::vector<model::Cursor>& rows) {
  CursorMap map;
  for (const auto& row : rows) {
    map.insert_or_assign({row.path, row.device, row.inode}, row);
  }
  return map;
}

LossMap by_key(const std::vector<model::SourceLosses>& rows) {
  LossMap map;
  for (const auto& row : rows) {
    map.insert_or_assign(row.source, row);
  }
  return map;
}

// Calls `put` for the rows that are new or other than those saved, and `erase` for those that are no more.
template <typename Map, typename Put, typename Erase>
Result<> write_changes(const Map& saved, const Map& wanted, const Put& put, const Erase& erase) {
  for (const auto& [key, row] : wanted) {
    const auto it = saved.find(key);
    if (it != saved.end() && it->second == row) {
      continue;
    }
    if (auto done = put(row); !done) {
      return done;
    }
  }
  for (const auto& [key, row] : saved) {
    if (wanted.contains(key)) {
      continue;
    }
    if (auto done = erase(row); !done) {
      return done;
    }
  }
  return {};
}

// Whether the decision that `ended` names is also the last one that the batch begins on its target; true as well when
// the batch begins none there: then whatever is active on the target is what ended.
bool ends_the_active_one(const EndedDecision& ended, const std::map<model::Target, const model::Decision*>& begun) {
  const auto it = begun.find(ended.decision.target);
  return it == begun.end() ||
         (it->second->since == ended.decision.since && it->second->repeat == ended.decision.repeat);
}

constexpr const char* in_memory_path = ":memory:";

// Device and inode; nullopt if there is no such file.
using FileIdentity = std::optional<std::pair<dev_t, ino_t>>;
FileIdentity identity_of(const std::string& path) {
  struct stat state{};
  return stat(path.c_str(), &state) == 0 ? FileIdentity({state.st_dev, state.st_ino}) : std::nullopt;
}

Result<Records> open_records(const std::string& path) {
  if (path != in_memory_path) {
    if (auto created = create_database_file(path); !created) {
      return std::unexpected(created.error());
    }
  }
  return Records::open(path);
}

// Moves a corrupt database away; where to.
Result<std::string> move_aside(const std::string& path, const std::string& why) {
  auto aside = ::ipguard::store::set_aside(path);
  if (!aside) {
    return std::unexpected(std::move(aside.error()).with_context("the state is corrupt (" + why + ")"));
  }
  log_error("state: " + printable(path) + " is corrupt (" + printable(why) + "); moved to " + printable(*aside) +
            " and begun afresh: bans in the kernel are adopted, history and cursors are lost");
  return aside;
}

Records memory_records() {
  auto records = Records::open(in_memory_path);
  if (!records) {
    // Nothing outside of the program takes part in this: it is out of memory, or it is our bug.
    log_error("state in memory: " + records.error().message);
    std::abort();
  }
  return std::move(*records);
}

}  // namespace

struct Store::Impl {
  UniqueFd lock;  // invalid in memory; released last
  std::string path;
  std::optional<Records> records;  // always there, but for the moment in which the file is exchanged
  CursorMap saved_cursors;         // as they stand in the table, so that only changes are written …
  LossMap saved_losses;            // … likewise
  std::string set_aside;
  FileIdentity identity = identity_of(path);

  void stay_in_memory() {
    path = in_memory_path;
    lock.reset();
  }

  Result<> in_transaction(const auto& body) {
    if (auto begun = records->begin(); !begun) {
      return begun;
    }
    Result<> result = body();
    if (result) {
      result = records->commit();
    }
    if (!result) {
      records->rollback();
    }
    return result;
  }

  Result<> write(const StoreBatch& batch, const CursorMap& new_cursors, const LossMap& new_losses);
  Result<> write_reading(const CursorMap& new_cursors, const LossMap& new_losses);
};

Result<> Store::Impl::write(const StoreBatch& batch, const CursorMap& new_cursors, const LossMap& new_losses) {
  std::map<model::Target, const model::Decision*> last_begun;
  for (const auto& decision : batch.begun) {
    last_begun.insert_or_assign(decision.target, &decision);
  }
  for (const auto& decision : batch.begun) {
    if (last_begun.at(decision.target) != &decision) {
      continue;  // replaced within the batch
    }
    if (auto done = records->put_active(decision); !done) {
      return done;
    }
  }
  for (const auto& ended : batch.ended) {
    if (ends_the_active_one(ended, last_begun)) {
      if (auto done = records->delete_active(ended.decision.target); !done) {
        return done;
      }
    }
    if (auto done = records->insert_ended(ended); !done) {
      return done;
    }
    if (ended.ending != model::Ending::refused) {
      const TargetHistory history{.target = ended.decision.target,
                                  .bans = std::max(ended.decision.repeat, ended.decision.repeat + 1),
                                  .last_end = ended.at};
      if (auto done = records->put_history(history); !done) {
        return done;
      }
    }
  }
  for (const auto& client : batch.good_clients) {
    if (auto done = records->put_good_client(client); !done) {
      return done;
    }
  }
  return batch.has_cursors ? write_reading(new_cursors, new_losses) : Result<>{};
}

Result<> Store::Impl::write_reading(const CursorMap& new_cursors, const LossMap& new_losses) {
  auto written = write_changes(
      saved_cursors, new_cursors, [this](const model::Cursor& row) { return records->put_cursor(row); },
      [this](const model::Cursor& row) { return records->delete_cursor(row); });
  if (!written) {
    return written;
  }
  return write_changes(
      saved_losses, new_losses, [this](const model::SourceLosses& row) { return records->put_losses(row); },
      [this](const model::SourceLosses& row) { return records->delete_losses(row.source); });
}

Result<std::unique_ptr<Store>> Store::open(const std::string& folder) {
  if (auto created = create_state_folder(folder); !created) {
    return std::unexpected(created.error());
  }
  auto lock = lock_state_folder(folder);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  const std::string path = folder + "/ipguard.db";
  std::string aside;
  auto records = open_records(path);
  if (!records && records.error().code == Errc::corrupt) {
    auto moved = move_aside(path, records.error().message);
    if (!moved) {
      return std::unexpected(std::move(moved.error()));
    }
    aside = *std::move(moved);
    records = open_records(path);
  }
  if (!records) {
    return std::unexpected(add_context(records, "cannot open the state " + path));
  }
  auto cursors = records->cursors();
  if (!cursors) {
    return std::unexpected(add_context(cursors, "cannot read the state " + path));
  }
  auto losses = records->losses();
  if (!losses) {
    return std::unexpected(add_context(losses, "cannot read the state " + path));
  }
  auto impl = std::make_unique<Impl>(std::move(*lock), path, std::move(*records), by_key(*cursors), by_key(*losses),
                                     std::move(aside));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::unique_ptr<Store> Store::in_memory() {
  auto impl =
      std::make_unique<Impl>(UniqueFd{}, in_memory_path, memory_records(), CursorMap{}, LossMap{}, std::string());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<> Store::begin_afresh() {
  // Closed first: SQLite tidies up by name, and the name will be another file's. Until that one stands, and if it
  // cannot be made, what is written is kept in memory.
  impl_->records.reset();
  impl_->records.emplace(memory_records());
  impl_->saved_cursors.clear();
  impl_->saved_losses.clear();
  if (impl_->path == in_memory_path) {
    return {};
  }
  auto moved = move_aside(impl_->path, "found when it was written");
  if (!moved) {
    impl_->stay_in_memory();
    return std::unexpected(std::move(moved.error()));
  }
  impl_->set_aside = *std::move(moved);
  auto fresh = open_records(impl_->path);
  if (!fresh) {
    impl_->stay_in_memory();
    return std::unexpected(add_context(fresh, "cannot make a fresh state"));
  }
  impl_->records.reset();
  impl_->records.emplace(std::move(*fresh));
  impl_->identity = identity_of(impl_->path);
  return {};
}

bool Store::on_disk() const { return impl_->path != in_memory_path; }

bool Store::in_place() const { return !on_disk() || identity_of(impl_->path) == impl_->identity; }

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<> Store::write(const StoreBatch& batch) {
  if (batch.empty()) {
    return {};
  }
  CursorMap new_cursors = batch.has_cursors ? by_key(batch.cursors) : CursorMap{};
  LossMap new_losses = batch.has_cursors ? by_key(batch.losses) : LossMap{};
  auto written = impl_->in_transaction([&] { return impl_->write(batch, new_cursors, new_losses); });
  if (!written) {
    return std::unexpected(add_context(written, "cannot write the state"));
  }
  if (batch.has_cursors) {
    impl_->saved_cursors = std::move(new_cursors);
    impl_->saved_losses = std::move(new_losses);
  }
  return {};
}

Result<> Store::active_decisions(const std::function<void(model::Decision&)>& take) {
  return impl_->records->active(take);
}

Result<std::optional<model::DecisionTexts>> Store::texts(const model::Target& target, bool with_evidence) {
  return impl_->records->texts(target, with_evidence);
}

Result<std::vector<EndedDecision>> Store::ended_decisions(uint32_t limit) { return impl_->records->ended(limit); }

Result<std::vector<TargetHistory>> Store::history() { return impl_->records->history(); }

Result<std::vector<model::GoodClient>> Store::good_clients() { return impl_->records->good_clients(); }

Result<std::vector<model::Cursor>> Store::cursors() { return impl_->records->cursors(); }

Result<std::vector<model::SourceLosses>> Store::losses() { return impl_->records->losses(); }

Result<bool> Store::prune(TimePoint before) {
  int64_t deleted = 0;
  auto pruned = impl_->in_transaction([&]() -> Result<> {
    auto count = impl_->records->delete_old(before, kept_ended, pruned_at_once);
    if (!count) {
      return std::unexpected(count.error());
    }
    deleted = *count;
    return {};
  });
  if (pruned) {
    pruned = impl_->records->checkpoint();
  }
  if (!pruned) {
    return std::unexpected(add_context(pruned, "cannot prune the state"));
  }
  return deleted == pruned_at_once;
}

const std::string& Store::set_aside() const { return impl_->set_aside; }

uint64_t Store::bad_rows() const { return impl_->records->bad_rows(); }

}  // namespace ipguard::store
