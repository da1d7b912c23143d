// PatternMemory: whether patterns were found in texts that come again and again, as user agents and the paths that
// attackers try do, so that RE2 need not look at them again. Bounded: what comes takes the place of something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "match/text_hash.h"

namespace ipguard::match {

// Of one thread, and of one rule set: patterns are known by where they stand.
class PatternMemory {
 public:
  // What `ask()` says about the pattern and the text; asked unless it is remembered.
  template <typename Ask>
  [[nodiscard]] bool answer(const void* pattern, std::string_view text, const Ask& ask) {
    if (text.size() < shortest || text.size() > longest) {
      return ask();
    }
    if (entries_.empty()) {
      entries_.resize(size_t{1} << entry_bits);
    }
    constexpr uint64_t odd = 0xd6e8feb86659fd93;
    const uint64_t hash = text_hash(text) ^ reinterpret_cast<uintptr_t>(pattern) * odd;  // NOLINT: a number will do
    Entry& entry = entries_[hash >> (64 - entry_bits)];
    if (entry.hash != hash || entry.pattern != pattern) {
      // What comes once is one client's: its text is kept when it comes again.
      entry.hash = hash;
      entry.pattern = pattern;
      entry.has_text = false;
      return ask();
    }
    if (!entry.has_text || entry.text != text) {
      entry.text.assign(text);
      entry.has_text = true;
      entry.found = ask();
    }
    return entry.found;
  }

 private:
  static constexpr size_t shortest = 8;  // bytes: RE2 is through with less in no time
  static constexpr size_t longest = 1024;
  static constexpr unsigned entry_bits = 11;
  struct Entry {
    const void* pattern = nullptr;
    uint64_t hash = 0;
    bool has_text = false;
    bool found = false;
    std::string text;
  };

  std::vector<Entry> entries_;  // made when it is asked first: some 130 KB, and the texts
};

}  // namespace ipguard::match
