#include "cli/report_course.h"

#include <utility>

namespace ipguard::cli {
namespace {

config::ProtectConfig without_host(config::ProtectConfig protect) {
  protect.own_addresses = false;
  protect.gateways = false;
  protect.resolvers = false;
  protect.ssh_sessions = false;
  return protect;
}

// Decisions are shown without evidence, and a line for each of some hundred thousand offenders is most of the memory.
config::LimitsConfig without_evidence(config::LimitsConfig limits) {
  limits.evidence_lines = 0;
  return limits;
}

decide::Policy policy_of(const config::Config& config) {
  decide::Policy policy = decide::policy_of(config);
  policy.limits = without_evidence(config.limits);
  policy.protect = without_host(config.protect);
  policy.without_store = true;
  return policy;
}

// Nothing changes it while the logs are read.
std::vector<std::pair<net::Prefix, std::string>> protected_by(const enforce::Protection& protection) {
  std::vector<std::pair<net::Prefix, std::string>> prefixes;
  for (auto& hole : protection.holes()) {
    // The engine has the allowlist from the policy, and tells more of it.
    if (hole.reason != "allowlist") {
      prefixes.emplace_back(hole.prefix, std::move(hole.reason));
    }
  }
  return prefixes;
}

}  // namespace

Course::Course(const config::Config& config, std::shared_ptr<const enrich::RouteTable> routes,
               report::Balance::Fits fits)
    : routes_(std::move(routes)),
      protection_(without_host(config.protect), config.allow.prefixes,
                  {.resolvers = {}, .sshd_config = {}, .proc = "/nonexistent"}),
      enforcer_((protection_.refresh(), enforce::make_dry_run_enforcer(protection_))),
      engine_(policy_of(config),
              {.route = [this](const net::Address& address) { return routes_->lookup(address); },
               .prefixes_of = [this](net::Asn asn) { return routes_->prefixes_of(asn); },
               .prefixes_in = [this](model::Country country) { return routes_->prefixes_of_country(country); },
               .parts_where =
                   [this](const net::Prefix& prefix, const std::function<bool(const model::Route&)>& wanted) {
                     return routes_->parts_where(prefix, wanted);
                   },
               .any_route_of = [this](net::Asn asn) { return routes_->any_route_of(asn); },
               .protected_prefixes = [protected_prefixes = protected_by(protection_)] { return protected_prefixes; },
               .texts = [](const model::Target&, decide::Texts) { return model::DecisionTexts{}; }}),
      balance_({}, std::move(fits)) {
  for (const auto& hole : protection_.holes()) {
    spared_[hole.prefix];
  }
}

Course::~Course() = default;

void Course::take_hit(const model::Hit& hit, std::string_view path, TimePoint now) {
  expire(now);
  if (hit.address != last_) {
    last_ = hit.address;
    last_spared_ = spared_.longest_covering(net::Prefix(hit.address)) != nullptr;
  }
  const auto [rule, is_new] = rule_numbers_.try_emplace(hit.rule, 0);
  if (is_new) {
    rule->second = balance_.rule_number(hit.rule->id);
  }
  const bool same_line = last_line_.path == path.data() && last_line_.offset == hit.line.offset;
  last_line_ = {.path = path.data(), .offset = hit.line.offset};
  balance_.hit(rule->second, last_spared_ ? nullptr : &hit.address, hit.time, same_line);
  engine_.on_hit(hit, path, now);
  take_changes(now);
}

void Course::take_login(const net::Address& address, TimePoint time, TimePoint now) {
  expire(now);
  balance_.good_client(address, time);
  engine_.on_login(address, time, now);
}

void Course::take_visit(const net::Address& address, bool good, bool user_known, TimePoint time, TimePoint now) {
  expire(now);
  engine_.on_visit(address, good, time, now);
  if (user_known) {
    balance_.good_client(address, time);
    engine_.on_user(address, time, now);
  }
}

void Course::expire(TimePoint now) {
  if (const auto next = engine_.next_expiry(); next && *next <= now) {
    engine_.expire(now);
    take_changes(now);
  }
}

// What the engine wants goes to the model of the kernel at once, as after each block of a log that grows slowly.
void Course::take_changes(TimePoint now) {
  if (engine_.pending() > 0) {
    if (const auto batch = engine_.take_batch(); !batch.empty()) {
      engine_.on_report(enforcer_->apply(batch, now), now);
    }
  }
  for (const auto& change : engine_.take_changes()) {
    if (change.ending) {
      balance_.end(change.decision.target, change.at);
    } else {
      balance_.begin(change.decision, engine_.good_clients_of(change.decision, now));
    }
  }
}

}  // namespace ipguard::cli
