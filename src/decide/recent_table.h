// RecentTable: values by key, and which of them were heard of least recently: what gives way first where there may be
// only so many. A look-up costs two misses of the cache, moving a value to the end of its list two more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash_index.h"

namespace ipguard::decide {

// `Traits` says key_of(value) and hash_of(key). A value stands in one of `list_count` lists, each
// in the order in which its values were heard of. Values are known by number, valid until erase(); none ever moves.
template <typename Value, typename Traits, size_t list_count = 1>
class RecentTable {
 public:
  using Key = std::remove_cvref_t<decltype(Traits::key_of(std::declval<const Value&>()))>;
  using Number = uint32_t;
  static constexpr Number none = HashIndex::none;

  [[nodiscard]] Number find(const Key& key) const {
    return index_.find(Traits::hash_of(key), [&](Number number) { return Traits::key_of(at(number)) == key; });
  }
  [[nodiscard]] Value& at(Number number) { return node(number).value; }
  [[nodiscard]] const Value& at(Number number) const { return node(number).value; }

  // There is none with its key. It is the latest of its list.
  Number add(Value value, size_t list = 0) {
    const Number number = free_place();
    index_.add(Traits::hash_of(Traits::key_of(value)), number);
    Node& fresh = node(number);
    fresh.value = std::move(value);
    link(number, list);
    return number;
  }
  // It was heard of just now, and stands in this list from now on.
  void refresh(Number number, size_t list) {
    if (lists_[list].latest != number) {
      unlink(number);
      link(number, list);
    }
  }
  void refresh(Number number) { refresh(number, node(number).list); }
  void erase(Number number) {
    index_.remove(Traits::hash_of(Traits::key_of(at(number))), number);
    unlink(number);
    Node& gone = node(number);
    gone.value = Value{};
    gone.later = std::exchange(free_, number);
  }

  [[nodiscard]] Number oldest(size_t list = 0) const { return lists_[list].oldest; }
  [[nodiscard]] size_t list_of(Number number) const { return node(number).list; }
  [[nodiscard]] size_t size() const { return index_.size(); }
  [[nodiscard]] size_t size(size_t list) const { return lists_[list].size; }
  // The values of a list, the oldest first; `take` does not change the table.
  template <typename Take>
  void each(size_t list, const Take& take) {
    for (Number number = lists_[list].oldest; number != none; number = node(number).later) {
      take(at(number));
    }
  }

 private:
  static constexpr size_t block_size = 128;
  struct Node {
    Value value = {};
    Number earlier = none;
    Number later = none;  // of a free place: the next free one
    uint8_t list = 0;
  };
  using Block = std::array<Node, block_size>;
  struct List {
    Number oldest = none;
    Number latest = none;
    size_t size = 0;
  };

  [[nodiscard]] Node& node(Number number) { return (*blocks_[number / block_size])[number % block_size]; }
  [[nodiscard]] const Node& node(Number number) const { return (*blocks_[number / block_size])[number % block_size]; }

  Number free_place() {
    if (free_ != none) {
      return std::exchange(free_, node(free_).later);
    }
    if (used_ == blocks_.size() * block_size) {
      blocks_.push_back(std::make_unique<Block>());
    }
    return used_++;
  }
  void link(Number number, size_t list) {
    Node& fresh = node(number);
    List& to = lists_[list];
    fresh.list = static_cast<uint8_t>(list);
    fresh.later = none;
    fresh.earlier = to.latest;
    (to.latest == none ? to.oldest : node(to.latest).later) = number;
    to.latest = number;
    ++to.size;
  }
  void unlink(Number number) {
    const Node& gone = node(number);
    List& from = lists_[gone.list];
    (gone.earlier == none ? from.oldest : node(gone.earlier).later) = gone.later;
    (gone.later == none ? from.latest : node(gone.later).earlier) = gone.earlier;
    --from.size;
  }

  HashIndex index_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::array<List, list_count> lists_;
  Number used_ = 0;  // places ever handed out
  Number free_ = none;
};

}  // namespace ipguard::decide
