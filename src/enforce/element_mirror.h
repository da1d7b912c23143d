// What is believed to be in the kernel's sets, in about 50 bytes an element.
#pragma once

#include <array>
#include <unordered_map>

#include "enforce/address_share.h"
#include "enforce/nft_sets.h"
#include "model/set_batch.h"

namespace ipguard::enforce {

// Owned by the enforcer.
class ElementMirror {
 public:
  void put(const model::SetElement& element) {
    const auto [member, is_new] =
        sets_.at(index(element)).insert_or_assign(element.prefix, element.until.value_or(permanent));
    if (is_new) {
      share_.add(element.prefix);
    }
  }
  bool erase(const model::SetElement& element) {
    if (sets_.at(index(element)).erase(element.prefix) == 0) {
      return false;
    }
    share_.remove(element.prefix);
    return true;
  }
  [[nodiscard]] bool has(const model::SetElement& element) const {
    return sets_.at(index(element)).contains(element.prefix);
  }
  // The members of set `index` with the ends of their bans; `permanent` = never.
  using Members = std::unordered_map<net::Prefix, TimePoint>;
  static constexpr TimePoint permanent = TimePoint::max();
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
  // Makes room for so many more members of the set that `element` belongs to.
  void reserve(const model::SetElement& element, size_t more) {
    Members& set = sets_.at(index(element));
    set.reserve(set.size() + more);
  }
  void clear() { *this = ElementMirror(); }

 private:
  static size_t index(const model::SetElement& element) { return set_index(element.scope, element.prefix.family()); }
  std::array<Members, set_count> sets_;
  AddressShare share_;
};

}  // namespace ipguard::enforce
