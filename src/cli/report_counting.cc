#include "cli/report_counting.h"

#include <utility>

namespace ipguard::cli {
namespace {

constexpr size_t evidence_of_rule = 3;
constexpr size_t most_evidence = 500;
// A portion is handed over when it has so many hits or a batch ends; who decides waits when so many are not counted
// yet.
constexpr size_t hits_of_portion = 1024;
constexpr size_t most_waiting = 64;

}  // namespace

model::Hit hit_of(const Batch& batch, const Record& record, const model::Rule& rule) {
  return {.rule = &rule,
          .address = record.address,
          .time = record.time,
          .user = batch.text(record.user),
          .distinct = batch.text(record.distinct),
          .repeat = record.repeat,
          .line = {.text = batch.text(record.line), .offset = record.offset}};
}

HitCounting::HitCounting(const ReportPlan& plan, const std::vector<std::string>& names, BatchPool& pool)
    : plan_(plan),
      names_(names),
      pool_(pool),
      reader_(plan.routes),
      aggregates_(plan.memory,
                  {.owner = [this](const net::Address& address) { return owner_of(address); },
                   .facts = [this](uint32_t facts) -> const model::Route& { return reader_.facts(facts); }}),
      evidence_counts_(plan.rules->rules().size(), 0),
      last_lines_(plan.inputs.size()),
      thread_([this] { work(); }) {}

HitCounting::~HitCounting() { finish(); }

// --- the merging thread

void HitCounting::take(const Batch& batch, const Record& record) {
  portion_.hits.push_back({.batch = &batch, .record = &record});
  if (portion_.hits.size() >= hits_of_portion) {
    hand_over();
  }
}

void HitCounting::end_batch(std::unique_ptr<Batch> batch) {
  portion_.ended = std::move(batch);
  hand_over();
}

void HitCounting::finish() {
  if (thread_.joinable()) {
    portion_.last = true;
    hand_over();
    thread_.join();
  }
}

void HitCounting::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < most_waiting; });
  waiting_.push_back(std::exchange(portion_, {}));
  lock.unlock();
  changed_.notify_all();
}

// --- the counting thread

void HitCounting::work() {
  for (bool last = false; !last;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    Portion portion = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    for (const Item& item : portion.hits) {
      count(*item.batch, *item.record);
    }
    if (portion.ended != nullptr) {
      last_counted_ = nullptr;
      pool_.give_back(std::move(portion.ended));
    }
    last = portion.last;
  }
}

void HitCounting::count(const Batch& batch, const Record& record) {
  const model::Rule& rule = plan_.rules->rules()[record.rule];
  const model::Hit hit = hit_of(batch, record, rule);
  if (!fits(hit)) {
    return;
  }
  aggregates_.take({.rule = &rule,
                    .address = hit.address,
                    .time = hit.time,
                    .path = batch.text(record.path),
                    .user_agent = batch.text(record.user_agent),
                    .user = hit.user,
                    .same_line = is_of_same_line(record)});
  last_counted_ = &record;
  auto& last_line = last_lines_[batch.input];
  lines_ += last_line == record.offset ? 0U : 1U;
  last_line = record.offset;
  if (evidence_counts_[record.rule] < evidence_of_rule && evidence_.size() < most_evidence) {
    ++evidence_counts_[record.rule];
    evidence_.push_back({.time = hit.time,
                         .rule = rule.id,
                         .attack_class = rule.attack_class,
                         .address = hit.address.to_string(),
                         .source = names_[batch.input],
                         .line = std::string(hit.line.text)});
  }
}

// Whether the record is of the line of the one that was counted last.
bool HitCounting::is_of_same_line(const Record& record) const {
  return last_counted_ != nullptr && last_counted_ + 1 == &record && last_counted_->offset == record.offset &&
         last_counted_->address == record.address && last_counted_->time == record.time;
}

bool HitCounting::fits(const model::Hit& hit) {
  const ReportFilter& filter = plan_.filter;
  if (!filter.fits_time(hit.time) || !filter.fits_rule(hit.rule->id)) {
    return false;
  }
  if (filter.asns.empty() && filter.countries.empty()) {
    return true;
  }
  const auto owner = reader_.find(hit.address);
  return filter.fits_owner(owner.asn, owner.country);
}

report::Owner HitCounting::owner_of(const net::Address& address) {
  const auto answer = reader_.find(address);
  return {.length = answer.length, .asn = answer.asn, .country = answer.country, .facts = answer.facts};
}

}  // namespace ipguard::cli
