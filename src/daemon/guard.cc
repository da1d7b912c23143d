#include "daemon/guard.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/reconcile.h"
#include "daemon/report_changes.h"

namespace ipguard::daemon {
namespace {

// input::Cursor and store::CursorRow say the same: neither folder knows the other.
template <typename To, typename From>
std::vector<To> copy_cursors(const std::vector<From>& cursors) {
  std::vector<To> copies;
  copies.reserve(cursors.size());
  for (const auto& cursor : cursors) {
    copies.push_back({.path = cursor.path,
                      .device = cursor.device,
                      .inode = cursor.inode,
                      .fingerprint = cursor.fingerprint,
                      .fingerprint_length = cursor.fingerprint_length,
                      .offset = cursor.offset});
  }
  return copies;
}

// Changes kept while the store cannot be written.
constexpr size_t most_unsaved = 100'000;

template <typename Changes>
void forget_oldest(Changes& changes) {
  if (changes.size() > most_unsaved) {
    changes.erase(changes.begin(), changes.end() - static_cast<std::ptrdiff_t>(most_unsaved));
  }
}

std::unique_ptr<enforce::Protection> make_protection(const config::Config& config) {
  auto protection = std::make_unique<enforce::Protection>(config.protect, config.allow.prefixes);
  protection->refresh();
  return protection;
}

std::unique_ptr<enforce::Enforcer> make_enforcer(const config::Config& config, bool dry_run,
                                                 enforce::Protection& protection) {
  return dry_run ? enforce::make_dry_run_enforcer(protection)
                 : enforce::make_nftables_enforcer(config.enforce, protection);
}

}  // namespace

Guard::Guard(Loaded loaded, bool dry_run, std::unique_ptr<store::Store> store)
    : dry_run_(dry_run),
      loaded_(std::move(loaded)),
      store_(std::move(store)),
      protection_(make_protection(loaded_.config)),
      enforcer_(make_enforcer(loaded_.config, dry_run_, *protection_)),
      engine_(policy(), lookups()),
      matcher_(std::make_unique<match::Matcher>(loaded_.rules)) {}

Guard::~Guard() = default;

decide::Policy Guard::policy() const {
  const auto& config = loaded_.config;
  return {.allow = config.allow,
          .route_ladder = config.route_ladder,
          .asn_ladder = config.asn_ladder,
          .ban = config.ban,
          .limits = config.limits,
          .protect = config.protect};
}

decide::Lookups Guard::lookups() {
  return {
      .route = [this](const net::Address& address) { return loaded_.routes->lookup(address); },
      .prefixes_of = [this](net::Asn asn) { return loaded_.routes->prefixes_of(asn); },
      .parts_where =
          [this](const net::Prefix& prefix, const std::function<bool(const model::Route&)>& wanted) {
            return loaded_.routes->parts_where(prefix, wanted);
          },
      .any_route_of = [this](net::Asn asn) { return loaded_.routes->any_route_of(asn); },
      .protected_prefixes =
          [this] {
            std::vector<std::pair<net::Prefix, std::string>> prefixes;
            protection_->check_files();
            for (auto& hole : protection_->holes()) {
              // The engine has the allowlist from the policy, and tells more of it.
              if (hole.reason != "allowlist") {
                prefixes.emplace_back(hole.prefix, std::move(hole.reason));
              }
            }
            for (auto& peer : protection_->ssh_peers()) {
              prefixes.emplace_back(peer.prefix, std::move(peer.reason));
            }
            return prefixes;
          },
  };
}

Result<> Guard::start(TimePoint now) {
  if (auto prepared = enforcer_->prepare(); !prepared) {
    return prepared;
  }
  restore_from_store(now);
  return reconcile(now);
}

void Guard::restore_from_store(TimePoint now) {
  const auto complain = [](const Error& error) { log_error("cannot read the state: " + printable(error.message)); };
  if (auto history = store_->history()) {
    for (const auto& entry : *history) {
      engine_.restore_history(entry.target, entry.bans, entry.last_end);
    }
  } else {
    complain(history.error());
  }
  if (auto decisions = store_->active_decisions()) {
    for (auto& decision : *decisions) {
      engine_.restore(std::move(decision));
    }
  } else {
    complain(decisions.error());
  }
  engine_.reconfigure(policy(), now);  // the allowlist may have grown while the daemon was down
  engine_.expire(now);
}

Result<> Guard::reconcile(TimePoint now) {
  auto actual = enforcer_->list(now);
  if (!actual) {
    return std::unexpected(add_context(actual, "cannot list what the kernel holds"));
  }
  adopt(unknown_elements(*actual, engine_), now);
  // From here on the engine's own bookkeeping says the same as `desired`, so what it has pending is not sent twice.
  (void)engine_.take_batch();
  const auto batch = difference(engine_.desired(), *actual);
  if (!batch.empty()) {
    const auto report = enforcer_->apply(batch, now);
    engine_.on_report(report, now);
    log_info("kernel brought up to date: " + std::to_string(report.added) + " elements added, " +
             std::to_string(report.removed) + " removed");
  }
  flush(now, nullptr);
  return {};
}

void Guard::adopt(const std::vector<model::SetElement>& unknown, TimePoint now) {
  for (auto& decision : adopted_decisions(unknown, *loaded_.routes, now)) {
    log_warning("adopted from the kernel: " + describe(decision));
    engine_.restore(decision);
    if (auto written =
            store_->write({.begun = {std::move(decision)}, .ended = {}, .cursors = {}, .has_cursors = false});
        !written) {
      store_problem_ = written.error().message;
    }
  }
}

Result<> Guard::reload(Loaded loaded, TimePoint now) {
  verify_kernel(now);  // or what somebody else put into our sets this moment would be adopted as a ban
  std::swap(loaded_, loaded);
  auto old_protection = std::move(protection_);
  auto old_enforcer = std::move(enforcer_);
  protection_ = make_protection(loaded_.config);
  enforcer_ = make_enforcer(loaded_.config, dry_run_, *protection_);
  if (auto prepared = enforcer_->prepare(); !prepared) {
    std::swap(loaded_, loaded);
    enforcer_ = std::move(old_enforcer);
    protection_ = std::move(old_protection);
    return prepared;
  }
  const auto& repaired = old_enforcer->repairs();
  earlier_repairs_ = {.times = earlier_repairs_.times + repaired.times,
                      .added = earlier_repairs_.added + repaired.added,
                      .removed = earlier_repairs_.removed + repaired.removed};
  protection_version_ = 0;
  earlier_doubtful_ = doubtful_lines();
  matcher_ = std::make_unique<match::Matcher>(loaded_.rules);
  tally_.keep_only(loaded_.rules->rules());
  engine_.reconfigure(policy(), now);
  engine_.expire(now);
  if (dry_run_) {
    // The model of the kernel starts empty: everything is offered to it again.
    const model::SetBatch all{.remove = {}, .add = engine_.desired()};
    (void)engine_.take_batch();
    engine_.on_report(enforcer_->apply(all, now), now);
    flush(now, nullptr);
    return {};
  }
  return reconcile(now);
}

input::Follower::Consumed Guard::judge(const input::Block& block, const input::SourceInfo& source, TimePoint now) {
  const match::LineOptions options{.format = source.config->format, .accept_message = false};
  input::Follower::Consumed consumed;
  const auto on_hit = [&](const model::RawLine&, const match::LineResult& result) {
    for (const auto& hit : result.hits) {
      ++consumed.hits;
      if (block.replay) {
        engine_.replay_hit(hit, source.path);
      } else {
        const auto offences = engine_.counters().offences;
        engine_.on_hit(hit, source.path, now);
        tally_.count(*hit.rule, engine_.counters().offences > offences, hit.time);
      }
    }
  };
  if (block.truncated) {
    const model::RawLine line{.text = block.bytes, .offset = block.offset, .source = block.source, .truncated = true};
    matcher_->match_line(line, options, now, on_hit);
    consumed.lines = 1;
  } else {
    consumed.lines = matcher_->scan_block(block.bytes, block.offset, block.source, options, now, on_hit);
  }
  return consumed;
}

void Guard::flush(TimePoint now, const std::vector<input::Cursor>* cursors) {
  if (const auto batch = engine_.take_batch(); !batch.empty()) {
    const auto report = enforcer_->apply(batch, now);
    kernel_problem_.clear();
    take_report(report, now);
  }
  remember(now, cursors);
}

void Guard::take_report(const model::ApplyReport& report, TimePoint now) {
  for (const auto& failure : report.failures) {
    if (!failure.refused) {
      kernel_problem_ = failure.element.prefix.to_string() + ": " + failure.reason;
    }
    log_warning((failure.refused ? "not blocked: " : "the kernel did not take ") + failure.element.prefix.to_string() +
                ": " + printable(failure.reason));
  }
  engine_.on_report(report, now);
}

void Guard::remember(TimePoint now, const std::vector<input::Cursor>* cursors) {
  auto changes = engine_.take_changes();
  log_changes(changes, dry_run_, now);
  for (auto& change : changes) {
    if (change.ending) {
      unsaved_.ended.push_back({.decision = std::move(change.decision),
                                .ending = std::string(decide::to_string(*change.ending)),
                                .at = change.at});
    } else {
      unsaved_.begun.push_back(std::move(change.decision));
    }
  }
  if (cursors != nullptr) {
    unsaved_.cursors = copy_cursors<store::CursorRow>(*cursors);
    unsaved_.has_cursors = true;
  }
  if (unsaved_.empty()) {
    return;
  }
  const auto written = store_->write(unsaved_);
  if (written) {
    unsaved_ = {};
    store_problem_.clear();
    return;
  }
  // What could not be written is written with what comes next; a disk that stays full must not fill the memory as well.
  forget_oldest(unsaved_.begun);
  forget_oldest(unsaved_.ended);
  if (store_problem_ != written.error().message) {
    log_error("state is not saved, banning goes on: " + printable(written.error().message));
  }
  store_problem_ = written.error().message;
}

void Guard::retry(TimePoint now) {
  if (!kernel_problem_.empty()) {
    verify_kernel(now);
  }
  flush(now, nullptr);
}

void Guard::expire(TimePoint now) {
  engine_.expire_some(now);
  flush(now, nullptr);
}

std::vector<Result<>> Guard::ban(std::span<const model::Target> targets, const BanOrder& order, TimePoint now) {
  std::vector<Result<>> results;
  results.reserve(targets.size());
  for (const auto& target : targets) {
    auto decision = engine_.ban(target, order.duration, order.reason, order.issuer, now, order.force);
    results.push_back(decision ? Result<>{} : std::unexpected(std::move(decision.error())));
  }
  flush(now, nullptr);
  for (size_t i = 0; i < targets.size(); ++i) {
    if (results[i] && engine_.find(targets[i]) == nullptr) {
      const auto* why = engine_.refusal(targets[i]);
      results[i] = fail(Errc::invalid, targets[i].to_string() + " was refused right before the kernel" +
                                           (why == nullptr ? "" : ": " + *why));
    }
  }
  return results;
}

std::vector<Result<model::Decision>> Guard::unban(std::span<const model::Target> targets, TimePoint now) {
  std::vector<Result<model::Decision>> results;
  results.reserve(targets.size());
  for (const auto& target : targets) {
    results.push_back(engine_.unban(target, now));
  }
  flush(now, nullptr);
  return results;
}

void Guard::on_protection_notification(TimePoint now) {
  protection_->on_notification();
  check_protection(now);
}

void Guard::check_protection(TimePoint now) {
  protection_->check_files();
  if (protection_->version() == protection_version_) {
    return;
  }
  protection_version_ = protection_->version();
  engine_.protection_changed(now);
  flush(now, nullptr);
}

void Guard::verify_kernel(TimePoint now) {
  auto repair = enforcer_->verify(now);
  if (!repair) {
    kernel_problem_ = repair.error().message;
    log_error("cannot restore table inet ipguard: " + printable(kernel_problem_));
    return;
  }
  kernel_problem_.clear();
  if (!repair->failures.empty()) {
    take_report({.added = 0, .removed = 0, .failures = std::move(repair->failures)}, now);
    flush(now, nullptr);
  }
}

enforce::RepairCounters Guard::repairs() const {
  const auto& current = enforcer_->repairs();
  return {.times = earlier_repairs_.times + current.times,
          .added = earlier_repairs_.added + current.added,
          .removed = earlier_repairs_.removed + current.removed};
}

Result<> Guard::stop() {
  return dry_run_ || loaded_.config.enforce.keep_on_stop ? Result<>{} : enforcer_->remove_all();
}

std::vector<input::Cursor> Guard::saved_cursors() {
  auto rows = store_->cursors();
  if (!rows) {
    log_error("cannot read the cursors: " + printable(rows.error().message));
    return {};
  }
  return copy_cursors<input::Cursor>(*rows);
}

}  // namespace ipguard::daemon
