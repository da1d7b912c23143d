// OwnerBook: numbers for the owners of addresses, without what is known of them: that is asked of the database when it
// is shown, so that nobody has to keep it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "net/address.h"

namespace ipguard::report {

// Used by one thread.
class OwnerBook {
 public:
  struct Entry {
    uint32_t asn = 0;      // 0 = none
    uint16_t country = 0;  // model::Country::number(), 0 = none
    net::Address example;  // of its addresses
  };
  // There are some 80,000 AS in the world; who comes when the book is full has number 0, that of nobody.
  static constexpr size_t most = 100'000;

  OwnerBook() : entries_(1) {}

  // From 0 on, without gaps; 0 = neither AS nor country are known.
  [[nodiscard]] uint32_t number_of(uint32_t asn, uint16_t country, const net::Address& example) {
    if (asn == 0 && country == 0) {
      return 0;
    }
    const uint64_t key = static_cast<uint64_t>(asn) << 16U | country;
    if (entries_.size() >= most) {
      const auto known = numbers_.find(key);
      return known == numbers_.end() ? 0 : known->second;
    }
    const auto [it, is_new] = numbers_.try_emplace(key, static_cast<uint32_t>(entries_.size()));
    if (is_new) {
      entries_.push_back({.asn = asn, .country = country, .example = example});
    }
    return it->second;
  }
  [[nodiscard]] const Entry& at(uint32_t number) const { return entries_[number]; }
  [[nodiscard]] size_t bytes() const {
    constexpr size_t a_number = 48;  // a node of the map with its bucket
    return entries_.capacity() * sizeof(Entry) + numbers_.size() * a_number;
  }

 private:
  std::vector<Entry> entries_;
  std::unordered_map<uint64_t, uint32_t> numbers_;
};

}  // namespace ipguard::report
