// BalanceSums: what came of all decisions together. Clients are told apart, so that one that several decisions met is
// one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/scope.h"
#include "report/distinct.h"
#include "report/document.h"

namespace ipguard::report {

// Used by one thread.
class BalanceSums {
 public:
  struct Row {
    BalanceRow figures;  // but for clients
    Distinct good_clients = {};
    Distinct turned_away = {};
  };
  static constexpr size_t usual_room = size_t{8} << 20U;

  // `room`: bytes for telling clients apart. Of more than fit there (some 100,000 by default) the number is estimated.
  explicit BalanceSums(size_t room = usual_room) : room_(room), pool_(room / 4, room) {}

  Row all;
  std::vector<Row> rules;  // a row each that anything happened to
  std::array<Row, model::scope_count> scopes;

  // A client (hash_of()) that a decision of this rule and scope met: Row::good_clients or Row::turned_away.
  void add_client(Distinct Row::* which, uint32_t rule, model::Scope scope, uint64_t client);
  // Rules are matched by name.
  void add(const BalanceSums& other);
  // What is there, without rules that nothing happened to; begins anew, with all rules in their places.
  [[nodiscard]] BalanceSums take();
  // With the numbers of clients.
  [[nodiscard]] BalanceTotal total() const;
  [[nodiscard]] BalanceRow counted(const Row& row) const;
  [[nodiscard]] size_t bytes() const { return pool_.bytes() + rules.capacity() * sizeof(Row); }

 private:
  void add_row(Row& to, const Row& from, const BalanceSums& other);

  size_t room_;
  DistinctPool pool_;
};

}  // namespace ipguard::report
