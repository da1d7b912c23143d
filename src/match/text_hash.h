// A hash of a text for tables in memory: quick, of all its bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ipguard::match {

// Folds products of 128 bits: every bit of the factors reaches the result (the idea of wyhash and of Go's memhash).
// Whoever finds texts that collide, makes what is remembered of them useless, and nothing slower than without.
[[nodiscard]] inline uint64_t text_hash(std::string_view text) {
  __extension__ using Product = unsigned __int128;
  constexpr uint64_t odd = 0x9e3779b97f4a7c15;
  constexpr uint64_t other = 0xd6e8feb86659fd93;
  const auto word_at = [](const char* at) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  };
  const auto fold = [](uint64_t a, uint64_t b) {
    const Product product = static_cast<Product>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  uint64_t hash = text.size() * odd;
  const char* at = text.data();
  size_t left = text.size();
  // Two at a time: the processor multiplies the second while it waits for the first.
  for (uint64_t second = other; left >= 32; left -= 32, at += 32) {
    hash = fold(word_at(at) ^ odd, word_at(at + 8) ^ hash);
    second = fold(word_at(at + 16) ^ other, word_at(at + 24) ^ second);
    if (left < 64) {
      hash ^= second * odd;
    }
  }
  for (; left >= 16; left -= 16, at += 16) {
    hash = fold(word_at(at) ^ odd, word_at(at + 8) ^ hash);
  }
  std::array<char, 16> rest{};
  if (left > 0) {
    std::memcpy(rest.data(), at, left);
  }
  return fold(word_at(rest.data()) ^ other, word_at(rest.data() + 8) ^ hash);
}

}  // namespace ipguard::match
