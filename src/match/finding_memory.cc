#include "match/finding_memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ipguard::match {
namespace {

constexpr unsigned set_bits = 12;
constexpr unsigned seen_bits = 15;
constexpr size_t longest_text = 1024;  // bytes

uint64_t word_at(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Folds a product of 128 bits: every bit of the factors reaches the result (the idea of wyhash and of Go's memhash).
__extension__ using Product = unsigned __int128;
uint64_t fold(uint64_t a, uint64_t b) {
  const Product product = static_cast<Product>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Whoever finds texts that collide, makes the scan as slow as without the memory, no slower.
uint64_t hash_of(std::string_view text) {
  constexpr uint64_t odd = 0x9e3779b97f4a7c15;
  constexpr uint64_t other = 0xd6e8feb86659fd93;
  uint64_t hash = text.size() * odd;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 16; left -= 16, at += 16) {
    hash = fold(word_at(at) ^ odd, word_at(at + 8) ^ hash);
  }
  std::array<char, 16> rest{};
  std::memcpy(rest.data(), at, left);
  return fold(word_at(rest.data()) ^ other, word_at(rest.data() + 8) ^ hash);
}

size_t set_of(uint64_t hash) { return hash >> (64 - set_bits); }
size_t seen_place_of(uint64_t hash) { return hash & ((size_t{1} << seen_bits) - 1); }
uint16_t seen_mark_of(uint64_t hash) { return static_cast<uint16_t>(hash >> seen_bits) | 1U; }  // never 0

}  // namespace

FindingMemory::FindingMemory() : sets_(size_t{1} << set_bits), seen_(size_t{1} << seen_bits) {}

FindingMemory::Place FindingMemory::look_up(std::string_view text) {
  if (text.size() > longest_text) {
    return {};
  }
  const uint64_t hash = hash_of(text);
  Set& set = sets_[set_of(hash)];
  for (Entry& entry : set) {
    if (entry.hash == hash && entry.text == text) {
      if (&entry != set.data()) {
        std::swap(entry, set.front());
      }
      return {.found = &set.front().found, .comes_again = true, .hash = hash};
    }
  }
  uint16_t& seen = seen_[seen_place_of(hash)];
  const bool comes_again = std::exchange(seen, seen_mark_of(hash)) == seen_mark_of(hash);
  return {.found = nullptr, .comes_again = comes_again, .hash = hash};
}

void FindingMemory::remember(uint64_t hash, std::string_view text, std::span<const uint32_t> found) {
  Set& set = sets_[set_of(hash)];
  if (std::ranges::any_of(set, [&](const Entry& entry) { return entry.hash == hash && entry.text == text; })) {
    return;  // it came several times before the scan
  }
  std::swap(set.front(), set.back());
  set.front().hash = hash;
  set.front().text.assign(text);
  set.front().found.assign(found.begin(), found.end());
}

}  // namespace ipguard::match
