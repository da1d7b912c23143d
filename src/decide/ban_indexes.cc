#include "decide/ban_indexes.h"

#include <utility>

namespace ipguard::decide {
namespace {

constexpr size_t least_places = 64;

}  // namespace

size_t TargetIndex::place_of(const model::Target& target) const {
  // Multiplied by 2^64 / phi (Knuth 6.4): neighbours in the hash are none in the table.
  return (std::hash<model::Target>{}(target) * 0x9e3779b97f4a7c15ULL >> 20U) & (places_.size() - 1);
}

Slot TargetIndex::find(const model::Target& target) const {
  if (size_ == 0) {
    return no_slot;
  }
  for (size_t place = place_of(target);; place = (place + 1) & (places_.size() - 1)) {
    const Slot slot = places_[place];
    if (slot == no_slot || pool_[slot].target() == target) {
      return slot;
    }
  }
}

void TargetIndex::put(Slot slot) {
  size_t place = home(slot);
  while (places_[place] != no_slot) {
    place = (place + 1) & (places_.size() - 1);
  }
  places_[place] = slot;
}

void TargetIndex::add(Slot slot) {
  if ((size_ + 1) * 4 > places_.size() * 3) {
    const auto before = std::exchange(places_, std::vector<Slot>(std::max(least_places, places_.size() * 2), no_slot));
    for (const Slot known : before) {
      if (known != no_slot) {
        put(known);
      }
    }
  }
  put(slot);
  ++size_;
}

void TargetIndex::remove(Slot slot) {
  const size_t mask = places_.size() - 1;
  size_t gap = home(slot);
  while (places_[gap] != slot) {
    gap = (gap + 1) & mask;
  }
  // What comes behind moves up, unless it would come before its home.
  for (size_t place = (gap + 1) & mask; places_[place] != no_slot; place = (place + 1) & mask) {
    if (((place - home(places_[place])) & mask) >= ((place - gap) & mask)) {
      places_[gap] = places_[place];
      gap = place;
    }
  }
  places_[gap] = no_slot;
  --size_;
}

bool EndQueue::is_before(Slot a, Slot b) const {
  const auto order = pool_[a].end() <=> pool_[b].end();
  return order != 0 ? order < 0 : pool_[a].id < pool_[b].id;
}

void EndQueue::place(size_t index, Slot slot) {
  heap_[index] = slot;
  pool_[slot].end_place = static_cast<uint32_t>(index);
}

void EndQueue::up(size_t index, Slot slot) {
  while (index > 0 && is_before(slot, heap_[(index - 1) / 2])) {
    place(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  place(index, slot);
}

void EndQueue::down(size_t index, Slot slot) {
  for (size_t child = 2 * index + 1; child < heap_.size(); child = 2 * index + 1) {
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) {
      ++child;
    }
    if (!is_before(heap_[child], slot)) {
      break;
    }
    place(index, heap_[child]);
    index = child;
  }
  place(index, slot);
}

void EndQueue::add(Slot slot) {
  if (pool_[slot].end().ever()) {
    heap_.push_back(slot);
    up(heap_.size() - 1, slot);
  }
}

void EndQueue::remove(Slot slot) {
  if (!pool_[slot].end().ever()) {
    return;
  }
  const size_t gap = pool_[slot].end_place;
  const Slot last = heap_.back();
  heap_.pop_back();
  if (last == slot) {
    return;
  }
  if (gap > 0 && is_before(last, heap_[(gap - 1) / 2])) {
    up(gap, last);
  } else {
    down(gap, last);
  }
}

}  // namespace ipguard::decide
