#include "match/format_segments.h"

#include <string>
#include <utility>

#include "base/text.h"

namespace ipguard::match {
namespace {

using Items = std::vector<FormatItem>;
using Problem = std::optional<FormatProblem>;

Piece piece_of(const FormatItem& item) {
  return {.literal = item.literal, .shape = item.shape, .length = item.length, .role = item.role};
}

bool takes_text(Role role) {
  return role == Role::none || role == Role::request || role == Role::target || role == Role::query ||
         role == Role::referer || role == Role::user_agent || role == Role::user || role == Role::vhost ||
         role == Role::forwarded;
}

// The parts of one segment, found from both sides.
class SegmentMaker {
 public:
  explicit SegmentMaker(std::vector<FormatItem> items) : items_(std::move(items)) {}

  Problem make(Segment& segment) {
    if (auto problem = join_unneeded()) {
      return problem;
    }
    size_t first = 0;
    while (first < items_.size() && ends_surely(first)) {
      ++first;
    }
    size_t behind = items_.size();
    while (behind > first && begins_surely(behind - 1)) {
      --behind;
    }
    if (auto problem = take_middle(first, behind, segment)) {
      return problem;
    }
    for (size_t i = 0; i < first; ++i) {
      segment.left.push_back(piece_of(items_[i]));
    }
    for (size_t i = behind; i < items_.size(); ++i) {
      if (behind > first && items_[first].by_client && is_address(items_[i])) {
        const auto& text = items_[first];
        return FormatProblem{text.offset,
                             "what a client writes as " + in_quotes(text.variable) + " stands before the address",
                             "put it in double quotes, which servers escape, or behind the address"};
      }
      segment.right.push_back(piece_of(items_[i]));
    }
    return std::nullopt;
  }

 private:
  static bool is_address(const FormatItem& item) {
    return item.role == Role::address || item.role == Role::address_port;
  }

  // Neighbours that are of no use are one text; of others it has to be known where one ends.
  Problem join_unneeded() {
    for (size_t i = 0; i + 1 < items_.size();) {
      FormatItem& item = items_[i];
      const FormatItem& next = items_[i + 1];
      if (item.is_literal() || next.is_literal()) {
        ++i;
        continue;
      }
      if (item.role != Role::none || next.role != Role::none) {
        return FormatProblem{next.offset,
                             "nothing stands between " + in_quotes(item.variable) + " and " + in_quotes(next.variable) +
                                 ": where one ends cannot be told",
                             "put a blank or a quote between them, in the server's configuration too"};
      }
      item.shape = Shape::text;
      item.by_client = item.by_client || next.by_client;
      items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
    return std::nullopt;
  }

  // Whether it is known, coming from the left, where the item ends.
  [[nodiscard]] bool ends_surely(size_t i) const {
    const FormatItem& item = items_[i];
    if (item.is_literal() || item.shape == Shape::fixed) {
      return true;
    }
    return item.shape != Shape::text && (i + 1 == items_.size() || !may_hold(item.shape, items_[i + 1].literal[0]));
  }
  // Coming from the right, where it begins.
  [[nodiscard]] bool begins_surely(size_t i) const {
    const FormatItem& item = items_[i];
    if (item.is_literal() || item.shape == Shape::fixed) {
      return true;
    }
    return item.shape != Shape::text && (i == 0 || !may_hold(item.shape, items_[i - 1].literal.back()));
  }

  // The items from `first` up to `behind` are one text.
  Problem take_middle(size_t first, size_t behind, Segment& segment) {
    if (first == behind) {
      return std::nullopt;
    }
    FormatItem& text = items_[first];
    for (size_t i = first + 1; i < behind; ++i) {
      const FormatItem& item = items_[i];
      const bool needed = item.role != Role::none || text.role != Role::none;
      if (!item.is_literal() && needed) {
        const bool other = takes_text(item.role) && item.shape == Shape::text;
        return FormatProblem{
            other ? item.offset : text.offset,
            "where " + in_quotes(text.variable) + " ends and " + in_quotes(item.variable) +
                " begins cannot be told: what stands between them can be a part of either",
            "put " + (other ? item.variable : text.variable) + " in double quotes, in the server's configuration too"};
      }
      text.by_client = text.by_client || (!item.is_literal() && item.by_client);
    }
    if (!takes_text(text.role)) {
      return FormatProblem{text.offset, "where " + in_quotes(text.variable) + " ends cannot be told",
                           "put a blank behind it, in the server's configuration too"};
    }
    segment.text = piece_of(text);
    return std::nullopt;
  }

  std::vector<FormatItem> items_;
};

}  // namespace

std::optional<FormatProblem> make_segments(const std::vector<FormatItem>& items, Positions& positions) {
  Items part;
  const auto finish = [&](char end) -> Problem {
    Segment segment{.end = end};
    auto problem = SegmentMaker(std::exchange(part, {})).make(segment);
    positions.segments.push_back(std::move(segment));
    return problem;
  };
  for (const FormatItem& item : items) {
    if (!item.is_literal()) {
      part.push_back(item);
      continue;
    }
    for (const char c : item.literal) {
      if (!is_escaped_byte(c)) {
        add_literal(part, c, item.offset);
      } else if (auto problem = finish(c)) {
        return problem;
      }
    }
  }
  return positions.open_end || part.empty() ? Problem{} : finish('\0');
}

}  // namespace ipguard::match
