// TextSieve: many fixed texts looked for in one pass over a block, at a cost that hardly depends on how many they are.
//
// Of every text a few neighbouring pieces stand in a table, and the block is probed at regular steps: wherever a text
// stands, one of its pieces is probed. A table of hashes sifts the probes, so that few of them lead to a comparison.
// (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994, look at pieces too; there the way to the next
// probe depends on what this one reads, here it is fixed, so that the processor need not wait for it.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/scan_receiver.h"

namespace ipguard::match {

struct ScanText {
  std::string bytes;      // without capitals if `any_case`
  bool any_case = false;  // of the letters A to Z

  friend auto operator<=>(const ScanText&, const ScanText&) = default;
};

// Immutable, may be shared between threads; a scan needs no memory.
class TextSieve {
 public:
  // Longer steps make a sieve quicker, longer pieces have fewer false alarms, and both need longer texts.
  struct Shape {
    size_t piece;
    size_t step;

    [[nodiscard]] constexpr size_t shortest_text() const { return piece + step - 1; }
  };
  // Of several pairs these were quickest together with the 3,700 texts of the shipped rules.
  static constexpr Shape for_long_texts{.piece = 6, .step = 3};
  static constexpr Shape for_short_texts{.piece = 4, .step = 2};

  // The shape of the sieve that is to look for `text`; null if none should: it is too short, or all of its pieces stand
  // in ordinary lines, so that it would be compared everywhere.
  [[nodiscard]] static const Shape* shape_for(const std::string& text);

  // A match of texts[i] is reported as `ids[i]`. `shape` is shape_for() of each of them.
  TextSieve(std::span<const ScanText> texts, std::span<const uint32_t> ids, const Shape& shape);

  // Reports each place of each text once, nearly in the order of places.
  void scan(std::string_view block, ScanReceiver& receiver) const;

 private:
  template <Shape shape>
  void scan_as(std::string_view block, ScanReceiver& receiver) const;

  struct Text {
    std::string bytes;
    uint32_t id;
    bool any_case;
    uint64_t beginning;  // its first eight bytes, folded
  };
  struct Piece {
    uint64_t bytes;   // folded
    uint32_t text;    // index into texts_
    uint32_t offset;  // of the piece in the text
  };

  void fill_table();
  void look_closer(std::string_view block, size_t at, uint64_t piece, ScanReceiver& receiver) const;

  Shape shape_;
  std::vector<Text> texts_;
  std::vector<Piece> pieces_;     // ascending by slot
  std::vector<uint32_t> begins_;  // by slot: of its pieces; one more at the end
  std::vector<uint8_t> known_;    // by hash: a bit for each piece, set by other bits of its hash
};

}  // namespace ipguard::match
