// links: match
// Any format string, over any line: no crash, and fields within the line or the scratch. The first byte tells the
// syntax (nginx, nginx with escape=json, Apache, JSON by names) and whether the line was cut; the format ends at the
// first 0xff.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "match/format_compiler.h"
#include "match/formats/w3c_order.h"
#include "match/forwarded_client.h"
#include "parsed_fields.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::in_scratch;
using fuzz::require;
using fuzz::within;

config::FormatConfig format_of(uint8_t kind, std::string_view text) {
  config::FormatConfig config{.name = "own", .text = std::string(text), .json_escape = kind == 1};
  config.syntax = kind < 2    ? config::FormatSyntax::nginx
                  : kind == 2 ? config::FormatSyntax::apache
                              : config::FormatSyntax::json;
  for (size_t field = 0; kind == 3 && field < config::json_fields.size(); ++field) {
    config.names.push_back({.field = field, .path = std::string(text.substr(0, 8)) + std::to_string(field)});
  }
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto text = all.substr(0, all.find('\xff'));
  const std::string line(all.substr(std::min(all.size(), text.size() + 1)));
  const auto config = format_of(data[0] & 3U, text);
  match::ForwardedClient forwarded{.value = "x", .quoted = 4};
  forwarded.proxies[*net::Prefix::parse("198.51.100.0/24")];
  for (const std::string_view field : {"", "$http_x_forwarded_for", "%{X-Forwarded-For}i"}) {
    config::Diagnostics diagnostics;
    const auto format = match::compile_format(config, {.name = field}, diagnostics);
    require((format == nullptr) == diagnostics.has_errors());
    if (format == nullptr) {
      continue;
    }
    match::ParseScratch scratch;
    const match::ParseContext context{.now = TimePoint(std::chrono::seconds(1772064000)),
                                      .scratch = &scratch,
                                      .named = true,
                                      .forwarded = field.empty() ? nullptr : &forwarded};
    model::Event event;
    if (!format->parse({.text = line, .truncated = (data[0] & 4U) != 0}, context, event)) {
      continue;
    }
    for (size_t i = 0; i < model::field_count; ++i) {
      const auto value = event.fields[i];
      const bool own = static_cast<model::Field>(i) == model::Field::path && value == "/";
      require(value.empty() || own || within(value, line) || in_scratch(value, scratch));
    }
    for (const auto field_of_digits : {model::Field::status, model::Field::bytes}) {
      require(event[field_of_digits].find_first_not_of("0123456789") == std::string_view::npos);
    }
    require(!event.address || event.kind == model::LogKind::access);
  }
  static_cast<void>(match::parse_w3c_fields(line, text));
  return 0;
}
