#include "report/balance_sums.h"

#include <algorithm>
#include <utility>

namespace ipguard::report {

void BalanceSums::add_client(Distinct Row::* which, uint32_t rule, model::Scope scope, uint64_t client) {
  for (Row* row : {&all, &rules[rule], &scopes.at(static_cast<size_t>(scope))}) {
    (row->*which).insert(client, pool_);
  }
}

void BalanceSums::add_row(Row& to, const Row& from, const BalanceSums& other) {
  to.figures.hits += from.figures.hits;
  to.figures.decisions += from.figures.decisions;
  to.figures.addresses_covered += from.figures.addresses_covered;
  to.figures.ipv6_64s_covered += from.figures.ipv6_64s_covered;
  to.figures.stopped += from.figures.stopped;
  to.good_clients.merge(from.good_clients, other.pool_, pool_);
  to.turned_away.merge(from.turned_away, other.pool_, pool_);
}

void BalanceSums::add(const BalanceSums& other) {
  for (const auto& row : other.rules) {
    const auto name_of = [](const Row& each) -> const std::string& { return each.figures.name; };
    auto known = std::ranges::find(rules, row.figures.name, name_of);
    if (known == rules.end()) {
      known = rules.insert(rules.end(), {.figures = {.name = row.figures.name}});
    }
    add_row(*known, row, other);
  }
  for (size_t i = 0; i < scopes.size(); ++i) {
    add_row(scopes.at(i), other.scopes.at(i), other);
  }
  add_row(all, other.all, other);
}

BalanceSums BalanceSums::take() {
  BalanceSums taken(room_);
  std::swap(*this, taken);
  rules.reserve(taken.rules.size());
  for (const auto& row : taken.rules) {
    rules.push_back({.figures = {.name = row.figures.name}});
  }
  std::erase_if(taken.rules, [&taken](const Row& row) {
    return row.figures.hits + row.figures.decisions + row.figures.stopped + row.turned_away.count(taken.pool_) == 0;
  });
  return taken;
}

BalanceRow BalanceSums::counted(const Row& row) const {
  BalanceRow figures = row.figures;
  figures.good_clients = row.good_clients.count(pool_);
  figures.turned_away = row.turned_away.count(pool_);
  return figures;
}

BalanceTotal BalanceSums::total() const {
  return {.decisions = all.figures.decisions,
          .stopped = all.figures.stopped,
          .good_clients = all.good_clients.count(pool_),
          .turned_away = all.turned_away.count(pool_)};
}

}  // namespace ipguard::report
