// links: http
// Headers that ipguard reads itself, and labels of metrics: never a crash, no label leaves its quotes, and who reads
// the metrics gets the label back.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/exposition.h"
#include "http/headers.h"
#include "require.h"

namespace {

using namespace ipguard::http;
using ipguard::fuzz::require;

void check_headers(std::string_view text) {
  if (const auto host = host_of(text)) {
    // What was read is a host by itself and reads the same.
    const auto again = host_of(host->find(':') == std::string::npos ? *host : '[' + *host + ']');
    require(again == host);
  } else {
    require(!is_own_host(text, {}));
  }
  require(!fault_of_target(text).empty() || text.find("%00") == std::string_view::npos);
  HeaderCheck headers;
  headers.see(text);
  require(headers.fault().empty() || !headers.has_host());
  headers.see(text);
  require(!headers.fault().empty() || !headers.has_host(), "two hosts are one too many");
  require(bearer_of(text).size() < text.size() || text.empty());
  static_cast<void>(exposition_for(text));
}

// The value behind `at`, which stands behind the opening quote, as the specification says that it is read.
std::string read_label(std::string_view metrics, size_t& at) {
  std::string value;
  for (; metrics.at(at) != '"'; ++at) {
    require(metrics[at] != '\n', "a label that ends its line");
    if (metrics[at] != '\\') {
      value += metrics[at];
      continue;
    }
    const char escaped = metrics.at(++at);
    require(escaped == '\\' || escaped == '"' || escaped == 'n', "an escape that there is not");
    value += escaped == 'n' ? '\n' : escaped;
  }
  ++at;
  return value;
}

// One sample with two labels, a counter and a gauge, and what stands around them.
void check_metrics(std::string_view text, Exposition format) {
  ExpositionWriter writer(format);
  writer.family(MetricType::counter, "hits", "Hits.");
  writer.sample(uint64_t{7}, {{"rule", text}, {"source", "x"}});
  writer.family(MetricType::gauge, "level", "A level.");
  writer.sample(0.5, {{"rule", text}});
  const auto metrics = std::move(writer).finish();
  const auto is_open = format == Exposition::open_metrics;
  size_t at = metrics.find("\nipguard_hits_total{rule=\"");
  require(at != std::string::npos);
  at += std::string_view("\nipguard_hits_total{rule=\"").size();
  const auto valid = ipguard::to_valid_utf8(text);
  require(read_label(metrics, at) == valid, "another label is read than was written");
  constexpr std::string_view between =
      ",source=\"x\"} 7\n# TYPE ipguard_level gauge\n# HELP ipguard_level A level.\n"
      "ipguard_level{rule=\"";
  require(std::string_view(metrics).substr(at).starts_with(between));
  at += between.size();
  require(read_label(metrics, at) == valid);
  require(std::string_view(metrics).substr(at) == (is_open ? "} 0.5\n# EOF\n" : "} 0.5\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_headers(text);
  check_metrics(text, Exposition::open_metrics);
  check_metrics(text, Exposition::text);
  return 0;
}
