#include "report/balance.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "report/group_key.h"

namespace ipguard::report {
namespace {

std::string target_key(const model::Target& target) {
  return std::string(model::to_string(target.scope)) + ' ' + target.to_string();
}

size_t family_index(net::Family family) { return family == net::Family::ipv4 ? 0 : 1; }

DecisionRow row_of(const model::Decision& decision) {
  const model::Route& route = decision.route;
  return {.target = decision.target,
          .route = route.prefix,
          .asn = route.asn ? route.asn->to_string() : "",
          .as_name = route.as_name,
          .country = route.country,
          .country_code = route.country_code,
          .rule = decision.rule,
          .reason = decision.reason,
          .issuer = decision.issuer,
          .since = decision.since,
          .until = decision.end(),
          .good_clients = decision.good_clients.all(),
          .prefixes = decision.prefixes,
          .addresses_covered = decision.addresses_covered,
          .ipv6_64s_covered = decision.ipv6_64s_covered};
}

}  // namespace

void Balance::begin(const model::Decision& decision) {
  const std::string key = target_key(decision.target);
  if (const auto known = by_target_.find(key); known != by_target_.end()) {
    kept_[known->second].row.until = decision.end();  // renewed
    return;
  }
  const uint32_t place = free_place();
  Kept& kept = kept_[place];
  kept = {
      .row = row_of(decision), .turned_away = {}, .rule = rule_number(decision.rule), .known = true, .active = true};
  by_target_.emplace(key, place);
  index(place, true);
  for (BalanceRow* sum : {&rules_[kept.rule], &scopes_.at(static_cast<size_t>(decision.target.scope))}) {
    ++sum->decisions;
    sum->good_clients += kept.row.good_clients;
    sum->addresses_covered += kept.row.addresses_covered;
  }
  ++total_.decisions;
  total_.good_clients += kept.row.good_clients;
}

void Balance::end(const model::Target& target, TimePoint at) {
  const auto known = by_target_.find(target_key(target));
  if (known == by_target_.end()) {
    return;
  }
  Kept& kept = kept_[known->second];
  kept.active = false;
  kept.row.until = kept.row.until ? std::min(*kept.row.until, at) : at;
  kept.turned_away.clear(pool_);
  index(known->second, false);
  by_target_.erase(known);
  if (++ended_ > most_kept_ * 2) {
    let_go_of_least();
  }
}

uint32_t Balance::free_place() {
  if (free_.empty()) {
    kept_.emplace_back();
    return static_cast<uint32_t>(kept_.size() - 1);
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

// The decision's prefixes enter or leave the index.
void Balance::index(uint32_t place, bool there) {
  const DecisionRow& row = kept_[place].row;
  const auto scope = static_cast<size_t>(row.target.scope);
  for (const auto& prefix : row.prefixes) {
    uint32_t& length = lengths_.at(family_index(prefix.family())).at(prefix.length());
    if (there) {
      const auto [it, is_new] = by_prefix_.try_emplace(prefix, ByScope{none, none, none, none});
      it->second.at(scope) = place;
      length += is_new ? 1 : 0;
      continue;
    }
    const auto it = by_prefix_.find(prefix);
    if (it == by_prefix_.end() || it->second.at(scope) != place) {
      continue;
    }
    it->second.at(scope) = none;
    if (std::ranges::all_of(it->second, [](uint32_t each) { return each == none; })) {
      by_prefix_.erase(it);
      --length;
    }
  }
}

void Balance::let_go_of_least() {
  std::vector<uint32_t> ended;
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known && !kept_[i].active) {
      ended.push_back(i);
    }
  }
  const auto ahead = [this](uint32_t a, uint32_t b) {
    const DecisionRow& left = kept_[a].row;
    const DecisionRow& right = kept_[b].row;
    return std::tuple(right.stopped, left.since, left.target) < std::tuple(left.stopped, right.since, right.target);
  };
  std::ranges::nth_element(ended, ended.begin() + static_cast<std::ptrdiff_t>(most_kept_), ahead);
  for (size_t i = most_kept_; i < ended.size(); ++i) {
    kept_[ended[i]] = {};
    free_.push_back(ended[i]);
  }
  ended_ = most_kept_;
}

template <typename Act>
void Balance::each_covering(const net::Address& address, TimePoint time, const Act& act) {
  const auto& lengths = lengths_.at(family_index(address.family()));
  for (unsigned length = 0; length <= address.bits(); ++length) {
    if (lengths.at(length) == 0) {
      continue;
    }
    const auto found = by_prefix_.find(net::Prefix(address, length));
    if (found == by_prefix_.end()) {
      continue;
    }
    for (const uint32_t place : found->second) {
      if (place != none && kept_[place].row.since <= time &&
          (!kept_[place].row.until || time < *kept_[place].row.until)) {
        act(kept_[place]);
      }
    }
  }
}

bool Balance::hit(std::string_view rule, const net::Address* address, TimePoint time) {
  ++rules_[rule_number(rule)].hits;
  if (address == nullptr) {
    return false;
  }
  bool stopped = false;
  each_covering(*address, time, [&](Kept& kept) {
    ++kept.row.stopped;
    ++rules_[kept.rule].stopped;
    ++scopes_.at(static_cast<size_t>(kept.row.target.scope)).stopped;
    stopped = true;
  });
  total_.stopped += stopped ? 1 : 0;
  return stopped;
}

void Balance::good_client(const net::Address& address, TimePoint time) {
  const uint64_t client = hash_of(AddressKey(address).text());
  bool any = false;
  each_covering(address, time, [&](Kept& kept) {
    const uint64_t before = kept.turned_away.count(pool_);
    if (!kept.turned_away.insert(client, pool_)) {
      return;
    }
    const uint64_t more = kept.turned_away.count(pool_) - before;
    kept.row.turned_away += more;
    rules_[kept.rule].turned_away += more;
    scopes_.at(static_cast<size_t>(kept.row.target.scope)).turned_away += more;
    any = any || more > 0;
  });
  total_.turned_away += any ? 1 : 0;
}

uint32_t Balance::rule_number(std::string_view rule) {
  if (const auto known = rule_numbers_.find(rule); known != rule_numbers_.end()) {
    return known->second;
  }
  rules_.push_back({.name = std::string(rule)});
  const auto number = static_cast<uint32_t>(rules_.size() - 1);
  rule_numbers_.emplace(std::string(rule), number);
  return number;
}

BalanceResult Balance::result_of(std::vector<const DecisionRow*> rows, size_t most) const {
  BalanceResult result{.total = total_, .decisions = {}, .rules = rules_, .scopes = {}};
  if (rows.size() > most) {
    std::ranges::stable_sort(rows, [](const auto* a, const auto* b) { return a->stopped > b->stopped; });
    rows.resize(most);
  }
  std::ranges::sort(rows, [](const DecisionRow* a, const DecisionRow* b) {
    return std::tie(a->since, a->target) < std::tie(b->since, b->target);
  });
  for (const DecisionRow* row : rows) {
    result.decisions.push_back(*row);
  }
  std::ranges::sort(result.rules, [](const BalanceRow& a, const BalanceRow& b) {
    return a.stopped != b.stopped ? a.stopped > b.stopped : a.hits != b.hits ? a.hits > b.hits : a.name < b.name;
  });
  for (const auto scope : model::all_scopes) {
    BalanceRow row = scopes_.at(static_cast<size_t>(scope));
    row.name = model::to_string(scope);
    result.scopes.push_back(std::move(row));
  }
  return result;
}

}  // namespace ipguard::report
