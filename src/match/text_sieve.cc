#include "match/text_sieve.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "base/ascii.h"
#include "match/rarity.h"

namespace ipguard::match {
namespace {

// Sets the bit that tells small letters from capitals, in each of eight bytes. Other bytes change too and may become
// alike; the comparison with the text sorts that out.
constexpr uint64_t case_bits = 0x2020202020202020;

// The piece of `size` bytes at `at`; eight bytes are readable.
uint64_t piece_at(const char* at, size_t size) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return (bytes | case_bits) & (~uint64_t{0} >> (64 - 8 * size));
}

// The same of text that may end behind the piece.
uint64_t piece_of(std::string_view text, size_t size) {
  std::array<char, sizeof(uint64_t)> bytes{};
  std::ranges::copy(text.substr(0, bytes.size()), bytes.begin());
  return piece_at(bytes.data(), size);
}

// Multiplicative hashing takes the upper bits (Knuth, "The Art of Computer Programming", volume 3, 6.4).
uint64_t mixed(uint64_t piece) { return piece * 0x9e3779b97f4a7c15U; }

// The table has a byte for each of these hashes, 256 KB together: it fits into a processor's second cache. In the byte
// a bit, chosen by other bits of the hash, stands for the piece.
constexpr unsigned table_bits = 18;
size_t place_of(uint64_t piece) { return mixed(piece) >> (64 - table_bits); }
uint8_t mark_of(uint64_t piece) { return static_cast<uint8_t>(1U << ((mixed(piece) >> 24) & 7)); }

// Pieces are found by these bits of the hash.
constexpr unsigned slot_bits = 14;
constexpr size_t slots = size_t{1} << slot_bits;
size_t slot_of(uint64_t piece) { return mixed(piece) >> (64 - slot_bits); }

// Neighbouring pieces of a text, one of which is probed.
struct Window {
  size_t offset = 0;    // of the first
  size_t ordinary = 0;  // how many stand in ordinary lines
};

Window rarest_window(const std::string& text, const TextSieve::Shape& shape) {
  Window best{.ordinary = shape.step + 1};
  for (size_t offset = 0; offset + shape.shortest_text() <= text.size() && best.ordinary > 0; ++offset) {
    Window window{.offset = offset};
    for (size_t piece = offset; piece < offset + shape.step; ++piece) {
      window.ordinary += is_ordinary(text.substr(piece, shape.piece)) ? 1U : 0U;
    }
    if (window.ordinary < best.ordinary) {
      best = window;
    }
  }
  return best;
}

}  // namespace

const TextSieve::Shape* TextSieve::shape_for(const std::string& text) {
  for (const Shape* shape : {&for_long_texts, &for_short_texts}) {
    if (text.size() >= shape->shortest_text() && rarest_window(text, *shape).ordinary == 0) {
      return shape;
    }
  }
  return nullptr;
}

TextSieve::TextSieve(std::span<const ScanText> texts, std::span<const uint32_t> ids, const Shape& shape)
    : shape_(shape) {
  assert(texts.size() == ids.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string& bytes = texts[i].bytes;
    assert(bytes.size() >= shape.shortest_text());
    const size_t window = rarest_window(bytes, shape).offset;
    for (size_t offset = window; offset < window + shape.step; ++offset) {
      pieces_.push_back({.bytes = piece_of(std::string_view(bytes).substr(offset), shape.piece),
                         .text = static_cast<uint32_t>(i),
                         .offset = static_cast<uint32_t>(offset)});
    }
    texts_.push_back({.bytes = bytes,
                      .id = ids[i],
                      .any_case = texts[i].any_case,
                      .beginning = piece_of(bytes, std::min(bytes.size(), sizeof(uint64_t)))});
  }
  fill_table();
}

void TextSieve::fill_table() {
  std::ranges::sort(pieces_, [](const Piece& a, const Piece& b) { return slot_of(a.bytes) < slot_of(b.bytes); });
  begins_.assign(slots + 1, 0);
  known_.assign(size_t{1} << table_bits, 0);
  for (const Piece& piece : pieces_) {
    known_[place_of(piece.bytes)] |= mark_of(piece.bytes);
    ++begins_[slot_of(piece.bytes) + 1];
  }
  for (size_t slot = 0; slot < slots; ++slot) {
    begins_[slot + 1] += begins_[slot];
  }
}

void TextSieve::look_closer(std::string_view block, size_t at, uint64_t piece, ScanReceiver& receiver) const {
  const size_t slot = slot_of(piece);
  for (uint32_t i = begins_[slot]; i < begins_[slot + 1]; ++i) {
    const Piece& known = pieces_[i];
    const Text& text = texts_[known.text];
    if (known.bytes != piece || at < known.offset || text.bytes.size() > block.size() - (at - known.offset)) {
      continue;
    }
    const size_t begin = at - known.offset;
    if (begin + sizeof(uint64_t) <= block.size() &&
        piece_at(block.data() + begin, std::min(text.bytes.size(), sizeof(uint64_t))) != text.beginning) {
      continue;  // most of those that share a piece
    }
    const std::string_view place = block.substr(begin, text.bytes.size());
    const bool same = text.any_case
                          ? std::ranges::equal(place, text.bytes, [](char a, char b) { return to_lower(a) == b; })
                          : place == text.bytes;
    if (same) {
      receiver.on_match(text.id, begin + text.bytes.size());
    }
  }
}

template <TextSieve::Shape shape>
void TextSieve::scan_as(std::string_view block, ScanReceiver& receiver) const {
  constexpr size_t step = shape.step;
  const uint8_t* const known = known_.data();
  const auto known_at = [known](const char* place) { return known[place_of(piece_at(place, shape.piece))]; };
  const auto look = [&](size_t at, uint64_t piece) {
    if ((known[place_of(piece)] & mark_of(piece)) != 0) {
      look_closer(block, at, piece, receiver);
    }
  };
  size_t at = 0;
  // Four at a time: few of the fours have a candidate among them, and the processor guesses that well.
  for (; at + 3 * step + sizeof(uint64_t) <= block.size(); at += 4 * step) {
    const char* const place = block.data() + at;
    const int any_known =
        known_at(place) | known_at(place + step) | known_at(place + 2 * step) | known_at(place + 3 * step);
    if (any_known != 0) {
      for (size_t i = 0; i < 4; ++i) {
        look(at + i * step, piece_at(place + i * step, shape.piece));
      }
    }
  }
  for (; at + shape.piece <= block.size(); at += step) {
    look(at, piece_of(block.substr(at), shape.piece));
  }
}

void TextSieve::scan(std::string_view block, ScanReceiver& receiver) const {
  if (shape_.piece == for_long_texts.piece) {
    scan_as<for_long_texts>(block, receiver);
  } else {
    scan_as<for_short_texts>(block, receiver);
  }
}

}  // namespace ipguard::match
