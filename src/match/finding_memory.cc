#include "match/finding_memory.h"

#include <algorithm>
#include <utility>

#include "match/text_hash.h"

namespace ipguard::match {
namespace {

constexpr unsigned set_bits = 12;
constexpr unsigned seen_bits = 15;
constexpr size_t longest_text = 1024;  // bytes

size_t set_of(uint64_t hash) { return hash >> (64 - set_bits); }
size_t seen_place_of(uint64_t hash) { return hash & ((size_t{1} << seen_bits) - 1); }
uint16_t seen_mark_of(uint64_t hash) { return static_cast<uint16_t>(hash >> seen_bits) | 1U; }  // never 0

}  // namespace

FindingMemory::Place FindingMemory::look_up(std::string_view text) {
  if (text.size() > longest_text) {
    return {};
  }
  if (sets_.empty()) {
    sets_.resize(size_t{1} << set_bits);
    seen_.resize(size_t{1} << seen_bits);
  }
  const uint64_t hash = text_hash(text);
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
