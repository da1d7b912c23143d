// HashIndex: finds the numbers of things that stand elsewhere by the things' hashes. Open addressing with linear
// probing (Knuth, "The Art of Computer Programming" 3, 6.4, algorithms L and R), eight bytes a place, at most three
// quarters full: a look-up touches one line of the cache before the thing itself, and growing does not touch the things
// at all.
#pragma once

#include <sys/random.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace ipguard {

class HashIndex {
 public:
  static constexpr uint32_t none = std::numeric_limits<uint32_t>::max();

  // The number with this hash that `is_it(number)` holds for, the first one added; none if there is no such thing.
  template <typename IsIt>
  [[nodiscard]] uint32_t find(uint64_t hash, const IsIt& is_it) const {
    if (size_ == 0) {
      return none;
    }
    const uint32_t mark = mark_of(hash);
    for (size_t at = home(mark); places_[at].number != none; at = next(at)) {
      if (places_[at].mark == mark && is_it(places_[at].number)) {
        return places_[at].number;
      }
    }
    return none;
  }
  // Several things may have the same hash, and be equal. `number` is not `none`.
  void add(uint64_t hash, uint32_t number) {
    if ((size_ + 1) * 5 > places_.size() * 4) {
      grow();
    }
    put({.mark = mark_of(hash), .number = number});
    ++size_;
  }
  // Of a number that was added with this hash.
  void remove(uint64_t hash, uint32_t number) {
    size_t gap = home(mark_of(hash));
    while (places_[gap].number != number) {
      gap = next(gap);
    }
    // What comes behind moves up, unless it would come before its home.
    for (size_t at = next(gap); places_[at].number != none; at = next(at)) {
      if (distance(home(places_[at].mark), at) >= distance(gap, at)) {
        places_[gap] = places_[at];
        gap = at;
      }
    }
    places_[gap].number = none;
    --size_;
  }
  void clear() { *this = HashIndex{}; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const { return places_.size() * sizeof(Place); }

 private:
  static constexpr size_t least_places = 16;
  struct Place {
    uint32_t mark = 0;  // of the hash
    uint32_t number = none;
  };

  // Another one in each process: nobody can choose addresses whose places are the same.
  inline static const uint64_t seed = [] {
    uint64_t random = 0;
    return ::getrandom(&random, sizeof random, 0) == sizeof random ? random : 0;
  }();
  // Multiplied by 2^64 / phi (Knuth 6.4): hashes that differ in few bits lie far from each other.
  static uint32_t mark_of(uint64_t hash) { return static_cast<uint32_t>((hash ^ seed) * 0x9e3779b97f4a7c15ULL >> 32U); }
  [[nodiscard]] size_t home(uint32_t mark) const { return mark & (places_.size() - 1); }
  [[nodiscard]] size_t next(size_t at) const { return (at + 1) & (places_.size() - 1); }
  [[nodiscard]] size_t distance(size_t from, size_t to) const { return (to - from) & (places_.size() - 1); }
  void put(const Place& place) {
    size_t at = home(place.mark);
    while (places_[at].number != none) {
      at = next(at);
    }
    places_[at] = place;
  }
  void grow() {
    const auto before = std::exchange(places_, std::vector<Place>(std::max(least_places, places_.size() * 2)));
    // From behind a gap on, so that of equal things the first one stays the first.
    const auto gap = std::ranges::find(before, none, &Place::number);
    const auto start = static_cast<size_t>(gap - before.begin());
    for (size_t i = 0; i < before.size(); ++i) {
      const Place& place = before[(start + i) % before.size()];
      if (place.number != none) {
        put(place);
      }
    }
  }

  std::vector<Place> places_;  // a power of two of them
  size_t size_ = 0;
};

}  // namespace ipguard
