#include "report/timeline.h"

#include <algorithm>
#include <array>

namespace ipguard::report {
namespace {

// Each a multiple of the one before, so that steps can be put together.
constexpr std::array<int64_t, 9> step_lengths = {60, 300, 900, 3600, 10'800, 43'200, 86'400, 604'800, 2'419'200};

int64_t length_of(size_t level) {
  const size_t last = step_lengths.size() - 1;
  return step_lengths.at(std::min(level, last)) << (level > last ? level - last : 0);
}

int64_t step_of(int64_t seconds, int64_t length) {
  return seconds >= 0 ? seconds / length : (seconds - length + 1) / length;
}

}  // namespace

size_t TimelineCounts::number_of(std::string_view attack_class) {
  const auto known = std::ranges::find(classes_, attack_class);
  if (known != classes_.end()) {
    return static_cast<size_t>(known - classes_.begin());
  }
  if (classes_.size() >= most_classes) {
    return most_classes - 1;
  }
  classes_.emplace_back(classes_.size() + 1 < most_classes ? attack_class : "other");
  return classes_.size() - 1;
}

void TimelineCounts::add(size_t attack_class, TimePoint time, uint64_t count) {
  int64_t step = step_of(seconds_since_epoch(time), length_of(level_));
  if (counts_.empty()) {
    begin_ = step;
    counts_.emplace_back(most_classes, 0);
  }
  if (step < begin_ || step >= begin_ + static_cast<int64_t>(counts_.size())) {
    widen(step);
    step = step_of(seconds_since_epoch(time), length_of(level_));
  }
  counts_[static_cast<size_t>(step - begin_)][attack_class] += count;
}

void TimelineCounts::merge(const TimelineCounts& other) {
  std::vector<size_t> numbers;
  numbers.reserve(other.classes_.size());
  for (const auto& name : other.classes_) {
    numbers.push_back(number_of(name));
  }
  for (size_t i = 0; i < other.counts_.size(); ++i) {
    const TimePoint time{Seconds((other.begin_ + static_cast<int64_t>(i)) * length_of(other.level_))};
    for (size_t k = 0; k < numbers.size(); ++k) {
      if (other.counts_[i][k] > 0) {
        add(numbers[k], time, other.counts_[i][k]);
      }
    }
  }
}

// Makes room for a step, in longer steps if there are too many.
void TimelineCounts::widen(int64_t step) {
  int64_t first = std::min(step, begin_);
  int64_t last = std::max(step, begin_ + static_cast<int64_t>(counts_.size()) - 1);
  while (last - first >= static_cast<int64_t>(most_steps)) {
    const int64_t factor = length_of(level_ + 1) / length_of(level_);
    std::deque<std::vector<uint64_t>> wider;
    const int64_t wider_begin = step_of(begin_, factor);
    for (size_t i = 0; i < counts_.size(); ++i) {
      const auto place = static_cast<size_t>(step_of(begin_ + static_cast<int64_t>(i), factor) - wider_begin);
      wider.resize(std::max(wider.size(), place + 1), std::vector<uint64_t>(most_classes, 0));
      for (size_t k = 0; k < most_classes; ++k) {
        wider[place][k] += counts_[i][k];
      }
    }
    counts_ = std::move(wider);
    begin_ = wider_begin;
    first = step_of(first, factor);
    last = step_of(last, factor);
    ++level_;
  }
  while (begin_ > first) {
    counts_.emplace_front(most_classes, 0);
    --begin_;
  }
  while (begin_ + static_cast<int64_t>(counts_.size()) <= last) {
    counts_.emplace_back(most_classes, 0);
  }
}

Timeline TimelineCounts::result() const {
  Timeline timeline{.step = Seconds(length_of(level_)),
                    .begin = TimePoint(Seconds(begin_ * length_of(level_))),
                    .classes = classes_,
                    .counts = {counts_.begin(), counts_.end()}};
  for (auto& counts : timeline.counts) {
    counts.resize(classes_.size());
  }
  return timeline;
}

}  // namespace ipguard::report
