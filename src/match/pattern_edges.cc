#include "match/pattern_edges.h"

#include <algorithm>
#include <cstddef>

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

constexpr size_t longest_edge = 3;

enum class End : uint8_t { front, back };

// Collects the bytes that every match begins (or ends) with, one set for each place.
class EdgeReader {
 public:
  explicit EdgeReader(End end) : end_(end) {}

  // Whether the node's matches have been read to their other end: what follows it, has a fixed place too.
  bool read(const PatternNode& node) {
    switch (node.kind) {
      case Kind::empty:
        return true;
      case Kind::bytes:
        if (sets_.size() == longest_edge) {
          return false;
        }
        sets_.push_back(node.bytes);
        return true;
      case Kind::sequence:
        return read_sequence(node);
      case Kind::group:
        return read(node.children.front());
      case Kind::choice:
        return read_choice(node);
      case Kind::repeat:
        return read_repeat(node);
      case Kind::text_begin:
      case Kind::text_end:
      case Kind::assertion:
        return false;
    }
    return false;
  }

  [[nodiscard]] const std::vector<ByteSet>& sets() const { return sets_; }
  // Whether a text that has these bytes is a match (and not only every match has them).
  [[nodiscard]] bool exact() const { return exact_; }

 private:
  bool read_sequence(const PatternNode& node) {
    const auto whole = [this](const PatternNode& child) { return read(child); };
    return end_ == End::front ? std::ranges::all_of(node.children, whole)
                              : std::all_of(node.children.rbegin(), node.children.rend(), whole);
  }

  // Place by place what any of them allows, as far as the shortest goes.
  bool read_choice(const PatternNode& node) {
    exact_ = false;
    std::vector<ByteSet> common;
    bool same_length = true;
    for (size_t i = 0; i < node.children.size(); ++i) {
      EdgeReader branch(end_);
      same_length = branch.read(node.children[i]) && same_length;
      if (i == 0) {
        common = branch.sets_;
        continue;
      }
      same_length = same_length && branch.sets_.size() == common.size();
      common.resize(std::min(common.size(), branch.sets_.size()));
      for (size_t place = 0; place < common.size(); ++place) {
        common[place] |= branch.sets_[place];
      }
    }
    const size_t room = longest_edge - sets_.size();
    sets_.insert(sets_.end(), common.begin(),
                 common.begin() + static_cast<std::ptrdiff_t>(std::min(room, common.size())));
    return same_length && common.size() <= room;
  }

  bool read_repeat(const PatternNode& node) {
    for (uint32_t i = 0; i < node.min; ++i) {
      if (!read(node.children.front())) {
        return false;
      }
    }
    return node.min == node.max;
  }

  End end_;
  std::vector<ByteSet> sets_;
  bool exact_ = true;
};

// The sequence that the pattern is, without groups around it.
const PatternNode& unwrapped(const PatternNode& pattern) {
  const PatternNode* node = &pattern;
  while (node->kind == Kind::group) {
    node = &node->children.front();
  }
  return *node;
}

PatternNode part_of(const PatternNode& sequence, size_t begin, size_t end) {
  PatternNode part;
  part.kind = Kind::sequence;
  part.children.assign(sequence.children.begin() + static_cast<std::ptrdiff_t>(begin),
                       sequence.children.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

}  // namespace

PatternEdges::PatternEdges(const PatternNode& pattern) {
  const PatternNode& node = unwrapped(pattern);
  if (node.kind != Kind::sequence || node.children.empty()) {
    return;
  }
  const size_t size = node.children.size();
  if (node.children.front().kind == Kind::text_begin) {
    EdgeReader reader(End::front);
    front_is_all_ = reader.read(part_of(node, 1, size)) && reader.exact();
    front_ = reader.sets();
  }
  if (node.children.back().kind == Kind::text_end) {
    EdgeReader reader(End::back);
    reader.read(part_of(node, 0, size - 1));
    back_ = reader.sets();
  }
}

PatternEdges::Answer PatternEdges::look_at(std::string_view text) const {
  const auto holds = [](const ByteSet& set, char c) { return set.test(static_cast<unsigned char>(c)); };
  if (text.size() < std::max(front_.size(), back_.size()) ||
      !std::equal(front_.begin(), front_.end(), text.begin(), holds) ||
      !std::equal(back_.begin(), back_.end(), text.rbegin(), holds)) {
    return Answer::not_found;
  }
  return front_is_all_ ? Answer::found : Answer::unknown;
}

}  // namespace ipguard::match
