// FindingMemory: what a scan found in texts that come again and again, as user agents do, so that they need not be
// scanned again. Bounded: a text that comes again is remembered in the place of another that has not come for longer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::match {

class FindingMemory {
 public:
  // A text's place in the memory. Valid until the next look_up().
  struct Place {
    // Null if nothing is known of the text: what the scan finds in it may then be remembered.
    const std::vector<uint32_t>* found = nullptr;
    // Whether it seems to come again and again: only such texts are worth being remembered. Others are one client's.
    bool comes_again = false;
    uint64_t hash = 0;
  };

  [[nodiscard]] Place look_up(std::string_view text);
  // `hash` is look_up()'s of this text.
  void remember(uint64_t hash, std::string_view text, std::span<const uint32_t> found);

 private:
  struct Entry {
    uint64_t hash = 0;
    std::string text;
    std::vector<uint32_t> found;
  };
  // The entries that a hash may stand in; the first is the one that was asked for last.
  using Set = std::array<Entry, 2>;

  std::vector<Set> sets_;       // made when it is asked first: some 600 KB
  std::vector<uint16_t> seen_;  // by other bits of the hash: the text that came last
};

}  // namespace ipguard::match
