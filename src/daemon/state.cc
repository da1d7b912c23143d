#include "daemon/state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "model/issuer.h"

namespace ipguard::daemon {
namespace {

// Changes kept while the store cannot be written.
constexpr size_t most_unsaved = 100'000;

// How many went.
template <typename Changes>
uint64_t forget_oldest(Changes& changes) {
  if (changes.size() <= most_unsaved) {
    return 0;
  }
  const size_t surplus = changes.size() - most_unsaved;
  changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(surplus));
  return surplus;
}

void complain(const Error& error) { log_error("cannot read the state: " + printable(error.message)); }

// Every row of a table, handed on one by one.
template <typename Rows, typename Take>
void read_all(Result<Rows> rows, const Take& take) {
  if (!rows) {
    complain(rows.error());
    return;
  }
  for (auto& row : *rows) {
    take(row);
  }
}

}  // namespace

Result<State> State::open(const config::Config& config, bool dry_run) {
  if (dry_run) {
    return State(store::Store::in_memory());
  }
  auto store = store::Store::open(config.state_path);
  if (store) {
    return State(std::move(*store), config.state_path);
  }
  if (store.error().code == Errc::busy || store.error().code == Errc::invalid) {
    return std::unexpected(std::move(store.error()));
  }
  log_error("state is kept in memory only and will not survive a restart: " + printable(store.error().message));
  return State(store::Store::in_memory(), config.state_path, store.error().message);
}

State::State(std::unique_ptr<store::Store> store, std::string folder, std::string trouble)
    : store_(std::move(store)), folder_(std::move(folder)), trouble_(std::move(trouble)) {
  read_losses();
}

void State::read_losses() {
  const auto saved = store_->losses();
  if (saved) {
    losses_.take_over(*saved);
  } else {
    complain(saved.error());
  }
}

void State::put_reading(store::StoreBatch& batch) const {
  batch.cursors = last_cursors_;
  batch.losses = losses_.rows();
  batch.has_cursors = true;
}

void State::restore(decide::Engine& engine) {
  read_all(store_->history(), [&](const store::TargetHistory& entry) {
    engine.restore_history(entry.target, entry.bans, entry.last_end);
  });
  read_all(store_->good_clients(), [&](const model::GoodClient& client) { engine.restore_good_client(client); });
  auto read = store_->active_decisions([&](model::Decision& decision) { engine.restore(std::move(decision)); });
  if (!read) {
    complain(read.error());
  }
  engine.finish_restoring();
}

model::DecisionTexts State::texts(const model::Target& target, decide::Texts wanted) const {
  if (unsaved_places_.empty()) {
    for (size_t i = 0; i < unsaved_.begun.size(); ++i) {
      unsaved_places_[unsaved_.begun[i].target] = i;  // the last one counts
    }
  }
  if (const auto place = unsaved_places_.find(target); place != unsaved_places_.end()) {
    const auto& decision = unsaved_.begun[place->second];
    return {.reason = decision.reason, .evidence = decision.evidence};
  }
  auto texts = store_->texts(target, wanted == decide::Texts::reason_and_evidence);
  if (!texts || !*texts) {
    return {.reason = "why is not known any more: " + (texts ? "it was never saved" : texts.error().message),
            .evidence = {}};
  }
  return std::move(**texts);
}

bool State::return_to_disk(decide::Engine& engine, TimePoint now) {
  constexpr Seconds shortest_pause{10};
  constexpr Seconds longest_pause{3600};
  if (trouble_.empty()) {
    return false;
  }
  if (!next_try_) {
    next_try_ = now + try_pause_;
  }
  if (now < *next_try_) {
    return false;
  }
  auto disk = store::Store::open(folder_);
  if (!disk) {
    trouble_ = disk.error().message;
    try_pause_ = std::clamp(2 * try_pause_, shortest_pause, longest_pause);
    next_try_ = now + try_pause_;
    return false;
  }
  take_over(std::move(*disk), engine);
  log_warning("state is on disk again: " + printable(folder_));
  trouble_.clear();
  next_try_.reset();
  try_pause_ = Seconds{10};
  return true;
}

// All that the store knows but cursors, as one batch for another store.
store::StoreBatch State::everything(const decide::Engine& engine) const {
  store::StoreBatch batch;
  batch.begun = engine.decisions();
  read_all(store_->ended_decisions(most_unsaved),
           [&](store::EndedDecision& ended) { batch.ended.push_back(std::move(ended)); });
  std::ranges::reverse(batch.ended);  // oldest first, as they happened
  read_all(store_->good_clients(), [&](const model::GoodClient& client) { batch.good_clients.push_back(client); });
  return batch;
}

void State::check_place(const decide::Engine& engine) {
  if (store_->in_place()) {
    return;
  }
  trouble_ = "somebody deleted " + folder_ + "/ipguard.db, or put another in its place";
  log_error(printable(trouble_) + ": the state is begun afresh with what is in force");
  // Without its name the file can still be read as long as it is open.
  store::StoreBatch batch = everything(engine);
  put_reading(batch);
  auto memory = store::Store::in_memory();
  if (auto kept = memory->write(batch); !kept) {
    log_error("what was in it is lost: " + printable(kept.error().message));
  }
  store_ = std::move(memory);
  try_pause_ = Seconds{0};  // at once
  next_try_.reset();
}

// What happened meanwhile goes before what was remembered there.
void State::take_over(std::unique_ptr<store::Store> disk, decide::Engine& engine) {
  store::StoreBatch batch = everything(engine);
  std::set<model::Target> known;
  for (const auto& decision : batch.begun) {
    if (decision.issuer != model::adopted_issuer) {  // those are known by name only: the disk may know why
      known.insert(decision.target);
    }
  }
  for (const auto& ended : batch.ended) {
    known.insert(ended.decision.target);
  }
  store_ = std::move(disk);
  std::set<model::Target> from_disk;
  auto read = store_->active_decisions([&](model::Decision& decision) {
    if (!known.contains(decision.target)) {
      from_disk.insert(decision.target);
      engine.restore(std::move(decision));
    }
  });
  if (!read) {
    complain(read.error());
  }
  engine.finish_restoring();
  std::erase_if(batch.begun, [&](const model::Decision& decision) { return from_disk.contains(decision.target); });
  read_losses();
  put_reading(batch);
  unsaved_ = std::move(batch);
  unsaved_places_.clear();
}

std::vector<model::Cursor> State::cursors() {
  auto cursors = store_->cursors();
  if (!cursors) {
    log_error("cannot read the cursors: " + printable(cursors.error().message));
    return {};
  }
  last_cursors_ = *cursors;
  return *std::move(cursors);
}

void State::note(std::vector<decide::DecisionChange> changes) {
  unsaved_places_.clear();
  for (auto& change : changes) {
    if (change.ending) {
      unsaved_.ended.push_back({.decision = std::move(change.decision), .ending = *change.ending, .at = change.at});
    } else {
      unsaved_.begun.push_back(std::move(change.decision));
    }
  }
}

void State::note_begun(model::Decision decision) {
  unsaved_places_.clear();
  unsaved_.begun.push_back(std::move(decision));
}

void State::save(decide::Engine& engine, const std::vector<model::Cursor>* cursors) {
  if (cursors != nullptr) {
    unsaved_.cursors = *cursors;
    unsaved_.losses = losses_.rows();
    unsaved_.has_cursors = true;
    if (unsaved_.good_clients.empty()) {  // else they wait with the rest
      unsaved_.good_clients = engine.take_good_changes();
    }
  }
  if (unsaved_.empty()) {
    return;
  }
  check_place(engine);
  auto written = store_->write(unsaved_);
  if (!written && written.error().code == Errc::corrupt) {
    begin_afresh(engine);
    written = store_->write(unsaved_);
  }
  if (written) {
    if (unsaved_.has_cursors) {
      last_cursors_ = std::move(unsaved_.cursors);
    }
    unsaved_ = {};
    unsaved_places_.clear();
    if (!std::exchange(problem_, {}).empty()) {
      log_info("the state is saved again, with all that waited");
    }
    return;
  }
  unsaved_places_.clear();
  // What could not be written is written with what comes next; a disk that stays full must not fill the memory as well.
  lost_changes_ += forget_oldest(unsaved_.begun) + forget_oldest(unsaved_.ended);
  const auto problem = written.error().message + (folder_.empty() ? "" : " (" + folder_ + ")");
  if (std::exchange(problem_, problem) != problem) {
    log_error("state is not saved, banning goes on: " + printable(problem));
  }
}

// The file was lost, what is in force is not.
void State::begin_afresh(const decide::Engine& engine) {
  unsaved_.begun = engine.decisions();  // first, for the old file may still tell their reasons
  unsaved_places_.clear();
  if (auto begun = store_->begin_afresh(); !begun) {
    trouble_ = begun.error().message;
    log_error("state is kept in memory only and will not survive a restart: " + printable(trouble_));
  }
  if (!unsaved_.has_cursors) {
    put_reading(unsaved_);
  }
}

}  // namespace ipguard::daemon
