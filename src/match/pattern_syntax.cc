#include "match/pattern_syntax.h"

#include <utility>

#include "base/ascii.h"
#include "match/pattern_class.h"

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

constexpr unsigned deepest_nesting = 200;

PatternNode leaf(Kind kind) {
  PatternNode node;
  node.kind = kind;
  return node;
}

PatternNode bytes_node(const ByteSet& set) {
  PatternNode node = leaf(Kind::bytes);
  node.bytes = set;
  return node;
}

PatternNode collect(Kind kind, std::vector<PatternNode> children) {
  if (children.empty()) {
    return leaf(Kind::empty);
  }
  if (children.size() == 1) {
    return std::move(children.front());
  }
  PatternNode node = leaf(kind);
  node.children = std::move(children);
  return node;
}

// Recursive descent. `failed_` is sticky: once set, what comes out is thrown away.
class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(pattern) {}

  std::optional<PatternNode> run() {
    PatternNode node = choice();
    if (failed_ || !text_.empty()) {
      return std::nullopt;
    }
    return node;
  }

 private:
  struct Flags {
    bool fold = false;         // i
    bool multi_line = false;   // m
    bool dot_newline = false;  // s
    bool ungreedy = false;     // U
  };

  bool accept(std::string_view token) {
    if (!text_.starts_with(token)) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }

  PatternNode fail() {
    failed_ = true;
    text_ = {};
    return leaf(Kind::empty);
  }

  PatternNode choice() {
    std::vector<PatternNode> branches;
    do {
      branches.push_back(sequence());
    } while (accept("|"));
    return collect(Kind::choice, std::move(branches));
  }

  PatternNode sequence() {
    std::vector<PatternNode> items;
    while (!text_.empty() && text_.front() != '|' && text_.front() != ')') {
      if (accept("\\Q")) {
        const size_t end = text_.find("\\E");
        for (const char character : text_.substr(0, end)) {
          items.push_back(literal(character));
        }
        text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 2);
      } else if (!accept("\\E") && !set_flags()) {
        items.push_back(atom());
      }
      while (!items.empty() && repetition(items.back())) {
      }
    }
    return collect(Kind::sequence, std::move(items));
  }

  [[nodiscard]] PatternNode literal(char character) const {
    ByteSet set;
    set.set(static_cast<unsigned char>(character));
    return bytes_node(flags_.fold ? fold_case(set) : set);
  }

  PatternNode atom() {
    const char first = text_.front();
    text_.remove_prefix(1);
    switch (first) {
      case '(':
        return group();
      case '[': {
        const auto set = read_class(text_, flags_.fold);
        return set ? bytes_node(*set) : fail();
      }
      case '.':
        return bytes_node(flags_.dot_newline ? ~ByteSet() : ~byte_range('\n', '\n'));
      case '^':
        return leaf(flags_.multi_line ? Kind::assertion : Kind::text_begin);
      case '$':
        return leaf(flags_.multi_line ? Kind::assertion : Kind::text_end);
      case '\\':
        return escape();
      default:
        return literal(first);
    }
  }

  PatternNode escape() {
    if (text_.empty() || text_.front() == 'p' || text_.front() == 'P') {
      return fail();
    }
    const char letter = text_.front();
    switch (letter) {
      case 'A':
      case 'z':
      case 'b':
      case 'B':
      case 'C':
        text_.remove_prefix(1);
        return letter == 'C'   ? bytes_node(~ByteSet())
               : letter == 'A' ? leaf(Kind::text_begin)
               : letter == 'z' ? leaf(Kind::text_end)
                               : leaf(Kind::assertion);
      default:
        break;
    }
    if (const auto set = perl_class(letter)) {
      text_.remove_prefix(1);
      return bytes_node(*set);
    }
    const auto byte = read_escape(text_);
    return byte ? literal(static_cast<char>(*byte)) : fail();
  }

  // "(?i)" and the like, which change what follows; flags with a colon are a group's business.
  bool set_flags() {
    if (!text_.starts_with("(?")) {
      return false;
    }
    const size_t end = text_.find_first_not_of("imsU-", 2);
    if (end == std::string_view::npos || text_[end] != ')') {
      return false;
    }
    apply_flags(text_.substr(2, end - 2));
    text_.remove_prefix(end + 1);
    return true;
  }

  void apply_flags(std::string_view letters) {
    bool value = true;
    for (const char letter : letters) {
      switch (letter) {
        case 'i':
          flags_.fold = value;
          break;
        case 'm':
          flags_.multi_line = value;
          break;
        case 's':
          flags_.dot_newline = value;
          break;
        case 'U':
          flags_.ungreedy = value;
          break;
        default:
          value = false;  // '-'
          break;
      }
    }
  }

  // Behind the opening parenthesis.
  PatternNode group() {
    if (++depth_ > deepest_nesting) {
      return fail();
    }
    const Flags outer = flags_;
    PatternNode node = leaf(Kind::group);
    bool captured = true;
    if (accept("?P<") || accept("?<")) {
      const size_t end = text_.find('>');
      if (end == std::string_view::npos) {
        return fail();
      }
      node.name = std::string(text_.substr(0, end));
      text_.remove_prefix(end + 1);
    } else if (accept("?")) {
      const size_t end = text_.find(':');
      if (end == std::string_view::npos) {
        return fail();
      }
      apply_flags(text_.substr(0, end));
      text_.remove_prefix(end + 1);
      captured = false;
    }
    PatternNode inner = choice();
    flags_ = outer;
    --depth_;
    if (!accept(")")) {
      return fail();
    }
    if (!captured) {
      return inner;
    }
    node.children.push_back(std::move(inner));
    return node;
  }

  // Wraps `item` if a repetition operator follows; false if none does.
  bool repetition(PatternNode& item) {
    uint32_t min = 0;
    uint32_t max = unbounded;
    if (accept("+")) {
      min = 1;
    } else if (accept("?")) {
      max = 1;
    } else if (!accept("*") && !counted(min, max)) {
      return false;
    }
    PatternNode node = leaf(Kind::repeat);
    node.min = min;
    node.max = max;
    node.greedy = accept("?") == flags_.ungreedy;
    node.children.push_back(std::move(item));
    item = std::move(node);
    return true;
  }

  // {n}, {n,} and {n,m}; anything else that begins with a brace is literal text, as in RE2.
  bool counted(uint32_t& min, uint32_t& max) {
    std::string_view rest = text_;
    if (!rest.starts_with('{')) {
      return false;
    }
    rest.remove_prefix(1);
    const auto number = [&rest](uint32_t& value) {
      size_t digits = 0;
      value = 0;
      while (digits < rest.size() && digits < 5 && is_digit(rest[digits])) {
        value = value * 10 + static_cast<uint32_t>(rest[digits++] - '0');
      }
      rest.remove_prefix(digits);
      return digits > 0;
    };
    uint32_t low = 0;
    if (!number(low)) {
      return false;
    }
    uint32_t high = low;
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
      if (!number(high)) {
        high = unbounded;
      }
    }
    if (!rest.starts_with('}')) {
      return false;
    }
    rest.remove_prefix(1);
    text_ = rest;
    min = low;
    max = high;
    return true;
  }

  std::string_view text_;
  Flags flags_;
  unsigned depth_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<PatternNode> parse_pattern(std::string_view pattern) { return Parser(pattern).run(); }

size_t count_groups(const PatternNode& node, std::string_view name) {
  size_t count = node.kind == Kind::group && node.name == name ? 1 : 0;
  for (const PatternNode& child : node.children) {
    count += count_groups(child, name);
  }
  return count;
}

}  // namespace ipguard::match
