// BalanceSums (balance.h): those of several parts in one.
#include <algorithm>

#include "report/balance.h"

namespace ipguard::report {

void BalanceSums::add(const BalanceSums& other) {
  const auto add_row = [](BalanceRow& to, const BalanceRow& from) {
    to.hits += from.hits;
    to.decisions += from.decisions;
    to.addresses_covered += from.addresses_covered;
    to.ipv6_64s_covered += from.ipv6_64s_covered;
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

}  // namespace ipguard::report
