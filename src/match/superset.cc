#include "match/superset.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "match/pattern_texts.h"
#include "match/rarity.h"
#include "match/text_core.h"

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

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

void print_byte(unsigned byte, std::string& out) {
  if (is_alnum(static_cast<char>(byte))) {
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

// Whether every match has one of a few lengths: nothing in it repeats at will.
bool is_closed(const PatternNode& node) {
  if (node.kind == Kind::repeat && node.min != node.max && node.max > most_optional) {
    return false;
  }
  return std::ranges::all_of(node.children, is_closed);
}

// Takes single bytes that may be nearly anything off both edges.
void trim_wide_edges(PatternNode& part) {
  const auto wide = [](const PatternNode& node) {
    return node.kind == Kind::bytes && node.bytes.count() > widest_informative_set;
  };
  auto& children = part.children;
  while (part.kind == Kind::sequence && children.size() > 1 && (wide(children.front()) || wide(children.back()))) {
    children.erase(wide(children.front()) ? children.begin() : std::prev(children.end()));
  }
}

// As many copies of a repeat's child as every match holds one after the other.
PatternNode copies(const PatternNode& repeat) {
  PatternNode result = repeat.children.front();
  if (repeat.min > 1) {
    result = repeat;
    result.max = repeat.min;
  }
  return result;
}

// The rarest closed part that every match holds. Besides being quicker to compile, expressions without open repeats do
// without the parts of Vectorscan that are at fault: 5.4.9 does not find `[0-9]\][^\n]*: 535` in "7]: 535".
PatternNode rarest_part(const PatternNode& node) {
  if (is_closed(node)) {
    return node;
  }
  if (node.kind == Kind::choice) {
    PatternNode parts = node;
    std::ranges::transform(node.children, parts.children.begin(), rarest_part);
    return parts;
  }
  if (node.kind == Kind::repeat) {
    const bool closed = is_closed(node.children.front());
    return node.min == 0 ? empty_node() : closed ? copies(node) : rarest_part(node.children.front());
  }
  PatternNode best = empty_node();
  double best_rarity = -1;
  const auto offer = [&](PatternNode part) {
    trim_edge(part, true);
    trim_edge(part, false);
    trim_wide_edges(part);
    if (const double rare = rarity(part); !is_empty(part) && rare > best_rarity) {
      best_rarity = rare;
      best = std::move(part);
    }
  };
  PatternNode closed;
  closed.kind = Kind::sequence;
  const auto finish = [&] {
    offer(closed);
    closed.children.clear();
  };
  for (const PatternNode& child : node.children) {
    if (is_closed(child)) {
      closed.children.push_back(child);
      continue;
    }
    // Of `ab+c` every match holds "ab" and "bc".
    const bool repeats = child.kind == Kind::repeat && child.min > 0 && is_closed(child.children.front());
    if (repeats) {
      closed.children.push_back(copies(child));
    }
    finish();
    if (repeats) {
      closed.children.push_back(copies(child));
    } else {
      offer(rarest_part(child));
    }
  }
  offer(std::move(closed));
  return best;
}

// Whether every set that holds a letter holds it in both cases, and there is one.
bool ignores_case(const PatternNode& node, bool& letters) {
  for (unsigned upper = 'A'; upper <= 'Z' && node.kind == Kind::bytes; ++upper) {
    if (node.bytes[upper] != node.bytes[upper + 32]) {
      return false;
    }
    letters = letters || node.bytes[upper];
  }
  return std::ranges::all_of(node.children, [&](const PatternNode& child) { return ignores_case(child, letters); });
}

bool ignores_case(const PatternNode& node) {
  bool letters = false;
  return ignores_case(node, letters) && letters;
}

// What is looked for instead of a text that is nothing for a sieve.
std::string expression_of(const ScanText& text) {
  std::string expression = text.any_case ? "(?i)" : "";
  for (const char character : text.bytes) {
    print_byte(static_cast<unsigned char>(character), expression);
  }
  return expression;
}

void add(Superset& superset, ScanText text) {
  if (TextSieve::shape_for(text.bytes) != nullptr) {
    superset.texts.push_back(std::move(text));
  } else {
    superset.expressions.push_back(expression_of(text));
  }
}

// Texts of this many bits are rare enough, and cheaper to look for than anything else.
constexpr double enough_information = 40;

}  // namespace

Superset make_superset(const PatternNode& pattern) {
  auto reduced = reduce(pattern);
  if (!reduced) {
    return {.texts = {}, .expressions = {}, .information = std::numeric_limits<double>::infinity()};
  }
  TextCore core = rarest_texts(*reduced);
  PatternNode part;
  Superset result;
  if (core.information < enough_information) {
    part = rarest_part(*reduced);
    trim_edge(part, true);
    trim_edge(part, false);
    if (is_empty(part)) {
      return result;
    }
    result.information = rarity(part);
  }
  if (core.information >= result.information && !core.texts.empty()) {
    result.information = core.information;
    for (ScanText& text : core.texts) {
      add(result, std::move(text));
    }
    return result;
  }
  // The scanner has a way of its own for either case, much quicker than pairs of letters.
  const bool any_case = ignores_case(part);
  print(any_case ? folded(part) : part, result.expressions.emplace_back(any_case ? "(?i)" : ""));
  return result;
}

Superset literal_superset(std::string_view text) {
  Superset result;
  result.information = 8 * static_cast<double>(text.size());
  add(result, {.bytes = std::string(text), .any_case = false});
  return result;
}

}  // namespace ipguard::match
