// What is believed to be in the kernel's sets, in 16 to 24 bytes an IPv4 element.
#pragma once

#include <array>

#include "enforce/address_share.h"
#include "enforce/nft_sets.h"
#include "model/set_batch.h"
#include "model/until.h"
#include "net/prefix_table.h"

namespace ipguard::enforce {

// Owned by the enforcer. The members of one set are disjoint.
class ElementMirror {
 public:
  void put(const model::SetElement& element) {
    if (sets_.at(index(element)).put(element.prefix, element.until)) {
      share_.add(element.prefix.family(), alone(element));
    }
  }
  bool erase(const model::SetElement& element) {
    if (!sets_.at(index(element)).erase(element.prefix)) {
      return false;
    }
    share_.remove(element.prefix.family(), alone(element));
    return true;
  }
  [[nodiscard]] bool has(const model::SetElement& element) const { return until(element) != nullptr; }
  // When the member's ban ends; null if it is none. Valid until the next change.
  [[nodiscard]] const model::Until* until(const model::SetElement& element) const {
    return sets_.at(index(element)).find(element.prefix);
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
  // What the members cover, each address counted once in whatever sets it is.
  [[nodiscard]] const AddressShare& share() const { return share_; }
  // How much of the element no other set covers. Costs by what other sets have inside of it.
  [[nodiscard]] double alone(const model::SetElement& element) const;
  void clear() { *this = ElementMirror(); }

 private:
  static size_t index(const model::SetElement& element) { return set_index(element.scope, element.prefix.family()); }
  std::array<Members, set_count> sets_;
  AddressShare share_;
};

}  // namespace ipguard::enforce
