#include "match/pattern_texts.h"

#include <algorithm>

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

// Wider sets are not taken apart into single texts.
constexpr size_t widest_expanded_set = 4;

constexpr size_t most_texts = 256;
constexpr uint32_t most_repeats_expanded = 32;

}  // namespace

Texts followed_by(const Texts& fronts, const Texts& backs) {
  Texts result;
  if (fronts.size() * backs.size() <= most_texts) {
    for (const std::string& front : fronts) {
      for (const std::string& back : backs) {
        result.push_back(front + back);
      }
    }
  }
  return result;
}

Texts texts(const PatternNode& node) {
  Texts result;
  switch (node.kind) {
    case Kind::bytes:
      if (node.bytes.count() > widest_expanded_set) {
        return {};
      }
      for (size_t left = node.bytes.count(), byte = 0; left > 0; ++byte) {
        if (node.bytes[byte]) {
          result.emplace_back(1, static_cast<char>(byte));
          --left;
        }
      }
      return result;
    case Kind::sequence:
      result = {std::string()};
      for (const PatternNode& child : node.children) {
        result = followed_by(result, texts(child));
        if (result.empty()) {
          return {};
        }
      }
      return result;
    case Kind::choice:
      for (const PatternNode& child : node.children) {
        const Texts branch = child.kind == Kind::empty ? Texts{std::string()} : texts(child);
        if (branch.empty() || result.size() + branch.size() > most_texts) {
          return {};
        }
        result.insert(result.end(), branch.begin(), branch.end());
      }
      return result;
    case Kind::repeat: {
      if (node.max > most_repeats_expanded) {
        return {};
      }
      const Texts once = texts(node.children.front());
      Texts copies = {std::string()};
      for (uint32_t count = 0; count <= node.max && !copies.empty(); ++count) {
        if (count >= node.min) {
          result.insert(result.end(), copies.begin(), copies.end());
        }
        copies = followed_by(copies, once);
      }
      return copies.empty() || result.size() > most_texts ? Texts{} : result;
    }
    default:
      return {};
  }
}

PatternNode folded(PatternNode node) {
  for (unsigned upper = 'A'; upper <= 'Z'; ++upper) {
    if (node.bytes[upper] && node.bytes[upper + 32]) {
      node.bytes.reset(upper);
    }
  }
  std::ranges::transform(node.children, node.children.begin(), folded);
  return node;
}

}  // namespace ipguard::match
