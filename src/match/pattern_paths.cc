#include "match/pattern_paths.h"

#include <algorithm>
#include <utility>

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

constexpr size_t most_paths = 512;
constexpr size_t most_items = 16384;
constexpr uint32_t most_copies = 16;

// One step of a way before anchors and the group have found their places.
struct Step {
  enum class Kind : uint8_t { item, text_begin, text_end, group_open, group_close };
  Kind kind = Kind::item;
  PathItem item;
};
using Way = std::vector<Step>;
using Ways = std::vector<Way>;

class Layout {
 public:
  explicit Layout(std::string_view group) : group_(group) {}

  std::optional<Ways> ways_of(const PatternNode& node) {
    switch (node.kind) {
      case Kind::empty:
      case Kind::assertion:
        return Ways{Way{}};
      case Kind::text_begin:
        return single({.kind = Step::Kind::text_begin, .item = {}});
      case Kind::text_end:
        return single({.kind = Step::Kind::text_end, .item = {}});
      case Kind::bytes:
        return single({.kind = Step::Kind::item, .item = {.bytes = node.bytes}});
      case Kind::sequence: {
        std::optional<Ways> ways = Ways{Way{}};
        for (const PatternNode& child : node.children) {
          ways = append(std::move(ways), ways_of(child));
        }
        return ways;
      }
      case Kind::choice: {
        std::optional<Ways> ways = Ways{};
        for (const PatternNode& child : node.children) {
          ways = either(std::move(ways), ways_of(child));
        }
        return ways;
      }
      case Kind::group:
        return group(node);
      case Kind::repeat:
        return repeat(node);
    }
    return std::nullopt;
  }

 private:
  static Ways single(const Step& step) { return Ways{Way{step}}; }

  std::optional<Ways> group(const PatternNode& node) {
    auto ways = ways_of(node.children.front());
    if (node.name != group_ || !ways) {
      return ways;
    }
    ways = append(single({.kind = Step::Kind::group_open, .item = {}}), ways);
    return append(std::move(ways), single({.kind = Step::Kind::group_close, .item = {}}));
  }

  std::optional<Ways> repeat(const PatternNode& node) {
    const PatternNode& child = node.children.front();
    const bool fixed_text = node.max <= most_copies && (child.kind != Kind::bytes || child.bytes.count() <= 2);
    if (child.kind == Kind::bytes && !fixed_text) {
      return single({.kind = Step::Kind::item,
                     .item = {.bytes = child.bytes, .min = node.min, .max = node.max, .greedy = node.greedy}});
    }
    if (!fixed_text) {
      // An open repeat of something composite: taken for any text, which no shape allows beside the group.
      return count_groups(child, group_) == 0
                 ? std::optional(single({.kind = Step::Kind::item,
                                         .item = {.bytes = ~ByteSet(), .min = 0, .max = unbounded, .greedy = true}}))
                 : std::nullopt;
    }
    const auto once = ways_of(child);
    std::optional<Ways> all = Ways{};
    std::optional<Ways> copies = Ways{Way{}};
    for (uint32_t count = 0; count <= node.max && copies; ++count) {
      if (count >= node.min) {
        all = either(std::move(all), copies);
      }
      copies = count < node.max ? append(std::move(copies), once) : std::nullopt;
    }
    return all;
  }

  std::optional<Ways> append(std::optional<Ways> fronts, const std::optional<Ways>& backs) {
    if (!fronts || !backs || fronts->size() * backs->size() > most_paths) {
      return std::nullopt;
    }
    size_t items = 0;
    const auto lengthen = [&items](Way& front, const Way& back) {
      front.insert(front.end(), back.begin(), back.end());
      items += front.size();
    };
    Ways ways;
    if (backs->size() == 1) {  // nearly always: nothing is copied
      ways = std::move(*fronts);
      for (Way& way : ways) {
        lengthen(way, backs->front());
      }
      return items > most_items ? std::nullopt : std::optional(std::move(ways));
    }
    for (const Way& front : *fronts) {
      for (const Way& back : *backs) {
        lengthen(ways.emplace_back(front), back);
        if (items > most_items) {
          return std::nullopt;
        }
      }
    }
    return ways;
  }

  static std::optional<Ways> either(std::optional<Ways> some, const std::optional<Ways>& others) {
    if (!some || !others || some->size() + others->size() > most_paths) {
      return std::nullopt;
    }
    some->insert(some->end(), others->begin(), others->end());
    return some;
  }

  std::string_view group_;
};

std::optional<Path> to_path(const Way& way) {
  Path path;
  for (const Step& step : way) {
    switch (step.kind) {
      case Step::Kind::item:
        if (path.to_end) {
          return std::nullopt;
        }
        if (step.item.max > 0) {
          path.items.push_back(step.item);
        }
        break;
      case Step::Kind::text_begin:
        if (!path.items.empty()) {
          return std::nullopt;
        }
        path.from_begin = true;
        break;
      case Step::Kind::text_end:
        path.to_end = true;
        break;
      case Step::Kind::group_open:
        path.group_begin = path.items.size();
        break;
      case Step::Kind::group_close:
        path.group_end = path.items.size();
        break;
    }
  }
  return path;
}

}  // namespace

std::optional<std::vector<Path>> lay_out(const PatternNode& pattern, std::string_view group) {
  const auto ways = Layout(group).ways_of(pattern);
  if (!ways) {
    return std::nullopt;
  }
  std::vector<Path> paths;
  for (const Way& way : *ways) {
    auto path = to_path(way);
    if (!path) {
      return std::nullopt;
    }
    paths.push_back(std::move(*path));
  }
  return paths;
}

}  // namespace ipguard::match
