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

// With what the indexes take.
size_t bytes_of(const DecisionRow& row) {
  constexpr size_t indexed = 600;  // a row, its key and their nodes
  constexpr size_t a_prefix = sizeof(net::Prefix) + 72;
  return indexed + row.prefixes.size() * a_prefix + row.as_name.size() + row.country.size() + row.rule.size() +
         row.reason.size();
}

}  // namespace

void BalanceSums::add(const BalanceSums& other) {
  const auto add_row = [](BalanceRow& to, const BalanceRow& from) {
    to.hits += from.hits;
    to.decisions += from.decisions;
    to.addresses_covered += from.addresses_covered;
    to.stopped += from.stopped;
    to.good_clients += from.good_clients;
    to.turned_away += from.turned_away;
  };
  for (const auto& row : other.rules) {
    const auto known = std::ranges::find(rules, row.name, &BalanceRow::name);
    if (known == rules.end()) {
      rules.push_back(row);
    } else {
      add_row(*known, row);
    }
  }
  for (size_t i = 0; i < scopes.size(); ++i) {
    add_row(scopes.at(i), other.scopes.at(i));
  }
  total.decisions += other.total.decisions;
  total.stopped += other.total.stopped;
  total.good_clients += other.total.good_clients;
  total.turned_away += other.total.turned_away;
}

void Balance::begin(const model::Decision& decision) {
  if (const Kept* kept = keep(decision)) {
    count_begun(*kept);
    keep_within_bytes();
  }
}

void Balance::adopt(const model::Decision& decision) {
  if (keep(decision) != nullptr) {
    keep_within_bytes();
  }
}

Balance::Kept* Balance::keep(const model::Decision& decision) {
  const std::string key = target_key(decision.target);
  if (const auto known = by_target_.find(key); known != by_target_.end()) {
    kept_[known->second].row.until = decision.end();  // renewed
    return nullptr;
  }
  const uint32_t place = free_place();
  Kept& kept = kept_[place];
  kept = {
      .row = row_of(decision), .turned_away = {}, .rule = rule_number(decision.rule), .known = true, .active = true};
  by_target_.emplace(key, place);
  index(place, true);
  row_bytes_ += bytes_of(kept.row);
  return &kept;
}

void Balance::count_begun(const Kept& kept) {
  for (BalanceRow* sum : {&sums_.rules[kept.rule], &sums_.scopes.at(static_cast<size_t>(kept.row.target.scope))}) {
    ++sum->decisions;
    sum->good_clients += kept.row.good_clients;
    sum->addresses_covered += kept.row.addresses_covered;
  }
  ++sums_.total.decisions;
  sums_.total.good_clients += kept.row.good_clients;
}

// Rules that nothing happened to since then are left out; the numbers of the others stay.
BalanceSums Balance::take_sums() {
  BalanceSums taken = sums_;
  std::erase_if(taken.rules,
                [](const BalanceRow& row) { return row.hits + row.decisions + row.stopped + row.turned_away == 0; });
  for (auto& row : sums_.rules) {
    row = {.name = row.name};
  }
  sums_.scopes = {};
  sums_.total = {};
  return taken;
}

void Balance::forget_ended(TimePoint before) {
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known && !kept_[i].active && kept_[i].row.until.value_or(before) < before) {
      let_go(i);
    }
  }
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
  if (++ended_ > limits_.ended * 2) {
    let_go_of_least_ended();
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

void Balance::let_go(uint32_t place) {
  Kept& kept = kept_[place];
  row_bytes_ -= bytes_of(kept.row);
  if (kept.active) {
    kept.turned_away.clear(pool_);
    index(place, false);
    by_target_.erase(target_key(kept.row.target));
    ++given_up_;
  } else {
    --ended_;
  }
  kept = {};
  free_.push_back(place);
}

// Half of all goes at once, so that a decision costs no search for the least.
void Balance::keep_within_bytes() {
  if (bytes() <= limits_.bytes) {
    return;
  }
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known) {
      order.push_back(i);
    }
  }
  const auto rank = [this](uint32_t place) {
    const Kept& kept = kept_[place];
    return std::tuple(kept.active, kept.row.stopped, kept.row.since, place);
  };
  std::ranges::sort(order, {}, rank);
  for (const uint32_t place : order) {
    if (bytes() <= limits_.bytes / 2) {
      break;
    }
    let_go(place);
  }
}

void Balance::let_go_of_least_ended() {
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
  std::ranges::nth_element(ended, ended.begin() + static_cast<std::ptrdiff_t>(limits_.ended), ahead);
  for (size_t i = limits_.ended; i < ended.size(); ++i) {
    let_go(ended[i]);
  }
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
  ++sums_.rules[rule_number(rule)].hits;
  if (address == nullptr) {
    return false;
  }
  bool stopped = false;
  each_covering(*address, time, [&](Kept& kept) {
    ++kept.row.stopped;
    ++sums_.rules[kept.rule].stopped;
    ++sums_.scopes.at(static_cast<size_t>(kept.row.target.scope)).stopped;
    stopped = true;
  });
  sums_.total.stopped += stopped ? 1 : 0;
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
    sums_.rules[kept.rule].turned_away += more;
    sums_.scopes.at(static_cast<size_t>(kept.row.target.scope)).turned_away += more;
    any = any || more > 0;
  });
  sums_.total.turned_away += any ? 1 : 0;
}

uint32_t Balance::rule_number(std::string_view rule) {
  if (const auto known = rule_numbers_.find(rule); known != rule_numbers_.end()) {
    return known->second;
  }
  sums_.rules.push_back({.name = std::string(rule)});
  const auto number = static_cast<uint32_t>(sums_.rules.size() - 1);
  rule_numbers_.emplace(std::string(rule), number);
  return number;
}

BalanceResult Balance::result_of(std::vector<const DecisionRow*> rows, size_t most, const BalanceSums& sums) const {
  BalanceResult result{.total = sums.total, .decisions = {}, .fitting = rows.size(), .rules = sums.rules, .scopes = {}};
  for (const DecisionRow* row : rows) {
    result.fitting_stopped += row->stopped;
  }
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
    BalanceRow row = sums.scopes.at(static_cast<size_t>(scope));
    row.name = model::to_string(scope);
    result.scopes.push_back(std::move(row));
  }
  return result;
}

}  // namespace ipguard::report
