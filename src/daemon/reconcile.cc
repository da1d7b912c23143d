#include "daemon/reconcile.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

#include "model/issuer.h"
#include "model/until.h"

namespace ipguard::daemon {
namespace {

bool key_less(const model::SetElement& a, const model::SetElement& b) {
  return std::tie(a.scope, a.prefix) < std::tie(b.scope, b.prefix);
}

bool same_key(const model::SetElement& a, const model::SetElement& b) {
  return a.scope == b.scope && a.prefix == b.prefix;
}

bool same_time_out(const model::SetElement& a, const model::SetElement& b) {
  if (!a.until || !b.until) {
    return a.until.has_value() == b.until.has_value();
  }
  return std::chrono::abs(*a.until - *b.until) <= time_out_slack;
}

// Whom an element of nobody's is about, as far as the database knows.
model::Target target_of(const model::SetElement& element, const model::Route& route) {
  if (element.scope == model::Scope::asn && route.asn) {
    return {.scope = model::Scope::asn, .prefix = {}, .asn = *route.asn};
  }
  if (element.scope == model::Scope::country) {
    if (const auto country = model::Country::parse(route.country_code)) {
      return {.scope = model::Scope::country, .prefix = {}, .asn = {}, .country = *country};
    }
  }
  const auto scope = element.prefix.is_single() ? model::Scope::address : model::Scope::route;
  return {.scope = scope, .prefix = element.prefix, .asn = {}};
}

model::Decision adopted(const model::Target& target, model::Route route, TimePoint now) {
  model::Decision decision;
  decision.target = target;
  if (target.scope == model::Scope::country) {
    decision.route.country_code = target.country.to_string();  // of the rest only one of its networks
  } else {
    decision.route = std::move(route);
  }
  decision.reason = "was in the kernel's set at start and not in the state: adopted";
  decision.issuer = model::adopted_issuer;
  decision.since = now;
  return decision;
}

}  // namespace

std::vector<model::SetElement> unknown_elements(const std::vector<model::SetElement>& actual,
                                                const decide::Engine& engine) {
  std::vector<model::SetElement> unknown;
  std::ranges::copy_if(actual, std::back_inserter(unknown), [&](const model::SetElement& element) {
    return !engine.concerns(element.scope, element.prefix);
  });
  return unknown;
}

std::vector<model::Decision> adopted_decisions(const std::vector<model::SetElement>& unknown,
                                               const enrich::RouteTable& routes, TimePoint now) {
  std::map<model::Target, model::Decision> by_target;
  for (const auto& element : unknown) {
    auto route = routes.lookup(element.prefix.address());
    const auto target = target_of(element, route);
    const auto [it, is_new] = by_target.try_emplace(target);
    model::Decision& decision = it->second;
    if (is_new) {
      decision = adopted(target, std::move(route), now);
      decision.until = element.until;
    } else {
      decision.until = std::max(model::Until(decision.until), model::Until(element.until)).optional();
    }
    decision.prefixes.push_back(element.prefix);
  }
  std::vector<model::Decision> decisions;
  decisions.reserve(by_target.size());
  for (auto& [target, decision] : by_target) {
    // The same network may come from several sets; those of one are disjoint.
    std::ranges::sort(decision.prefixes);
    const auto repeated = std::ranges::unique(decision.prefixes);
    decision.prefixes.erase(repeated.begin(), repeated.end());
    decision.cover(std::move(decision.prefixes));
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

model::SetBatch difference(std::vector<model::SetElement> desired, std::vector<model::SetElement> actual) {
  for (auto* elements : {&desired, &actual}) {
    if (!std::ranges::is_sorted(*elements, key_less)) {
      std::ranges::sort(*elements, key_less);
    }
  }
  model::SetBatch batch;
  auto want = desired.begin();
  auto have = actual.begin();
  while (want != desired.end() || have != actual.end()) {
    if (have == actual.end() || (want != desired.end() && key_less(*want, *have))) {
      batch.add.push_back(*want++);
    } else if (want == desired.end() || key_less(*have, *want)) {
      batch.remove.push_back(*have++);
    } else {
      if (same_key(*want, *have) && !same_time_out(*want, *have)) {
        batch.add.push_back(*want);
      }
      ++want;
      ++have;
    }
  }
  return batch;
}

}  // namespace ipguard::daemon
