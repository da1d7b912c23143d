#include "match/text_core.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "match/pattern_texts.h"
#include "match/rarity.h"

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

// Of a long list of alternatives each is a text to look for.
constexpr size_t most_texts = 4096;

// Whether some letter may be small or capital. Wide sets are no part of any text.
bool has_both_cases(const PatternNode& node) {
  for (unsigned upper = 'A'; upper <= 'Z' && node.bytes.count() <= widest_informative_set; ++upper) {
    if (node.bytes[upper] && node.bytes[upper + 32]) {
      return true;
    }
  }
  return std::ranges::any_of(node.children, has_both_cases);
}

// Without the texts that hold another one: where they are found, it is.
Texts shortest_ones(Texts texts) {
  std::ranges::sort(texts, {}, &std::string::size);
  Texts result;
  for (std::string& text : texts) {
    if (std::ranges::none_of(result, [&text](const std::string& part) { return text.contains(part); })) {
      result.push_back(std::move(text));
    }
  }
  return result;
}

class CoreFinder {
 public:
  explicit CoreFinder(bool any_case) : any_case_(any_case) {}

  TextCore find(const PatternNode& node) const {
    if (node.kind == Kind::sequence) {
      return of_sequence(node);
    }
    TextCore core = measured(texts(node));
    if (!core.texts.empty()) {
      return core;
    }
    switch (node.kind) {
      case Kind::choice:
        return of_choice(node);
      case Kind::repeat:
        return node.min > 0 ? find(node.children.front()) : TextCore{};
      default:
        return {};
    }
  }

 private:
  TextCore measured(Texts found) const {
    TextCore core;
    core.information = std::numeric_limits<double>::max();
    for (std::string& text : shortest_ones(std::move(found))) {
      if (any_case_) {
        text = lower_case(text);
      }
      core.information = std::min(core.information, bits(text));
      core.texts.push_back({.bytes = std::move(text), .any_case = any_case_});
    }
    return core.texts.empty() ? TextCore{} : core;
  }

  [[nodiscard]] double bits(const std::string& text) const {
    if (is_ordinary(text)) {
      return 0;
    }
    const auto letters = any_case_ ? static_cast<double>(std::ranges::count_if(text, is_letter)) : 0;
    return 8 * static_cast<double>(text.size()) - letters;
  }

  // The rarest run of children that are texts, or the rarest core of a child that is not.
  TextCore of_sequence(const PatternNode& node) const {
    TextCore best;
    const auto offer = [&best](TextCore core) {
      if (best.texts.empty() || core.information > best.information) {
        best = std::move(core);
      }
    };
    Texts run;
    const auto append = [&](const Texts& own) {
      Texts longer = run.empty() ? own : followed_by(run, own);
      if (longer.empty()) {
        offer(measured(std::move(run)));
        longer = own;
      }
      run = std::move(longer);
    };
    for (const PatternNode& child : node.children) {
      const Texts own = texts(child);
      if (!own.empty()) {
        append(own);
      } else if (child.kind == Kind::repeat && child.min > 0) {  // of `ab+c` every match holds "ab" and "bc"
        const Texts once = texts(child.children.front());
        append(once);
        append({});
        append(once);
      } else {
        append({});
        offer(find(child));
      }
    }
    offer(measured(std::move(run)));
    return best;
  }

  TextCore of_choice(const PatternNode& node) const {
    TextCore all;
    all.information = std::numeric_limits<double>::max();
    for (const PatternNode& child : node.children) {
      TextCore core = find(child);
      if (core.texts.empty() || all.texts.size() + core.texts.size() > most_texts) {
        return {};
      }
      all.information = std::min(all.information, core.information);
      std::ranges::move(core.texts, std::back_inserter(all.texts));
    }
    return all;
  }

  bool any_case_;
};

}  // namespace

TextCore rarest_texts(const PatternNode& node) {
  // What may be capital somewhere is looked for in any case everywhere: that finds more, and is one text.
  const bool any_case = has_both_cases(node);
  return CoreFinder(any_case).find(any_case ? folded(node) : node);
}

}  // namespace ipguard::match
