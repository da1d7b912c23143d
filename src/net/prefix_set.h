// A set of prefixes with longest-prefix questions: which member covers this address, which members lie inside.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "net/prefix.h"
#include "net/prefix_lengths.h"

namespace ipguard::net {

// Members map to a value of the caller's. All calls cost O(lengths in use × log n) or O(log n + results).
template <typename Value>
class PrefixMap {
 public:
  using Map = std::map<Prefix, Value>;

  // Inserts or overwrites.
  Value& operator[](const Prefix& prefix) {
    auto [it, inserted] = members_.try_emplace(prefix);
    if (inserted) {
      lengths_.add(prefix);
    }
    return it->second;
  }
  bool erase(const Prefix& prefix) {
    if (members_.erase(prefix) == 0) {
      return false;
    }
    lengths_.remove(prefix);
    return true;
  }
  [[nodiscard]] Value* find(const Prefix& prefix) {
    auto it = members_.find(prefix);
    return it == members_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] const Value* find(const Prefix& prefix) const {
    auto it = members_.find(prefix);
    return it == members_.end() ? nullptr : &it->second;
  }
  // The widest member that contains `prefix` (itself included); null when there is none.
  [[nodiscard]] const typename Map::value_type* widest_covering(const Prefix& prefix) const {
    const typename Map::value_type* found = nullptr;
    lengths_.any_upwards(prefix.family(), prefix.length(),
                         [&](unsigned length) { return (found = member(prefix, length)) != nullptr; });
    return found;
  }
  // The longest (most specific) member that contains `prefix` (itself included); null when there is none.
  [[nodiscard]] const typename Map::value_type* longest_covering(const Prefix& prefix) const {
    // The nearest member before what is looked for covers it, or has fewer bits in common with it than any that does.
    net::Prefix sought = prefix;
    for (auto it = members_.upper_bound(sought); it != members_.begin(); it = members_.upper_bound(sought)) {
      --it;
      if (it->first.contains(prefix)) {
        return &*it;
      }
      if (it->first.family() != prefix.family()) {
        return nullptr;
      }
      sought = Prefix(prefix.address(), it->first.address().common_bits(prefix.address()));
    }
    return nullptr;
  }
  // Members inside `prefix` (itself included), in order.
  [[nodiscard]] std::vector<const typename Map::value_type*> inside(const Prefix& prefix) const {
    std::vector<const typename Map::value_type*> result;
    for (auto it = members_.lower_bound(prefix); it != members_.end() && prefix.contains(it->first); ++it) {
      result.push_back(&*it);
    }
    return result;
  }
  [[nodiscard]] const Map& members() const { return members_; }
  [[nodiscard]] size_t size() const { return members_.size(); }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  void clear() { *this = PrefixMap{}; }

 private:
  // The member of this length that contains `prefix`.
  [[nodiscard]] const typename Map::value_type* member(const Prefix& prefix, unsigned length) const {
    const auto it = members_.find(Prefix(prefix.address(), length));
    return it == members_.end() ? nullptr : &*it;
  }

  Map members_;
  PrefixLengths lengths_;  // of the members
};

struct Nothing {};
using PrefixSet = PrefixMap<Nothing>;

}  // namespace ipguard::net
