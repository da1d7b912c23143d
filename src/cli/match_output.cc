#include "cli/match_output.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "match/hit_trace.h"

namespace ipguard::cli {
namespace {

constexpr size_t longest_shown = 100;  // bytes of matched text, for people

void put_span(JsonWriter& json, std::string_view text, const std::optional<match::TextSpan>& span) {
  if (span) {
    json.number("begin", span->begin);
    json.number("end", span->end);
  } else {
    json.null("begin");
    json.null("end");
  }
  json.text("text", text);
}

void put_pattern(JsonWriter& json, const match::MatchedPattern& pattern) {
  json.text("field", model::to_string(pattern.field));
  json.text_or_null("key", pattern.key);
  put_span(json, pattern.text, pattern.span);
}

void put_hit(JsonWriter& json, const model::Hit& hit, const match::HitTrace& trace) {
  json.open('{');
  json.text("rule", hit.rule->id);
  json.text("service", hit.rule->service);
  json.text("kind", model::to_string(hit.rule->kind));
  if (trace.patterns.empty()) {
    for (const char* key : {"field", "key", "begin", "end", "text"}) {
      json.null(key);
    }
  } else {
    put_pattern(json, trace.patterns.front());
  }
  json.text("address_from", match::to_string(trace.address_from));
  json.open('{', "captures");
  for (const auto& capture : trace.captures) {
    json.open('{', capture.name);
    put_span(json, capture.text, capture.span);
    json.close('}');
  }
  json.close('}');
  if (trace.patterns.size() > 1) {
    json.open('[', "also");
    for (size_t i = 1; i < trace.patterns.size(); ++i) {
      json.open('{');
      put_pattern(json, trace.patterns[i]);
      json.close('}');
    }
    json.close(']');
  }
  json.close('}');
}

std::string quoted(std::string_view text, const std::optional<match::TextSpan>& span) {
  std::string result = " \"" + printable(text, longest_shown) + '"';
  if (!span) {
    return result + " (decoded)";
  }
  return result + " (bytes " + std::to_string(span->begin) + '-' + std::to_string(span->end) + ')';
}

std::string origin_text(const match::HitTrace& trace) {
  return trace.address_from == match::AddressOrigin::session ? "; its session's address stands in another line" : "";
}

std::string hit_text(const model::Hit& hit, const match::HitTrace& trace) {
  std::string text = "    " + hit.rule->id + ": ";
  if (!trace.own_line) {
    return text + "hit an earlier line of the session; its address stands in this one\n";
  }
  if (trace.patterns.empty()) {
    text += "no pattern: hit by status, method and size alone";
  }
  const char* separator = "";
  for (const auto& pattern : trace.patterns) {
    text += separator;
    text += pattern.key.empty() ? std::string(model::to_string(pattern.field)) : printable(pattern.key, longest_shown);
    text += quoted(pattern.text, pattern.span);
    separator = " and ";
  }
  for (const auto& capture : trace.captures) {
    text += "; " + std::string(capture.name) + quoted(capture.text, capture.span);
  }
  return text + origin_text(trace) + '\n';
}

}  // namespace

void put_line(JsonWriter& json, uint64_t number, const match::LineResult& result, const match::RuleSet& rules) {
  const auto& event = result.event;
  json.open('{');
  json.number("line", number);
  json.text_or_null("format", event.format);
  json.text_or_null("time", event.time ? format_rfc3339(*event.time) : "");
  if (event.address) {
    json.printed("address", *event.address);
  } else {
    json.null("address");
  }
  json.text_or_null("user", result.user);
  json.open('[', "hits");
  for (const auto& hit : result.hits) {
    put_hit(json, hit, match::trace(rules, event, hit));
  }
  json.close(']');
  json.close('}');
  json.end_line();
}

std::string hit_details(const match::LineResult& result, const match::RuleSet& rules) {
  std::string text;
  for (const auto& hit : result.hits) {
    text += hit_text(hit, match::trace(rules, result.event, hit));
  }
  return text;
}

}  // namespace ipguard::cli
