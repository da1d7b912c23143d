// Counting the lines of a block, sixteen bytes at once.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ipguard {

// Sixteen bytes in a register, by the vector extension of GCC and Clang: every processor has registers of this size,
// and a plain loop over bytes is not turned into such code. A comparison yields ff or 00 in each byte.
using ByteVector = uint8_t __attribute__((vector_size(16)));

[[nodiscard]] inline ByteVector load_bytes(const char* at) {
  ByteVector bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

// Calls `act` with the index of each byte that a comparison marked, ascending.
template <typename Act>
void for_each_marked(const ByteVector& marks, const Act& act) {
  std::array<uint64_t, 2> halves{};
  std::memcpy(halves.data(), &marks, sizeof marks);
  if ((halves[0] | halves[1]) == 0) {
    return;
  }
  static_assert(std::endian::native == std::endian::little);
  for (size_t half = 0; half < halves.size(); ++half) {
    for (uint64_t bits = halves[half]; bits != 0;) {
      const auto byte = static_cast<size_t>(std::countr_zero(bits)) / 8;
      act(8 * half + byte);
      bits &= ~(uint64_t{0xff} << (8 * byte));
    }
  }
}

// For those who look at a block's bytes anyway: counts LFs as chunks and single bytes pass by.
class LineCounter {
 public:
  void add(const ByteVector& chunk) {
    counts_ -= static_cast<ByteVector>(chunk == '\n');  // ff is -1
    if (++chunks_ == 255) {
      fold();
    }
  }
  void add_byte(char byte) { total_ += byte == '\n' ? 1U : 0U; }
  [[nodiscard]] uint64_t total() {
    fold();
    return total_;
  }

 private:
  void fold() {
    for (size_t i = 0; i < sizeof counts_; ++i) {
      total_ += counts_[i];
    }
    counts_ = ByteVector{};
    chunks_ = 0;
  }

  ByteVector counts_{};
  unsigned chunks_ = 0;
  uint64_t total_ = 0;
};

// The number of LFs in a block.
[[nodiscard]] uint64_t count_line_ends(std::string_view block);

}  // namespace ipguard
