#include "match/superset.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

// Sets of more bytes than this (all digits are ten) break a run: scanners find them everywhere.
constexpr size_t widest_informative_set = 16;
// What may be missing breaks a run if it can be there more often than this.
constexpr uint32_t most_optional = 2;
// A counted repeat beyond this many times becomes an open one: the scanner's automata grow with the count.
constexpr uint32_t most_repeats = 32;

PatternNode empty_node() { return {}; }

bool is_empty(const PatternNode& node) { return node.kind == Kind::empty; }

// The tree with only empty, bytes, sequence, choice and repeat left; nullopt if nothing without a line feed matches.
std::optional<PatternNode> reduce(const PatternNode& node);

std::optional<PatternNode> reduce_sequence(const PatternNode& node) {
  PatternNode result;
  result.kind = Kind::sequence;
  for (const PatternNode& child : node.children) {
    auto reduced = reduce(child);
    if (!reduced) {
      return std::nullopt;
    }
    if (reduced->kind == Kind::sequence) {
      std::ranges::move(reduced->children, std::back_inserter(result.children));
    } else if (!is_empty(*reduced)) {
      result.children.push_back(std::move(*reduced));
    }
  }
  return result.children.empty() ? empty_node() : result;
}

std::optional<PatternNode> reduce_choice(const PatternNode& node) {
  PatternNode result;
  result.kind = Kind::choice;
  for (const PatternNode& child : node.children) {
    if (auto reduced = reduce(child)) {
      result.children.push_back(std::move(*reduced));
    }
  }
  if (result.children.empty()) {
    return std::nullopt;
  }
  return result;
}

std::optional<PatternNode> reduce_repeat(const PatternNode& node) {
  auto child = reduce(node.children.front());
  if (!child) {
    return node.min == 0 ? std::optional(empty_node()) : std::nullopt;
  }
  if (is_empty(*child) || node.max == 0) {
    return empty_node();
  }
  PatternNode result;
  result.kind = Kind::repeat;
  result.min = std::min(node.min, most_repeats);
  result.max = node.max > most_repeats ? unbounded : node.max;
  result.children.push_back(std::move(*child));
  return result;
}

std::optional<PatternNode> reduce(const PatternNode& node) {
  switch (node.kind) {
    case Kind::bytes: {
      PatternNode result = node;
      result.bytes.reset('\n');
      return result.bytes.none() ? std::nullopt : std::optional(std::move(result));
    }
    case Kind::sequence:
      return reduce_sequence(node);
    case Kind::choice:
      return reduce_choice(node);
    case Kind::repeat:
      return reduce_repeat(node);
    case Kind::group:
      return reduce(node.children.front());
    case Kind::empty:
    case Kind::text_begin:
    case Kind::text_end:
    case Kind::assertion:
      break;
  }
  return empty_node();
}

// Takes what need not be there off one edge of a reduced tree.
void trim_edge(PatternNode& node, bool front) {
  switch (node.kind) {
    case Kind::choice:
      for (PatternNode& child : node.children) {
        trim_edge(child, front);
      }
      // A branch that may be empty makes the whole choice dispensable.
      if (std::ranges::any_of(node.children, is_empty)) {
        node = empty_node();
      }
      return;
    case Kind::repeat:
      if (node.min == 0) {
        node = empty_node();
      } else if (node.min == 1) {
        PatternNode child = std::move(node.children.front());
        node = std::move(child);
        trim_edge(node, front);
      } else {
        node.max = node.min;
      }
      return;
    case Kind::sequence:
      while (!node.children.empty()) {
        const auto edge = front ? node.children.begin() : std::prev(node.children.end());
        trim_edge(*edge, front);
        if (!is_empty(*edge)) {
          return;
        }
        node.children.erase(edge);
      }
      node = empty_node();
      return;
    default:
      return;
  }
}

// What is known of the bytes that every match holds, in bits.
struct Runs {
  double best = 0;    // the best run anywhere
  double prefix = 0;  // the run at the beginning
  double suffix = 0;  // the run at the end
  bool whole = true;  // the match is one run, prefix == suffix == best
};

Runs join(const Runs& left, const Runs& right) {
  return {.best = std::max({left.best, right.best, left.suffix + right.prefix}),
          .prefix = left.whole ? left.prefix + right.prefix : left.prefix,
          .suffix = right.whole ? left.suffix + right.suffix : right.suffix,
          .whole = left.whole && right.whole};
}

Runs measure(const PatternNode& node) {
  switch (node.kind) {
    case Kind::bytes: {
      const size_t size = node.bytes.count();
      if (size > widest_informative_set) {
        return {.whole = false};
      }
      const double bits = 8 - std::log2(static_cast<double>(size));
      return {.best = bits, .prefix = bits, .suffix = bits};
    }
    case Kind::sequence: {
      Runs runs;
      for (const PatternNode& child : node.children) {
        runs = join(runs, measure(child));
      }
      return runs;
    }
    case Kind::choice: {
      Runs runs = measure(node.children.front());
      for (const PatternNode& child : node.children) {
        const Runs other = measure(child);
        runs = {.best = std::min(runs.best, other.best),
                .prefix = std::min(runs.prefix, other.prefix),
                .suffix = std::min(runs.suffix, other.suffix),
                .whole = runs.whole && other.whole};
      }
      return runs;
    }
    case Kind::repeat: {
      const Runs once = measure(node.children.front());
      if (node.min == 0) {
        // A few bytes that may be there or not ("() {" or "(){") leave the run whole: it has a few forms.
        return {.whole = once.whole && node.max <= most_optional};
      }
      Runs runs = once;
      for (uint32_t i = 1; i < node.min; ++i) {
        runs = join(runs, once);
      }
      runs.whole = runs.whole && node.min == node.max;
      return runs;
    }
    default:
      return {};
  }
}

void print_byte(unsigned byte, std::string& out) {
  const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
  if (plain) {
    out += static_cast<char>(byte);
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\x";
  out += digits[byte / 16];
  out += digits[byte % 16];
}

void print_set(const ByteSet& set, std::string& out) {
  if (set.count() == 1) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (set[byte]) {
        print_byte(byte, out);
      }
    }
    return;
  }
  out += '[';
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set[byte]) {
      continue;
    }
    unsigned last = byte;
    while (last + 1 < 256 && set[last + 1]) {
      ++last;
    }
    print_byte(byte, out);
    if (last > byte) {
      out += '-';
      print_byte(last, out);
    }
    byte = last;
  }
  out += ']';
}

void print(const PatternNode& node, std::string& out) {
  switch (node.kind) {
    case Kind::bytes:
      print_set(node.bytes, out);
      return;
    case Kind::sequence:
      for (const PatternNode& child : node.children) {
        print(child, out);
      }
      return;
    case Kind::choice:
      out += "(?:";
      for (size_t i = 0; i < node.children.size(); ++i) {
        out += i > 0 ? "|" : "";
        print(node.children[i], out);
      }
      out += ')';
      return;
    case Kind::repeat:
      out += "(?:";
      print(node.children.front(), out);
      out += "){" + std::to_string(node.min) + ",";
      out += node.max == unbounded ? "}" : std::to_string(node.max) + "}";
      return;
    default:
      return;  // nothing else is left after reduce()
  }
}

}  // namespace

Superset make_superset(const PatternNode& pattern) {
  auto reduced = reduce(pattern);
  if (!reduced) {
    return {.expression = {}, .information = std::numeric_limits<double>::infinity()};
  }
  trim_edge(*reduced, true);
  trim_edge(*reduced, false);
  Superset result;
  if (is_empty(*reduced)) {
    return result;
  }
  print(*reduced, result.expression);
  result.information = measure(*reduced).best;
  return result;
}

Superset literal_superset(std::string_view text) {
  Superset result;
  for (const char character : text) {
    print_byte(static_cast<unsigned char>(character), result.expression);
    result.information += 8;
  }
  return result;
}

}  // namespace ipguard::match
