#include "http/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace ipguard::http {
namespace {

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::histogram:
      return "histogram";
    case MetricType::gauge:
      break;
  }
  return "gauge";
}

}  // namespace

std::string escape_label(std::string_view value) {
  std::string escaped;
  for (const char c : to_valid_utf8(value)) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

void ExpositionWriter::family(MetricType type, std::string_view name, std::string_view help, std::string_view unit) {
  // Names that every exporter has in common ("process_…") have no prefix.
  name_ = name.starts_with("process_") ? "" : "ipguard_";
  name_ += name;
  type_ = type;
  // The older format names a counter's family as its samples.
  const std::string family = name_ + (type == MetricType::counter && format_ == Exposition::text ? "_total" : "");
  text_.append("# TYPE ").append(family).append(1, ' ').append(name_of(type)).append(1, '\n');
  if (!unit.empty() && format_ == Exposition::open_metrics) {
    text_.append("# UNIT ").append(family).append(1, ' ').append(unit).append(1, '\n');
  }
  text_.append("# HELP ").append(family).append(1, ' ').append(help).append(1, '\n');
}

void ExpositionWriter::begin_sample(std::string_view suffix, std::initializer_list<Label> labels) {
  text_.append(name_).append(suffix);
  char before = '{';
  for (const auto& [name, value] : labels) {
    text_.append(1, before).append(name).append("=\"").append(escape_label(value)).append(1, '"');
    before = ',';
  }
  text_ += before == ',' ? "} " : " ";
}

void ExpositionWriter::sample(uint64_t value, std::initializer_list<Label> labels) {
  begin_sample(type_ == MetricType::counter ? "_total" : "", labels);
  text_ += std::to_string(value) + '\n';
}

void ExpositionWriter::sample(double value, std::initializer_list<Label> labels) {
  begin_sample(type_ == MetricType::counter ? "_total" : "", labels);
  append(value);
  text_ += '\n';
}

void ExpositionWriter::histogram(const Buckets& buckets) {
  uint64_t count = 0;
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    count += buckets.counts[i];
    text_.append(name_).append("_bucket{le=\"");
    if (i < buckets.bounds.size()) {
      append(buckets.bounds[i]);
    } else {
      text_ += "+Inf";
    }
    text_.append("\"} ").append(std::to_string(count)).append(1, '\n');
  }
  text_.append(name_).append("_count ").append(std::to_string(count)).append(1, '\n');
  text_.append(name_).append("_sum ");
  append(buckets.sum);
  text_ += '\n';
}

// Shortest digits that read back the same, with a point, as OpenMetrics wants bounds to be written ("1.0").
void ExpositionWriter::append(double value) {
  std::array<char, 40> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), std::isfinite(value) ? value : 0.0).ptr;
  const std::string_view written(digits.data(), static_cast<size_t>(end - digits.data()));
  text_ += written;
  text_ += written.find_first_of(".e") == std::string_view::npos ? ".0" : "";
}

std::string ExpositionWriter::finish() && {
  if (format_ == Exposition::open_metrics) {
    text_ += "# EOF\n";
  }
  return std::move(text_);
}

std::string_view ExpositionWriter::content_type(Exposition format) {
  return format == Exposition::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace ipguard::http
