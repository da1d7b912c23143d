// Which ban is on a target, and which is over next: four bytes a ban each, and some room.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decide/active_ban.h"

namespace ipguard::decide {

// A hash table of slots: open addressing, at most three quarters full. `pool` outlives it.
class TargetIndex {
 public:
  explicit TargetIndex(const BanPool& pool) : pool_(pool) {}

  [[nodiscard]] Slot find(const model::Target& target) const;  // no_slot if there is none
  void add(Slot slot);                                         // there is none on its target
  void remove(Slot slot);                                      // as long as its target is in the pool
  [[nodiscard]] size_t size() const { return size_; }

 private:
  [[nodiscard]] size_t home(Slot slot) const { return place_of(pool_[slot].target()); }
  [[nodiscard]] size_t place_of(const model::Target& target) const;
  void put(Slot slot);

  const BanPool& pool_;
  std::vector<Slot> places_;  // a power of two of them
  size_t size_ = 0;
};

// A heap of slots by the ends of their bans, then by the order of their beginning. `pool` outlives it.
class EndQueue {
 public:
  explicit EndQueue(BanPool& pool) : pool_(pool) {}

  // The ban that is over first; no_slot if none ever is.
  [[nodiscard]] Slot first() const { return heap_.empty() ? no_slot : heap_.front(); }
  void add(Slot slot);     // nothing if it is permanent
  void remove(Slot slot);  // as long as its end is what it was; nothing if it is permanent

 private:
  [[nodiscard]] bool is_before(Slot a, Slot b) const;
  void place(size_t index, Slot slot);
  void up(size_t index, Slot slot);
  void down(size_t index, Slot slot);

  BanPool& pool_;
  std::vector<Slot> heap_;
};

}  // namespace ipguard::decide
