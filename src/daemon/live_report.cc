#include "daemon/live_report.h"

#include <algorithm>
#include <utility>

#include "model/hit.h"

namespace ipguard::daemon {
namespace {

// Of the memory for counts, as much again for decisions one by one.
constexpr size_t balance_share = 4;

report::BalanceLimits balance_limits(const config::ReportConfig& config) {
  return {.bytes = config.memory / balance_share};
}

// What a line has of a field, if it is of an access log: in others these names mean other things.
std::string_view access_field(const model::Event* event, model::Field field) {
  return event == nullptr || event->kind != model::LogKind::access ? std::string_view{} : (*event)[field];
}

}  // namespace

LiveReport::LiveReport(const config::Config& config, report::SlidingAggregates::Lookup lookup)
    : config_(config.report),
      evidence_bytes_(config.limits.evidence_bytes),
      lookup_(std::move(lookup)),
      sliding_(make_sliding()),
      balance_(balance_limits(config_)) {}

std::shared_ptr<report::SlidingAggregates> LiveReport::make_sliding() const {
  return std::make_shared<report::SlidingAggregates>(
      report::SlidingOptions{.period = config_.period, .memory = config_.memory}, lookup_);
}

void LiveReport::reconfigure(const config::Config& config) {
  const bool other_period = config.report.period != config_.period;
  config_ = config.report;
  evidence_bytes_ = config.limits.evidence_bytes;
  if (other_period) {
    sliding_ = make_sliding();
  }
  sliding_->forget_rules();
  sliding_->set_memory(config_.memory);
  balance_.set_limits(balance_limits(config_));
}

bool LiveReport::take_hit(const model::Hit& hit, const model::Event* event, std::string_view path, bool blocked,
                          bool same_line, TimePoint now) {
  const TimePoint time = hit.time - model::most_clock_ahead > now ? now : hit.time;
  const bool in_period = sliding_->take({.rule = hit.rule,
                                         .address = hit.address,
                                         .time = time,
                                         .path = access_field(event, model::Field::path),
                                         .user_agent = access_field(event, model::Field::user_agent),
                                         .user = hit.user == "-" ? std::string_view{} : hit.user},
                                        now);
  if (!in_period) {
    return false;
  }
  balance_.hit(hit.rule->id, blocked ? &hit.address : nullptr, time, same_line);
  if (sliding_->wants_evidence(hit.rule->id, now)) {
    sliding_->take_evidence({.time = time,
                             .rule = hit.rule->id,
                             .attack_class = hit.rule->attack_class,
                             .address = hit.address.to_string(),
                             .source = std::string(path),
                             .line = std::string(hit.line.text.substr(0, evidence_bytes_))},
                            now);
  }
  return true;
}

void LiveReport::count_lines(uint64_t lines, uint64_t bytes, uint64_t lines_hit, TimePoint now) {
  sliding_->count_lines(lines, bytes, lines_hit, now);
}

void LiveReport::take_change(const decide::DecisionChange& change, std::span<const net::Prefix> good_clients,
                             TimePoint now) {
  if (change.ending) {
    balance_.end(change.decision.target, change.at);
  } else if (const auto end = change.decision.end(); end && *end < sliding_->begin(now)) {
    ++over_;
  } else {
    balance_.begin(change.decision, good_clients);
  }
}

bool LiveReport::adopt(const model::Decision& decision) {
  balance_.adopt(decision);
  return balance_.bytes() < balance_limits(config_).bytes / 2;
}

void LiveReport::roll(TimePoint now) {
  sliding_->take_balance(balance_.take_sums(), now);
  sliding_->prune(now);
  balance_.forget_ended(sliding_->begin(now));
}

}  // namespace ipguard::daemon
