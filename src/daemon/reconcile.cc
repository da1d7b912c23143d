#include "daemon/reconcile.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

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

model::Decision adopted(model::Target target, std::vector<net::Prefix> prefixes, model::Route route,
                        std::optional<TimePoint> until, TimePoint now) {
  model::Decision decision;
  decision.target = target;
  decision.cover(std::move(prefixes));
  decision.route = std::move(route);
  decision.reason = "was in the kernel's set at start and not in the state: adopted";
  decision.issuer = "kernel";
  decision.since = now;
  decision.until = until;
  return decision;
}

}  // namespace

std::vector<model::SetElement> unknown_elements(const std::vector<model::SetElement>& actual,
                                                const decide::Engine& engine) {
  std::vector<model::SetElement> unknown;
  std::ranges::copy_if(actual, std::back_inserter(unknown),
                       [&](const model::SetElement& element) { return !engine.concerns(element.prefix); });
  return unknown;
}

std::vector<model::Decision> adopted_decisions(const std::vector<model::SetElement>& unknown,
                                               const enrich::RouteTable& routes, TimePoint now) {
  std::vector<model::Decision> decisions;
  std::map<net::Asn, model::Decision> by_asn;
  for (const auto& element : unknown) {
    auto route = routes.lookup(element.prefix.address());
    if (element.scope == model::Scope::asn && route.asn) {
      const net::Asn asn = *route.asn;
      auto [it, inserted] = by_asn.try_emplace(asn);
      if (inserted) {
        it->second =
            adopted({.scope = model::Scope::asn, .prefix = {}, .asn = asn}, {}, std::move(route), element.until, now);
      }
      it->second.prefixes.push_back(element.prefix);
      continue;
    }
    const auto scope = element.prefix.is_single() ? model::Scope::address : model::Scope::route;
    decisions.push_back(adopted({.scope = scope, .prefix = element.prefix, .asn = {}}, {element.prefix},
                                std::move(route), element.until, now));
  }
  for (auto& [asn, decision] : by_asn) {
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
