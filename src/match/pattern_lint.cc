#include "match/pattern_lint.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// Whether a pattern of `excluded` forbids that the fixed text directly in front of the group occurs twice:
// `rhost=.*rhost=`.
bool stands_alone(const Path& path, std::span<const std::string> excluded) {
  std::string before;
  for (size_t i = path.group_begin; i > 0; --i) {
    const PathItem& item = path.items[i - 1];
    if (item.min != 1 || item.max != 1 || item.bytes.count() != 1) {
      break;
    }
    size_t byte = 0;
    while (!item.bytes.test(byte)) {
      ++byte;
    }
    before.insert(before.begin(), static_cast<char>(byte));
  }
  return std::ranges::any_of(excluded, [&](std::string_view pattern) {
    const size_t half = pattern.size() / 2;
    const std::string_view name = pattern.substr(0, half == 0 ? 0 : half - 1);
    static constexpr std::string_view plain = "=_ abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name.ends_with('=') && name.find_first_not_of(plain) == std::string_view::npos && before.ends_with(name) &&
           pattern == std::string(name) + ".*" + std::string(name);
  });
}

// A repeat in front of the address, seen from ^ (see the header). `alone`: the name of the address does not occur
// twice.
bool delimited_field(const Path& path, size_t index, bool alone) {
  static const ByteSet openers = bytes_of("([{<\"'");
  static const ByteSet closers = bytes_of("()[]{}<>\"'|");
  static const ByteSet list_closers = closers | bytes_of(",;");
  static const ByteSet equals = bytes_of("=");
  const PathItem* const end = ended_by(path, index, 1);
  if (end == nullptr) {
    return false;
  }
  const auto opened = [&](const ByteSet& by) {
    return index > 0 && !path.items[index - 1].variable() && within(path.items[index - 1].bytes, by);
  };
  return opened(openers) || within(end->bytes, closers) ||
         (opened(equals) && (alone || within(end->bytes, list_closers))) || digits_or_blanks(path.items[index].bytes);
}

// Whether items [begin, end) hold a stretch of two bytes or more that may be any text: ".{20}" counts what it takes,
// but whoever writes there knows how to count, too. A single such byte is fine: `doesn.t`.
bool holds_free_text(const Path& path, size_t begin, size_t end) {
  size_t stretch = 0;
  for (size_t i = begin; i < end; ++i) {
    const PathItem& item = path.items[i];
    const bool free =
        !item.variable() && item.bytes.test(' ') && item.bytes.count() > 1 && !digits_or_blanks(item.bytes);
    stretch = free ? stretch + item.max : 0;
    if (stretch > 1) {
      return true;
    }
  }
  return false;
}

bool safe_from_front(const Path& path, std::span<const std::string> excluded) {
  if (!path.from_begin || holds_free_text(path, 0, path.group_begin)) {
    return false;
  }
  const bool alone = stands_alone(path, excluded);
  for (size_t i = 0; i < path.group_begin; ++i) {
    if (path.items[i].variable() && !delimited_field(path, i, alone)) {
      return false;
    }
  }
  return true;
}

bool safe_from_end(const Path& path) {
  if (!path.to_end || holds_free_text(path, path.group_end, path.items.size())) {
    return false;
  }
  for (size_t i = path.group_begin; i < path.items.size(); ++i) {
    if (!path.items[i].variable()) {
      continue;
    }
    const bool allowed = i < path.group_end || digits_or_blanks(path.items[i].bytes);
    const bool ended = ended_by(path, i, -1) != nullptr || (path.from_begin && i == 0);
    if (!allowed || !ended) {
      return false;
    }
  }
  return true;
}

// How many bytes `separator` the way has, if every one of them is fixed, the group and all repeats hold none, and no
// repeat stands between the group and the separator in front of it (see the header).
std::optional<size_t> counted_by(const Path& path, size_t separator) {
  size_t count = 0;
  bool clean = true;  // nothing variable since the last separator
  for (size_t i = 0; i < path.items.size(); ++i) {
    const PathItem& item = path.items[i];
    if (i == path.group_begin && (count == 0 || !clean)) {
      return std::nullopt;
    }
    if (!item.bytes.test(separator)) {
      clean = clean && !item.variable();
      continue;
    }
    const bool in_group = i >= path.group_begin && i < path.group_end;
    if (in_group || item.variable() || item.bytes.count() != 1) {
      return std::nullopt;
    }
    count += item.max;
    clean = true;
  }
  return path.from_begin && path.to_end ? std::optional(count) : std::nullopt;
}

bool counted(const std::vector<Path>& paths) {
  ByteSet fixed;  // what may be a separator
  for (const PathItem& item : paths.front().items) {
    fixed |= item.bytes.count() == 1 ? item.bytes : ByteSet();
  }
  for (size_t separator = 0; separator < fixed.size(); ++separator) {
    const auto first = fixed.test(separator) ? counted_by(paths.front(), separator) : std::nullopt;
    if (first && std::ranges::all_of(paths, [&](const Path& path) { return counted_by(path, separator) == first; })) {
      return true;
    }
  }
  return false;
}

// Whether the last byte of the group may be followed by another one that belongs to the address.
bool cut_short(const Path& path) {
  const PathItem& last = path.items[path.group_end - 1];
  if (last.max == unbounded && last.greedy) {
    return false;
  }
  if (path.group_end == path.items.size()) {
    return !path.to_end;
  }
  const PathItem& next = path.items[path.group_end];
  return next.min == 0 || !disjoint(next.bytes, last.bytes);
}

}  // namespace

std::optional<Finding> check_capture(const PatternNode& pattern, std::string_view group,
                                     std::span<const std::string> excluded) {
  const std::string name(group);
  const auto paths = lay_out(pattern, group);
  if (!paths) {
    return Finding{.message = "the pattern is too involved to prove that the " + name + " cannot be forged",
                   .hint = "split it into several simpler patterns, each with ^ at its beginning"};
  }
  const bool has_group =
      std::ranges::all_of(*paths, [](const Path& path) { return path.group_begin != path.group_end; });
  const bool by_count = !paths->empty() && has_group && counted(*paths);
  for (const Path& path : *paths) {
    if (path.group_begin == path.group_end) {
      return Finding{.message = "the pattern can match without capturing the " + name,
                     .hint = "write one pattern for each form, each with (?P<" + name + ">\\S+)"};
    }
    if (!by_count && !safe_from_front(path, excluded) && !safe_from_end(path)) {
      return Finding{.message = "an attacker may choose the " + name + ": text of any length can stand in front of it",
                     .hint = "begin with ^ and keep \\S+, .* and the like out of what precedes (?P<" + name +
                             ">\\S+), or end the pattern with $ and have only fixed text and \\d+ behind it"};
    }
    if (cut_short(path)) {
      return Finding{.message = "the pattern can capture a part of the " + name,
                     .hint = "let the group (?P<" + name + ">…) take all of it: \\S+ or [^]]+ in it"};
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::match
