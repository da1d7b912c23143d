// Guard: what time, the host and other programs do to the bans in force; what failed is tried again.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "daemon/guard.h"

namespace ipguard::daemon {

void Guard::on_protection_notification(TimePoint now) {
  protection_->on_notification();
  if (protection_->version() != protection_version_) {
    check_protection(now);
  }
}

void Guard::check_protection(TimePoint now) {
  check_clock(now);
  protection_->check_files();
  protection_->check_sessions();
  protection_version_ = protection_->version();
  engine_.protection_changed(now);
  state_.check_place(engine_);
  roll_report(now);
  flush(now, nullptr);
}

// A clock that runs a little fast or slow is corrected in steps that small, or by its speed.
void Guard::check_clock(TimePoint now) {
  constexpr Seconds no_step{5};
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  const auto offset = now.time_since_epoch() - std::chrono::floor<std::chrono::microseconds>(steady);
  const auto before = std::exchange(clock_offset_, offset);
  if (!before || std::chrono::abs(offset - *before) <= no_step) {
    return;
  }
  const auto step = std::chrono::round<Seconds>(offset - *before);
  log_warning("the clock was set " + format_duration(std::chrono::abs(step)) + (step.count() > 0 ? " on" : " back") +
              ": the kernel's time-outs are made anew");
  engine_.expire_some(now);
  enforcer_->distrust();
  verify_kernel(now);
}

void Guard::verify_kernel(TimePoint now) {
  auto repair = enforcer_->verify(now);
  if (!repair) {
    kernel_failures_.set_table_problem(repair.error().message);
    return;
  }
  const bool changed = kernel_failures_.set_table_problem({}) || repair->any();
  if (!repair->failures.empty()) {
    take_report({}, {.added = 0, .removed = 0, .failures = std::move(repair->failures)}, now);
    flush(now, nullptr);
  } else if (changed && kernel_failures_.any()) {
    kernel_failures_.start_over();  // what failed for the table's sake need not wait
    flush(now, nullptr);
  }
}

std::vector<std::optional<enforce::DropCounters>> Guard::dropped_by(
    const std::vector<model::Decision>& decisions) const {
  constexpr size_t most_elements = 5000;  // some 20 ms
  std::vector<model::SetElement> elements;
  std::vector<size_t> owners;
  for (size_t i = 0; i < decisions.size() && loaded_.config.enforce.element_counters; ++i) {
    const auto prefixes = engine_.in_force(decisions[i]).prefixes;
    if (elements.size() + prefixes.size() > most_elements) {
      continue;
    }
    for (const auto& prefix : prefixes) {
      elements.push_back({.scope = decisions[i].target.scope, .prefix = prefix, .until = {}});
      owners.push_back(i);
    }
  }
  std::vector<std::optional<enforce::DropCounters>> sums(decisions.size());
  const auto counters = enforcer_->element_counters(elements);
  for (size_t i = 0; counters && i < counters->size(); ++i) {
    if (const auto& counter = (*counters)[i]) {
      auto& sum = sums[owners[i]];
      sum = {.packets = sum.value_or(enforce::DropCounters{}).packets + counter->packets,
             .bytes = sum.value_or(enforce::DropCounters{}).bytes + counter->bytes};
    }
  }
  return sums;
}

void Guard::retry(TimePoint now) {
  if (state_.return_to_disk(engine_, now)) {
    engine_.expire(now);
  }
  if (kernel_failures_.any()) {
    kernel_failures_.attempt();
    verify_kernel(now);
  }
  flush(now, nullptr);
}

std::chrono::milliseconds Guard::retry_delay() const {
  constexpr std::chrono::milliseconds store_delay{1000};
  return state_.unsaved() || !kernel_failures_.any() ? store_delay : kernel_failures_.retry_delay();
}

void Guard::expire(TimePoint now) {
  if (!listener_behind()) {
    engine_.expire_some(now);
  }
  flush(now, nullptr);
}

std::optional<TimePoint::duration> Guard::expiry_delay(TimePoint now) const {
  constexpr std::chrono::milliseconds patience{5};
  const TimePoint::duration least = listener_behind() ? patience : TimePoint::duration::zero();
  return engine_.next_expiry().transform([&](TimePoint next) { return std::max(least, next - now); });
}

}  // namespace ipguard::daemon
