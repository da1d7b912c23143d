// A set of prefixes with longest-prefix questions: which member covers this address, which members lie inside.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "net/prefix.h"

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
      ++lengths_[index(prefix.family())][prefix.length()];
    }
    return it->second;
  }
  bool erase(const Prefix& prefix) {
    if (members_.erase(prefix) == 0) {
      return false;
    }
    --lengths_[index(prefix.family())][prefix.length()];
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
    return covering(prefix, 0, static_cast<int>(prefix.length()) + 1, 1);
  }
  // The longest (most specific) member that contains `prefix` (itself included); null when there is none.
  [[nodiscard]] const typename Map::value_type* longest_covering(const Prefix& prefix) const {
    return covering(prefix, static_cast<int>(prefix.length()), -1, -1);
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
  static size_t index(Family family) { return family == Family::ipv4 ? 0 : 1; }
  const typename Map::value_type* covering(const Prefix& prefix, int from, int to, int step) const {
    const auto& lengths = lengths_[index(prefix.family())];
    for (int length = from; length != to; length += step) {
      if (lengths[static_cast<size_t>(length)] == 0) {
        continue;
      }
      auto it = members_.find(Prefix(prefix.address(), static_cast<unsigned>(length)));
      if (it != members_.end()) {
        return &*it;
      }
    }
    return nullptr;
  }

  Map members_;
  std::array<std::array<size_t, 129>, 2> lengths_{};  // members by family and length
};

struct Nothing {};
using PrefixSet = PrefixMap<Nothing>;

}  // namespace ipguard::net
