// TimelineCounts: hits by class over the time that a log covers, in at most so many steps however long that is.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "report/document.h"

namespace ipguard::report {

// Steps become longer (a minute, five, … a week, then doubled) when there would be too many. Used by one thread.
class TimelineCounts {
 public:
  static constexpr size_t most_steps = 360;
  // Rules are written by people: more classes than these are counted together, as "other".
  static constexpr size_t most_classes = 32;

  // The number of a class, for add().
  [[nodiscard]] size_t number_of(std::string_view attack_class);
  [[nodiscard]] const std::string& name_of(size_t attack_class) const { return classes_[attack_class]; }
  void add(size_t attack_class, TimePoint time, uint64_t count = 1);
  // What another one has counted. Of its steps that are longer than these, each goes into the first that it covers.
  void merge(const TimelineCounts& other);
  [[nodiscard]] Timeline result() const;

 private:
  void widen(int64_t step);

  std::vector<std::string> classes_;
  size_t level_ = 0;   // of the lengths of steps
  int64_t begin_ = 0;  // number of the first step: its time divided by its length
  std::deque<std::vector<uint64_t>> counts_;
};

}  // namespace ipguard::report
