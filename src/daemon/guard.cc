#include "daemon/guard.h"

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "daemon/log_beginning.h"
#include "daemon/reconcile.h"
#include "daemon/report_changes.h"
#include "net/prefix_set.h"

namespace ipguard::daemon {
namespace {

using Writer = std::shared_ptr<enforce::WriterClient>;

std::unique_ptr<enforce::Protection> make_protection(const config::Config& config, const Writer& writer) {
  enforce::SshPeers ssh_peers;
  if (writer) {
    ssh_peers = [writer](bool look_again) { return writer->ssh_peers(look_again); };
  }
  auto protection = std::make_unique<enforce::Protection>(config.protect, config.allow.prefixes, enforce::HostPaths(),
                                                          std::move(ssh_peers));
  protection->refresh();
  return protection;
}

std::unique_ptr<enforce::Enforcer> make_enforcer(const config::Config& config, enforce::Protection& protection,
                                                 const Writer& writer) {
  return writer ? enforce::make_remote_enforcer(writer, config.enforce, protection)
                : enforce::make_dry_run_enforcer(protection);
}

// Whether both say the same: a reload opens the files again.
bool same_databases(const enrich::RouteTable& a, const enrich::RouteTable& b) {
  return std::ranges::equal(a.databases(), b.databases(), [](const auto& one, const auto& other) {
    return one.path == other.path && one.type == other.type && one.build_epoch == other.build_epoch;
  });
}

}  // namespace

Guard::Guard(Loaded loaded, State state, std::shared_ptr<enforce::WriterClient> writer)
    : loaded_(std::move(loaded)),
      state_(std::move(state)),
      writer_(std::move(writer)),
      protection_(make_protection(loaded_.config, writer_)),
      enforcer_(make_enforcer(loaded_.config, *protection_, writer_)),
      engine_(decide::policy_of(loaded_.config), lookups()),
      matcher_(std::make_unique<match::Matcher>(loaded_.rules)),
      live_(loaded_.config, [this](const net::Address& address) { return loaded_.routes->lookup(address); }) {}

Guard::~Guard() = default;

decide::Lookups Guard::lookups() {
  return {
      .route = [this](const net::Address& address) { return loaded_.routes->lookup(address); },
      .prefixes_of = [this](net::Asn asn) { return loaded_.routes->prefixes_of(asn); },
      .prefixes_in = [this](model::Country country) { return loaded_.routes->prefixes_of_country(country); },
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
      .texts = [this](const model::Target& target, decide::Texts wanted) { return state_.texts(target, wanted); },
  };
}

Result<> Guard::start(TimePoint now) {
  if (auto prepared = enforcer_->prepare(); !prepared) {
    return prepared;
  }
  state_.restore(engine_);
  engine_.reconfigure(decide::policy_of(loaded_.config), now,
                      true);  // allowlist and database may be others than when the daemon went down
  engine_.expire(now);
  auto reconciled = reconcile(now);
  count_restored();
  return reconciled;
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
    take_report(batch, report, now);
    log_info("kernel brought up to date: " + std::to_string(report.added) + " elements added, " +
             std::to_string(report.removed) + " removed");
  }
  flush(now, nullptr);
  return {};
}

void Guard::adopt(const std::vector<model::SetElement>& unknown, TimePoint now) {
  for (auto& decision : adopted_decisions(unknown, *loaded_.routes, now)) {
    if (engine_.is_banned(decision.target)) {
      continue;  // an AS or country that had other networks: what it has now is known
    }
    log_warning("adopted from the kernel: " + describe(decision));
    engine_.restore(decision);
    state_.note_begun(std::move(decision));
  }
  engine_.finish_restoring();
}

Result<> Guard::reload(Loaded loaded, TimePoint now) {
  auto protection = make_protection(loaded.config, writer_);
  if (auto done = enforcer_->reconfigure(loaded.config.enforce, *protection); !done) {
    return done;
  }
  const bool other_routes = !same_databases(*loaded_.routes, *loaded.routes);
  std::swap(loaded_, loaded);
  protection_ = std::move(protection);
  protection_version_ = 0;
  spared_version_ = UINT64_MAX;
  live_.reconfigure(loaded_.config);
  earlier_doubtful_ = doubtful_lines();
  matcher_ = std::make_unique<match::Matcher>(loaded_.rules);
  tally_.keep_only(loaded_.rules->rules(), loaded_.traps);
  reading_tally_.keep_only(loaded_.config.sources);
  engine_.reconfigure(decide::policy_of(loaded_.config), now, other_routes);
  engine_.expire(now);
  verify_kernel(now);
  flush(now, nullptr);
  return {};
}

void Guard::replace_routes(std::shared_ptr<const enrich::RouteTable> routes, TimePoint now) {
  loaded_.routes = std::move(routes);
  engine_.reconfigure(decide::policy_of(loaded_.config), now,
                      true);  // networks may have moved to other AS and countries
  flush(now, nullptr);
}

input::Follower::Consumed Guard::judge(const input::Block& block, const input::SourceInfo& source, TimePoint now) {
  const Stopwatch watch;
  const auto options = options_of(source);
  read_beginning(block, options);
  auto& reading = reading_tally_.of(source.config->name);
  const match::MatcherCounters before = matcher_->counters();
  input::Follower::Consumed consumed;
  uint64_t lines_hit = 0;
  note_visits(block, options, now);
  const auto on_hit = [&](const model::RawLine& line, const match::LineResult& result) {
    take_visits_before(line.offset, now);
    bool counts = false;
    bool in_report = false;
    for (const auto& hit : result.hits) {
      const bool evidence = model::is_evidence(hit.rule->kind);
      const bool same_line = counts;
      consumed.hits += evidence ? 1U : 0U;
      counts = counts || evidence;
      if (!block.replay) {
        ReadingTally::count(hit, now, reading);
      }
      in_report = take_hit(hit, result.event, block, source, same_line, now) || in_report;
    }
    lines_hit += in_report ? 1U : 0U;
  };
  if (block.truncated) {
    const model::RawLine line{.text = block.bytes, .offset = block.offset, .source = block.source, .truncated = true};
    matcher_->match_line(line, options, now, on_hit);
    consumed.lines = 1;
  } else {
    consumed.lines = matcher_->scan_block(block.bytes, block.offset, block.source, options, now, on_hit);
  }
  take_visits_before(std::numeric_limits<uint64_t>::max(), now);
  if (!block.replay) {
    ReadingTally::count(before, matcher_->counters(), reading);
    live_.count_lines(consumed.lines, block.bytes.size(), lines_hit, now);
  }
  if (consumed.lines > 0) {
    measurements_.line_seconds.observe(watch.seconds() / static_cast<double>(consumed.lines), consumed.lines);
  }
  return consumed;
}

// What the block says of good clients, in the order of its lines: a hit is judged by what was known when its line was
// written, as `ipguardctl report` has it.
void Guard::note_visits(const input::Block& block, const match::LineOptions& options, TimePoint now) {
  visits_.clear();
  next_visit_ = 0;
  if (block.truncated || block.replay) {
    return;
  }
  visitors_.look(block.bytes, block.source, options, now, [&](const Visitors::Seen& seen) {
    visits_.push_back({.offset = block.offset + seen.offset,
                       .address = seen.visit.address,
                       .time = seen.time.value_or(now),
                       .good = seen.visit.good(),
                       .user_known = seen.visit.by_good_user()});
  });
}

void Guard::take_visits_before(uint64_t offset, TimePoint now) {
  for (; next_visit_ < visits_.size() && visits_[next_visit_].offset < offset; ++next_visit_) {
    const NotedVisit& visit = visits_[next_visit_];
    engine_.on_visit(visit.address, visit.good, visit.time, now);
    if (visit.user_known) {
      count_good_client(visit.address, visit.time);
      engine_.on_user(visit.address, visit.time, now);
    }
  }
}

match::LineOptions Guard::options_of(const input::SourceInfo& source) const {
  return {.format = source.config->format,
          .accept_message = false,
          .reading = loaded_.readings == nullptr ? nullptr : loaded_.readings->of_source(source.config->name)};
}

// A file that is not read from its beginning may have said there what its columns are.
void Guard::read_beginning(const input::Block& block, const match::LineOptions& options) {
  if (matcher_->wants_beginning(block.source, options) && block.offset > 0 && block.fd >= 0) {
    matcher_->take_beginning(lines_before(block.fd, block.offset), block.source, options);
  }
}

bool Guard::take_hit(const model::Hit& hit, const model::Event& event, const input::Block& block,
                     const input::SourceInfo& source, bool same_line, TimePoint now) {
  if (hit.rule->kind == model::RuleKind::login) {
    if (!block.replay) {
      count_good_client(hit.address, hit.time);
      engine_.on_login(hit.address, hit.time, now);
      tally_.count(*hit.rule, false, std::min(hit.time, now));
    }
    return false;
  }
  if (block.replay) {
    engine_.replay_hit(hit, source.path, now);
    return false;
  }
  return take_evidence(hit, source.path, now, &event, same_line);
}

bool Guard::take_evidence(const model::Hit& hit, std::string_view path, TimePoint now, const model::Event* event,
                          bool same_line) {
  const bool in_report = count_hit(hit, event, path, same_line, now);
  const auto offences = engine_.counters().offences;
  engine_.on_hit(hit, path, now);
  count_changes(now);
  tally_.count(*hit.rule, engine_.counters().offences > offences, std::min(hit.time, now));
  return in_report;
}

void Guard::flush(TimePoint now, const std::vector<model::Cursor>* cursors) {
  // Some 50 ms for a set of intervals: what a country consists of must not hold up the loop for a second.
  constexpr size_t most_elements = 8'000;
  if (const auto batch = engine_.take_batch(most_elements); !batch.empty()) {
    const Stopwatch watch;
    const auto report = enforcer_->apply(batch, now);
    measurements_.kernel_seconds.observe(watch.seconds());
    measurements_.elements_added += report.added;
    measurements_.elements_removed += report.removed;
    take_report(batch, report, now);
  }
  remember(now, cursors);
}

void Guard::take_report(const model::SetBatch& offered, const model::ApplyReport& report, TimePoint now) {
  kernel_failures_.note(offered, report);
  const auto failed = std::ranges::count(report.failures, false, &model::ElementFailure::refused);
  stuck_ = failed > 0 && static_cast<size_t>(failed) >= offered.add.size() + offered.remove.size();
  engine_.on_report(report, now);
}

void Guard::remember(TimePoint now, const std::vector<model::Cursor>* cursors) {
  count_changes(now);
  changes_counted_ = 0;
  auto changes = engine_.take_changes();
  log_changes(changes, dry_run(), now);
  measurements_.count(changes);
  if (listener_ && !changes.empty()) {
    listener_(changes, now);
  }
  state_.note(std::move(changes));
  state_.save(engine_, cursors);
}

std::vector<Result<decide::Banned>> Guard::ban(std::span<const BanOrder> orders, TimePoint now) {
  std::vector<Result<decide::Banned>> results;
  results.reserve(orders.size());
  for (const auto& order : orders) {
    const auto duration = order.until ? *order.until - now : std::optional<TimePoint::duration>(order.duration);
    results.push_back(
        engine_.ban(order.target, duration, order.reason, order.issuer, now, order.force, order.confirm_within));
  }
  flush(now, nullptr);
  for (size_t i = 0; i < orders.size(); ++i) {
    if (auto standing = results[i] ? stands(orders[i].target) : Result<>{}; !standing) {
      results[i] = std::unexpected(std::move(standing.error()));
    }
  }
  return results;
}

Result<> Guard::stands(const model::Target& target) const {
  if (engine_.is_banned(target)) {
    return {};
  }
  const auto* why = engine_.refusal(target);
  return fail(Errc::invalid,
              target.to_string() + " was refused right before the kernel" + (why == nullptr ? "" : ": " + *why));
}

void Guard::vet(decide::Preview& preview, TimePoint now) {
  auto& in_force = preview.in_force;
  std::vector<model::SetElement> elements;
  elements.reserve(in_force.prefixes.size());
  for (const auto& prefix : in_force.prefixes) {
    elements.push_back({.scope = preview.decision.target.scope, .prefix = prefix, .until = {}});
  }
  net::PrefixSet refused;
  for (auto& failure : enforcer_->refusals(elements, now)) {
    refused[failure.element.prefix];
    if (in_force.cut_out.size() < decide::InForce::most_cut_out) {
      in_force.cut_out.push_back({.prefix = failure.element.prefix, .reason = failure.reason});
    } else {
      ++in_force.more_cut_out;
    }
    if (refused.size() == elements.size() && !preview.refusal) {
      preview.refusal = std::move(failure.reason);
    }
  }
  std::erase_if(in_force.prefixes, [&](const net::Prefix& prefix) { return refused.find(prefix) != nullptr; });
  in_force.covered = model::Coverage::of(in_force.prefixes);
}

std::vector<Result<>> Guard::confirm(std::span<const model::Target> targets, TimePoint now) {
  std::vector<Result<>> results;
  results.reserve(targets.size());
  for (const auto& target : targets) {
    results.push_back(engine_.confirm(target, now));
  }
  flush(now, nullptr);
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

Result<> Guard::stop() {
  return dry_run() || loaded_.config.enforce.keep_on_stop ? Result<>{} : enforcer_->remove_all();
}

}  // namespace ipguard::daemon
