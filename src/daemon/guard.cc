#include "daemon/guard.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/reconcile.h"
#include "daemon/report_changes.h"

namespace ipguard::daemon {
namespace {

std::vector<store::CursorRow> to_rows(const std::vector<input::Cursor>& cursors) {
  std::vector<store::CursorRow> rows;
  rows.reserve(cursors.size());
  for (const auto& cursor : cursors) {
    rows.push_back({.path = cursor.path,
                    .device = cursor.device,
                    .inode = cursor.inode,
                    .fingerprint = cursor.fingerprint,
                    .fingerprint_length = cursor.fingerprint_length,
                    .offset = cursor.offset});
  }
  return rows;
}

std::vector<input::Cursor> to_cursors(const std::vector<store::CursorRow>& rows) {
  std::vector<input::Cursor> cursors;
  cursors.reserve(rows.size());
  for (const auto& row : rows) {
    cursors.push_back({.path = row.path,
                       .device = row.device,
                       .inode = row.inode,
                       .fingerprint = row.fingerprint,
                       .fingerprint_length = row.fingerprint_length,
                       .offset = row.offset});
  }
  return cursors;
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
      .any_route_of = [this](net::Asn asn) { return loaded_.routes->any_route_of(asn); },
      .protected_prefixes =
          [this] {
            std::vector<std::pair<net::Prefix, std::string>> prefixes;
            for (auto& hole : protection_->holes()) {
              prefixes.emplace_back(hole.prefix, std::move(hole.reason));
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
  matcher_ = std::make_unique<match::Matcher>(loaded_.rules);
  engine_.reconfigure(policy(), now);
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
        engine_.on_hit(hit, source.path, now);
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
    for (const auto& failure : report.failures) {
      if (!failure.refused) {
        kernel_problem_ = failure.element.prefix.to_string() + ": " + failure.reason;
      }
      log_warning((failure.refused ? "not blocked: " : "the kernel did not take ") +
                  failure.element.prefix.to_string() + ": " + printable(failure.reason));
    }
    engine_.on_report(report, now);
  }
  remember(now, cursors);
}

void Guard::remember(TimePoint now, const std::vector<input::Cursor>* cursors) {
  for (auto& change : engine_.take_changes()) {
    log_change(change, dry_run_, now);
    if (change.ending) {
      unsaved_.ended.push_back({.decision = std::move(change.decision),
                                .ending = std::string(decide::to_string(*change.ending)),
                                .at = change.at});
    } else {
      unsaved_.begun.push_back(std::move(change.decision));
    }
  }
  if (cursors != nullptr) {
    unsaved_.cursors = to_rows(*cursors);
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
  engine_.expire(now);
  flush(now, nullptr);
}

Result<model::Decision> Guard::ban(const model::Target& target, std::optional<Seconds> duration, std::string reason,
                                   std::string issuer, TimePoint now) {
  auto decision = engine_.ban(target, duration, std::move(reason), std::move(issuer), now);
  if (!decision) {
    return std::unexpected(std::move(decision.error()));
  }
  model::Decision result = **decision;
  flush(now, nullptr);
  const auto still_there = std::ranges::any_of(engine_.decisions(), [&](const auto* d) { return d->target == target; });
  if (!still_there) {
    return fail(Errc::invalid, target.to_string() + " was refused at the kernel: see 'ipguardctl explain'");
  }
  return result;
}

Result<model::Decision> Guard::unban(const model::Target& target, TimePoint now) {
  auto decision = engine_.unban(target, now);
  if (decision) {
    flush(now, nullptr);
  }
  return decision;
}

void Guard::on_protection_notification(TimePoint now) {
  protection_->on_notification();
  engine_.protection_changed(now);
  flush(now, nullptr);
}

void Guard::verify_kernel(TimePoint now) {
  const auto restored = enforcer_->verify(now);
  if (!restored) {
    kernel_problem_ = restored.error().message;
    log_error("cannot restore table inet ipguard: " + printable(kernel_problem_));
    return;
  }
  kernel_problem_.clear();
  if (*restored) {
    ++restorations_;
    log_warning("somebody else changed table inet ipguard; restored " + std::to_string(enforcer_->enforced()) +
                " elements");
  }
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
  return to_cursors(*rows);
}

}  // namespace ipguard::daemon
