// What is believed to be in the kernel's sets, in 16 to 24 bytes an IPv4 element.
#pragma once

#include <array>

#include "enforce/address_share.h"
#include "enforce/nft_sets.h"
#include "model/set_batch.h"
#include "model/until.h"
#include "net/prefix_table.h"

namespace ipguard::enforce {

// Owned by the enforcer.
class ElementMirror {
 public:
  void put(const model::SetElement& element) {
    if (sets_.at(index(element)).put(element.prefix, element.until)) {
      share_.add(element.prefix);
    }
  }
  bool erase(const model::SetElement& element) {
    if (!sets_.at(index(element)).erase(element.prefix)) {
      return false;
    }
    share_.remove(element.prefix);
    return true;
  }
  [[nodiscard]] bool has(const model::SetElement& element) const {
    return sets_.at(index(element)).contains(element.prefix);
  }
  // The members of set `index` with the ends of their bans.
  using Members = net::PrefixTable<model::Until>;
  [[nodiscard]] const Members& members(size_t index) const { return sets_.at(index); }
  [[nodiscard]] uint64_t size() const {
    uint64_t total = 0;
    for (const auto& set : sets_) {
      total += set.size();
    }
    return total;
  }
  // What the members cover.
  [[nodiscard]] const AddressShare& share() const { return share_; }
  void clear() { *this = ElementMirror(); }

 private:
  static size_t index(const model::SetElement& element) { return set_index(element.scope, element.prefix.family()); }
  std::array<Members, set_count> sets_;
  AddressShare share_;
};

}  // namespace ipguard::enforce
