// Counting the lines of a block, sixteen bytes at once.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

// Of what a comparison marked: one bit a byte, the first byte's the lowest.
[[nodiscard]] inline uint32_t bits_of(const ByteVector& marks) {
#ifdef __SSE2__
  return static_cast<uint32_t>(_mm_movemask_epi8(std::bit_cast<__m128i>(marks)));
#else
  static_assert(std::endian::native == std::endian::little);
  // Multiplied by this, the lowest bits of eight bytes come together in the highest byte.
  constexpr uint64_t gather = 0x0102040810204080;
  constexpr uint64_t lowest = 0x0101010101010101;
  const auto halves = std::bit_cast<std::array<uint64_t, 2> >(marks);
  return static_cast<uint32_t>((halves[0] & lowest) * gather >> 56 | ((halves[1] & lowest) * gather >> 56) << 8);
#endif
}

// Calls `act` with the index of each byte that a comparison marked, ascending.
template <typename Act>
void for_each_marked(const ByteVector& marks, const Act& act) {
  for (uint32_t bits = bits_of(marks); bits != 0; bits &= bits - 1) {
    act(static_cast<size_t>(std::countr_zero(bits)));
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
