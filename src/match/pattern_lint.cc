#include "match/pattern_lint.h"

#include <string_view>

#include "match/pattern_class.h"
#include "match/pattern_paths.h"

namespace ipguard::match {
namespace {

ByteSet bytes_of(std::string_view text) {
  ByteSet set;
  for (const char character : text) {
    set.set(static_cast<unsigned char>(character));
  }
  return set;
}

bool within(const ByteSet& inner, const ByteSet& outer) { return (inner & ~outer).none(); }
bool disjoint(const ByteSet& a, const ByteSet& b) { return (a & b).none(); }

bool digits_or_blanks(const ByteSet& set) {
  static const ByteSet blanks = bytes_of(" \t\r\n\v\f");
  return within(set, byte_range('0', '9')) || within(set, blanks);
}

// The item that ends the repeat `index`, looking forward (step 1) or backward (step -1): the first one that shares
// no byte with it, past fixed items of its own bytes. Null if the place where the repeat ends is open.
const PathItem* ended_by(const Path& path, size_t index, int step) {
  const ByteSet& repeated = path.items[index].bytes;
  for (size_t i = index;;) {
    if (step > 0 ? i + 1 == path.items.size() : i == 0) {
      return nullptr;
    }
    i = step > 0 ? i + 1 : i - 1;
    const PathItem& item = path.items[i];
    if (disjoint(item.bytes, repeated)) {
      return item.min > 0 ? &item : nullptr;
    }
    if (item.variable() || !within(item.bytes, repeated)) {
      return nullptr;
    }
  }
}

// A repeat in front of the address, seen from ^ (see the header).
bool delimited_field(const Path& path, size_t index) {
  static const ByteSet openers = bytes_of("=([{<\"'");
  static const ByteSet closers = bytes_of("()[]{}<>\"'");
  const PathItem* const end = ended_by(path, index, 1);
  if (end == nullptr) {
    return false;
  }
  const bool opened = index > 0 && !path.items[index - 1].variable() && within(path.items[index - 1].bytes, openers);
  return opened || within(end->bytes, closers) || digits_or_blanks(path.items[index].bytes);
}

bool safe_from_front(const Path& path) {
  if (!path.from_begin) {
    return false;
  }
  for (size_t i = 0; i < path.address_begin; ++i) {
    if (path.items[i].variable() && !delimited_field(path, i)) {
      return false;
    }
  }
  return true;
}

bool safe_from_end(const Path& path) {
  if (!path.to_end) {
    return false;
  }
  for (size_t i = path.address_begin; i < path.items.size(); ++i) {
    if (!path.items[i].variable()) {
      continue;
    }
    const bool allowed = i < path.address_end || digits_or_blanks(path.items[i].bytes);
    const bool ended = ended_by(path, i, -1) != nullptr || (path.from_begin && i == 0);
    if (!allowed || !ended) {
      return false;
    }
  }
  return true;
}

// Whether the last byte of the group may be followed by another one that belongs to the address.
bool cut_short(const Path& path) {
  const PathItem& last = path.items[path.address_end - 1];
  if (last.max == unbounded && last.greedy) {
    return false;
  }
  if (path.address_end == path.items.size()) {
    return !path.to_end;
  }
  const PathItem& next = path.items[path.address_end];
  return next.min == 0 || !disjoint(next.bytes, last.bytes);
}

}  // namespace

std::optional<Finding> check_address_capture(const PatternNode& pattern) {
  const auto paths = lay_out(pattern);
  if (!paths) {
    return Finding{.message = "the pattern is too involved to prove that the address cannot be forged",
                   .hint = "split it into several simpler patterns, each with ^ at its beginning"};
  }
  for (const Path& path : *paths) {
    if (path.address_begin == path.address_end) {
      return Finding{.message = "the pattern can match without capturing an address",
                     .hint = "write one pattern for each form, each with (?P<address>\\S+)"};
    }
    if (!safe_from_front(path) && !safe_from_end(path)) {
      return Finding{
          .message = "an attacker may choose the address: text of any length can stand in front of it",
          .hint =
              "begin with ^ and keep \\S+, .* and the like out of what precedes (?P<address>\\S+), or end the "
              "pattern with $ and have only fixed text and \\d+ behind it"};
    }
    if (cut_short(path)) {
      return Finding{.message = "the pattern can capture a part of the address",
                     .hint = "let the group take all of it: (?P<address>\\S+) or (?P<address>[^]]+)"};
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::match
