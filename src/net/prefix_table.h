// PrefixTable: PrefixMap for very many members with small values. Sorted blocks instead of a node a member: 8 bytes and
// the value for an IPv4 prefix, 17 for an IPv6 one, and up to half as much again where members come in no order.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "net/prefix.h"
#include "net/prefix_lengths.h"

namespace ipguard::net {

// An ordered map in blocks of at most `block_size`. What find() yields is valid until the next put() or erase().
template <typename Key, typename Value>
class SortedBlocks {
 public:
  static constexpr size_t block_size = 128;

  [[nodiscard]] Value* find(const Key& key) {
    const Place place = lower_bound(key);
    return is_at(place, key) ? &at(place).value : nullptr;
  }
  // True if the key is new.
  bool put(const Key& key, Value value) {
    if (blocks_.empty() || lasts_.back() < key) {
      append(key, std::move(value));  // in order: blocks become full
      return true;
    }
    Place place = lower_bound(key);
    if (is_at(place, key)) {
      at(place).value = std::move(value);
      return false;
    }
    if (blocks_[place.block].size() == block_size) {
      split(place.block);
      place = lower_bound(key);
    }
    Block& block = blocks_[place.block];
    block.insert(block.begin() + static_cast<std::ptrdiff_t>(place.index), {key, std::move(value)});
    lasts_[place.block] = block.back().key;
    return true;
  }
  bool erase(const Key& key) {
    const Place place = lower_bound(key);
    if (!is_at(place, key)) {
      return false;
    }
    Block& block = blocks_[place.block];
    block.erase(block.begin() + static_cast<std::ptrdiff_t>(place.index));
    if (block.empty()) {
      erase_block(place.block);
    } else {
      lasts_[place.block] = block.back().key;
      join(place.block > 0 ? place.block - 1 : 0);
    }
    return true;
  }
  // Calls take(key, value) for each member from `first` on, in order, as long as it returns true; false if it did not.
  template <typename Take>
  bool each_from(const Key& first, const Take& take) const {
    Place place = const_cast<SortedBlocks*>(this)->lower_bound(first);
    for (; place.block < blocks_.size(); ++place.block, place.index = 0) {
      for (; place.index < blocks_[place.block].size(); ++place.index) {
        const Item& item = blocks_[place.block][place.index];
        if (!take(item.key, item.value)) {
          return false;
        }
      }
    }
    return true;
  }

 private:
  struct Item {
    Key key;
    Value value;
  };
  using Block = std::vector<Item>;
  struct Place {
    size_t block = 0;
    size_t index = 0;
  };

  [[nodiscard]] Item& at(const Place& place) { return blocks_[place.block][place.index]; }
  [[nodiscard]] bool is_at(const Place& place, const Key& key) {
    return place.block < blocks_.size() && at(place).key == key;
  }
  [[nodiscard]] Place lower_bound(const Key& key) {
    const auto block = static_cast<size_t>(std::ranges::lower_bound(lasts_, key) - lasts_.begin());
    if (block == blocks_.size()) {
      return {.block = block, .index = 0};
    }
    const auto item = std::ranges::lower_bound(blocks_[block], key, {}, &Item::key);
    return {.block = block, .index = static_cast<size_t>(item - blocks_[block].begin())};
  }
  void append(const Key& key, Value value) {
    if (blocks_.empty() || blocks_.back().size() == block_size) {
      blocks_.emplace_back().reserve(blocks_.size() > 1 ? block_size : 0);
      lasts_.push_back(key);
    }
    blocks_.back().push_back({key, std::move(value)});
    lasts_.back() = key;
  }
  void split(size_t index) {
    const auto fresh = blocks_.emplace(blocks_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
    Block& full = blocks_[index];
    fresh->reserve(block_size);
    fresh->assign(full.begin() + block_size / 2, full.end());
    full.resize(block_size / 2);
    lasts_.insert(lasts_.begin() + static_cast<std::ptrdiff_t>(index), full.back().key);
  }
  // With the block behind it, if both together are half a block: so that blocks do not stay nearly empty.
  void join(size_t index) {
    if (index + 1 >= blocks_.size() || blocks_[index].size() + blocks_[index + 1].size() > block_size / 2) {
      return;
    }
    blocks_[index].insert(blocks_[index].end(), blocks_[index + 1].begin(), blocks_[index + 1].end());
    lasts_[index] = lasts_[index + 1];
    erase_block(index + 1);
  }
  void erase_block(size_t index) {
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
    lasts_.erase(lasts_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  std::vector<Block> blocks_;  // none empty
  std::vector<Key> lasts_;     // of each block: side by side, for they are what a search looks at
};

// In order of prefixes: IPv4 first, a covering one before what it covers. Members are visited by calls of
// take(prefix, value); the table must not change meanwhile.
template <typename Value>
class PrefixTable {
 public:
  // Null when it is no member; valid until the next put() or erase().
  [[nodiscard]] Value* find(const Prefix& prefix) {
    return prefix.family() == Family::ipv4 ? ipv4_.find(key4(prefix)) : ipv6_.find(prefix);
  }
  [[nodiscard]] const Value* find(const Prefix& prefix) const { return const_cast<PrefixTable*>(this)->find(prefix); }
  [[nodiscard]] bool contains(const Prefix& prefix) const { return find(prefix) != nullptr; }
  // Inserts or overwrites; true if it is new.
  bool put(const Prefix& prefix, Value value) {
    const bool is_new = prefix.family() == Family::ipv4 ? ipv4_.put(key4(prefix), std::move(value))
                                                        : ipv6_.put(prefix, std::move(value));
    if (is_new) {
      lengths_.add(prefix);
      ++size_;
    }
    return is_new;
  }
  bool erase(const Prefix& prefix) {
    const bool was_there = prefix.family() == Family::ipv4 ? ipv4_.erase(key4(prefix)) : ipv6_.erase(prefix);
    if (was_there) {
      lengths_.remove(prefix);
      --size_;
    }
    return was_there;
  }
  // The widest, the longest member that contains `prefix` (itself included).
  [[nodiscard]] std::optional<Prefix> widest_covering(const Prefix& prefix) const {
    std::optional<Prefix> found;
    lengths_.any_upwards(prefix.family(), prefix.length(), [&](unsigned length) {
      const Prefix around(prefix.address(), length);
      return contains(around) && (found = around);
    });
    return found;
  }
  [[nodiscard]] std::optional<Prefix> longest_covering(const Prefix& prefix) const {
    std::optional<Prefix> found;
    lengths_.any_downwards(prefix.family(), prefix.length(), [&](unsigned length) {
      const Prefix around(prefix.address(), length);
      return contains(around) && (found = around);
    });
    return found;
  }
  template <typename Take>
  void each(const Take& take) const {
    each_while([&](const Prefix& prefix, const Value& value) {
      take(prefix, value);
      return true;
    });
  }
  // Until `take` returns false.
  template <typename Take>
  void each_while(const Take& take) const {
    if (ipv4_.each_from({}, [&](const Key4& key, const Value& value) { return take(prefix_of(key), value); })) {
      ipv6_.each_from({}, take);
    }
  }
  // Those inside `prefix`, itself included.
  template <typename Take>
  void each_inside(const Prefix& prefix, const Take& take) const {
    each_inside_while(prefix, [&](const Prefix& member, const Value& value) {
      take(member, value);
      return true;
    });
  }
  // Until `take` returns false.
  template <typename Take>
  void each_inside_while(const Prefix& prefix, const Take& take) const {
    const auto inside = [&](const Prefix& member, const Value& value) {
      return prefix.contains(member) && take(member, value);
    };
    if (prefix.family() == Family::ipv4) {
      ipv4_.each_from(key4(prefix), [&](const Key4& key, const Value& value) { return inside(prefix_of(key), value); });
    } else {
      ipv6_.each_from(prefix, inside);
    }
  }
  [[nodiscard]] bool any_inside(const Prefix& prefix) const {
    bool any = false;
    const auto look = [&](const Prefix& member) {
      any = prefix.contains(member);
      return false;
    };
    if (prefix.family() == Family::ipv4) {
      ipv4_.each_from(key4(prefix), [&](const Key4& key, const Value&) { return look(prefix_of(key)); });
    } else {
      ipv6_.each_from(prefix, [&](const Prefix& member, const Value&) { return look(member); });
    }
    return any;
  }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void clear() { *this = PrefixTable{}; }

 private:
  struct Key4 {
    uint32_t address = 0;
    uint8_t length = 0;
    friend auto operator<=>(const Key4&, const Key4&) = default;
  };
  static Key4 key4(const Prefix& prefix) {
    return {.address = prefix.address().ipv4(), .length = static_cast<uint8_t>(prefix.length())};
  }
  static Prefix prefix_of(const Key4& key) { return {Address::from_ipv4(key.address), key.length}; }

  SortedBlocks<Key4, Value> ipv4_;
  SortedBlocks<Prefix, Value> ipv6_;
  PrefixLengths lengths_;  // of the members
  size_t size_ = 0;
};

}  // namespace ipguard::net
