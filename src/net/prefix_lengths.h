// PrefixLengths: how many prefixes of each length a table holds, so that who looks for what covers an address tries no
// other lengths.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "net/prefix.h"

namespace ipguard::net {

class PrefixLengths {
 public:
  void add(const Prefix& prefix) {
    Lengths& lengths = of(prefix.family());
    if (lengths.counts[prefix.length()]++ == 0) {
      lengths.used[prefix.length() / 64] |= uint64_t{1} << prefix.length() % 64;
    }
  }
  void remove(const Prefix& prefix) {
    Lengths& lengths = of(prefix.family());
    if (--lengths.counts[prefix.length()] == 0) {
      lengths.used[prefix.length() / 64] &= ~(uint64_t{1} << prefix.length() % 64);
    }
  }
  // Calls take(length) for each length in use up to `most`, the shortest first, until it returns true; whether it did.
  template <typename Take>
  bool any_upwards(Family family, unsigned most, const Take& take) const {
    const auto& used = of(family).used;
    for (unsigned word = 0; word <= most / 64; ++word) {
      for (uint64_t left = used[word] & up_to(most, word); left != 0; left &= left - 1) {
        if (take(word * 64 + static_cast<unsigned>(std::countr_zero(left)))) {
          return true;
        }
      }
    }
    return false;
  }
  // The longest first.
  template <typename Take>
  bool any_downwards(Family family, unsigned most, const Take& take) const {
    const auto& used = of(family).used;
    for (unsigned word = most / 64 + 1; word-- > 0;) {
      for (uint64_t left = used[word] & up_to(most, word); left != 0;) {
        const auto bit = 63U - static_cast<unsigned>(std::countl_zero(left));
        if (take(word * 64 + bit)) {
          return true;
        }
        left &= ~(uint64_t{1} << bit);
      }
    }
    return false;
  }

 private:
  static constexpr size_t lengths_in_all = 129;
  struct Lengths {
    std::array<size_t, lengths_in_all> counts{};
    std::array<uint64_t, 3> used{};  // a bit each
  };

  // The bits of a word whose lengths are at most `most`.
  static constexpr uint64_t up_to(unsigned most, unsigned word) {
    return most - word * 64 >= 63 ? ~uint64_t{0} : (uint64_t{2} << (most - word * 64)) - 1;
  }
  [[nodiscard]] Lengths& of(Family family) { return families_[family == Family::ipv4 ? 0 : 1]; }
  [[nodiscard]] const Lengths& of(Family family) const { return families_[family == Family::ipv4 ? 0 : 1]; }

  std::array<Lengths, 2> families_{};
};

}  // namespace ipguard::net
