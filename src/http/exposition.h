// ExpositionWriter: metrics as text, in OpenMetrics 1.0 or in Prometheus' text format 0.0.4.
// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "http/headers.h"

namespace ipguard::http {

enum class MetricType { counter, gauge, histogram };

using Label = std::pair<std::string_view, std::string_view>;

// A histogram's state: counts of observations up to each bound, not cumulated, and one more for those beyond.
struct Buckets {
  std::span<const double> bounds;    // ascending
  std::span<const uint64_t> counts;  // one more than bounds
  double sum = 0;
};

// Families are written one after the other; all samples of a family stand together. Names, units and help are ours and
// need no escape; values of labels are anybody's: they are made valid UTF-8 and escaped.
class ExpositionWriter {
 public:
  explicit ExpositionWriter(Exposition format) : format_(format) {}

  // Begins a family. `name` has neither "_total" nor a prefix of ours, and ends in "_" and the unit if there is one.
  void family(MetricType type, std::string_view name, std::string_view help, std::string_view unit = {});
  void sample(uint64_t value, std::initializer_list<Label> labels = {});
  void sample(double value, std::initializer_list<Label> labels = {});
  void histogram(const Buckets& buckets);

  // All of it, ended as the format wants it.
  [[nodiscard]] std::string finish() &&;
  [[nodiscard]] static std::string_view content_type(Exposition format);

 private:
  void begin_sample(std::string_view suffix, std::initializer_list<Label> labels);
  void append(double value);

  Exposition format_;
  std::string text_;
  std::string name_;  // of the family, with our prefix
  MetricType type_ = MetricType::gauge;
};

// The value between quotes: backslash, quote and line feed escaped, invalid UTF-8 replaced.
[[nodiscard]] std::string escape_label(std::string_view value);

}  // namespace ipguard::http
