#include "match/pattern_class.h"

#include <array>
#include <utility>

#include "base/ascii.h"

namespace ipguard::match {
namespace {

unsigned char byte_of(char character) { return static_cast<unsigned char>(character); }

// \xHH and \x{H…}, `text` beginning after the 'x'.
std::optional<unsigned char> read_hex(std::string_view& text) {
  const bool braced = text.starts_with('{');
  text.remove_prefix(braced ? 1 : 0);
  unsigned value = 0;
  for (size_t digits = 0; !text.empty() && (braced || digits < 2); ++digits) {
    const int digit = hex_value(text.front());
    if (digit < 0) {
      break;
    }
    value = value * 16 + static_cast<unsigned>(digit);
    if (value > 0xff) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  if (braced) {
    if (!text.starts_with('}')) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return static_cast<unsigned char>(value);
}

// A class element that is a set by itself: [:name:], \d and the like. nullopt if there is none at this place.
std::optional<ByteSet> read_named_set(std::string_view& text, bool fold, bool& failed) {
  if (text.starts_with("[:")) {
    const size_t end = text.find(":]", 2);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    std::string_view name = text.substr(2, end - 2);
    const bool negated = name.starts_with('^');
    name.remove_prefix(negated ? 1 : 0);
    auto set = posix_class(name);
    if (!set) {
      failed = true;
      return std::nullopt;
    }
    text.remove_prefix(end + 2);
    if (fold) {
      set = fold_case(*set);
    }
    return negated ? ~*set : *set;
  }
  if (text.size() >= 2 && text.front() == '\\') {
    if (text[1] == 'p' || text[1] == 'P') {
      failed = true;
      return std::nullopt;
    }
    const auto set = perl_class(text[1]);
    if (set) {
      text.remove_prefix(2);
    }
    return set;
  }
  return std::nullopt;
}

std::optional<unsigned char> read_class_byte(std::string_view& text) {
  const char first = text.front();
  text.remove_prefix(1);
  if (first != '\\') {
    return byte_of(first);
  }
  return read_escape(text);
}

}  // namespace

ByteSet byte_range(unsigned low, unsigned high) {
  ByteSet set;
  for (unsigned byte = low; byte <= high; ++byte) {
    set.set(byte);
  }
  return set;
}

ByteSet fold_case(const ByteSet& set) {
  ByteSet folded = set;
  const auto pair = [&](unsigned upper) {
    const unsigned lower = upper + 0x20;
    if (set[upper] || set[lower]) {
      folded.set(upper);
      folded.set(lower);
    }
  };
  for (unsigned upper = 'A'; upper <= 'Z'; ++upper) {
    pair(upper);
  }
  for (unsigned upper = 0xc0; upper <= 0xde; ++upper) {
    if (upper != 0xd7) {  // the multiplication sign; 0xf7 is the division sign
      pair(upper);
    }
  }
  return folded;
}

std::optional<ByteSet> perl_class(char letter) {
  switch (letter) {
    case 'd':
      return posix_class("digit");
    case 'D':
      return ~*posix_class("digit");
    case 'w':
      return posix_class("word");
    case 'W':
      return ~*posix_class("word");
    case 's':
    case 'S': {
      ByteSet space = *posix_class("space");
      space.reset('\v');  // RE2's \s, unlike [[:space:]] and unlike PCRE's \s, leaves the vertical tab out
      return letter == 's' ? space : ~space;
    }
    default:
      return std::nullopt;
  }
}

std::optional<ByteSet> posix_class(std::string_view name) {
  const ByteSet digit = byte_range('0', '9');
  const ByteSet upper = byte_range('A', 'Z');
  const ByteSet lower = byte_range('a', 'z');
  const ByteSet graph = byte_range('!', '~');
  const ByteSet alnum = digit | upper | lower;
  const std::array<std::pair<std::string_view, ByteSet>, 14> classes = {{
      {"alnum", alnum},
      {"alpha", upper | lower},
      {"ascii", byte_range(0, 0x7f)},
      {"blank", byte_range('\t', '\t') | byte_range(' ', ' ')},
      {"cntrl", byte_range(0, 0x1f) | byte_range(0x7f, 0x7f)},
      {"digit", digit},
      {"graph", graph},
      {"lower", lower},
      {"print", byte_range(' ', '~')},
      {"punct", graph & ~alnum},
      {"space", byte_range('\t', '\r') | byte_range(' ', ' ')},
      {"upper", upper},
      {"word", alnum | byte_range('_', '_')},
      {"xdigit", digit | byte_range('A', 'F') | byte_range('a', 'f')},
  }};
  for (const auto& [known, set] : classes) {
    if (known == name) {
      return set;
    }
  }
  return std::nullopt;
}

std::optional<unsigned char> read_escape(std::string_view& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const char letter = text.front();
  text.remove_prefix(1);
  if (letter >= '0' && letter <= '7') {  // up to three octal digits; RE2 has refused back references
    unsigned value = static_cast<unsigned>(letter - '0');
    for (int i = 0; i < 2 && !text.empty() && text.front() >= '0' && text.front() <= '7'; ++i) {
      value = value * 8 + static_cast<unsigned>(text.front() - '0');
      text.remove_prefix(1);
    }
    return value <= 0xff ? std::optional(static_cast<unsigned char>(value)) : std::nullopt;
  }
  switch (letter) {
    case 'x':
      return read_hex(text);
    case 'n':
      return byte_of('\n');
    case 'r':
      return byte_of('\r');
    case 't':
      return byte_of('\t');
    case 'a':
      return byte_of('\a');
    case 'f':
      return byte_of('\f');
    case 'v':
      return byte_of('\v');
    default:
      return byte_of(letter);
  }
}

std::optional<ByteSet> read_class(std::string_view& text, bool fold) {
  const bool negated = text.starts_with('^');
  text.remove_prefix(negated ? 1 : 0);
  ByteSet ranges;  // folded at the end
  ByteSet named;   // folded already, where RE2 folds them
  for (bool first = true; !text.empty() && (text.front() != ']' || first); first = false) {
    bool failed = false;
    if (const auto set = read_named_set(text, fold, failed)) {
      named |= *set;
      continue;
    }
    const auto low = failed ? std::nullopt : read_class_byte(text);
    if (!low) {
      return std::nullopt;
    }
    auto high = low;
    if (text.size() >= 2 && text[0] == '-' && text[1] != ']') {
      text.remove_prefix(1);
      high = read_class_byte(text);
    }
    if (!high) {
      return std::nullopt;
    }
    ranges |= byte_range(*low, *high);
  }
  if (text.empty()) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const ByteSet set = named | (fold ? fold_case(ranges) : ranges);
  return negated ? ~set : set;
}

}  // namespace ipguard::match
