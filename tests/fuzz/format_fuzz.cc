// links: match
// Every format over any bytes: no crash, fields within the line or the scratch, and what holds for all of them.
// The first byte's lowest bit says whether the line was cut, the next one whether lines are mixed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "match/format.h"
#include "match/url_normalise.h"
#include "parsed_fields.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::in_scratch;
using fuzz::require;
using fuzz::within;

void check_event(const model::Event& event, std::string_view line, const match::ParseScratch& scratch) {
  for (size_t i = 0; i < model::field_count; ++i) {
    const auto field = event.fields[i];
    // The path of "http://host" is a slash of our own.
    const bool own = static_cast<model::Field>(i) == model::Field::path && field == "/";
    require(field.empty() || own || within(field, line) || in_scratch(field, scratch));
  }
  for (const auto& value : event.record) {
    require(value.name.empty() || within(value.name, line) || in_scratch(value.name, scratch));
    require(value.value.empty() || within(value.value, line) || in_scratch(value.value, scratch));
  }
  require(event.record.empty() || event.record.data() == scratch.record.values.data());
  for (const char c : event[model::Field::status]) {
    require(c >= '0' && c <= '9');
  }
  for (const char c : event[model::Field::bytes]) {
    require(c >= '0' && c <= '9');
  }
  // Only access and error logs say by position who the client is.
  require(!event.address || event.kind == model::LogKind::access || event.kind == model::LogKind::error);
}

void check_normalising(std::string_view target) {
  std::string scratch;
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const bool changed = match::normalise_path(path, scratch) != path;
  require(!changed || match::needs_normalising(target));
  if (mark != std::string_view::npos) {
    const auto query = target.substr(mark + 1);
    require(match::normalise_query(query, scratch) == query || match::needs_normalising(target));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string line(reinterpret_cast<const char*>(data) + 1, size - 1);
  const model::RawLine raw{.text = line, .offset = 0, .source = 0, .truncated = (data[0] & 1) != 0};
  match::ParseScratch scratch;
  const match::ParseContext context{
      .now = TimePoint(std::chrono::seconds(1772064000)), .scratch = &scratch, .mixed = (data[0] & 2) != 0};
  model::Event event;
  for (const auto* format : match::all_formats()) {
    if (format->parse(raw, context, event)) {
      require(match::find_format(event.format) != nullptr);
      check_event(event, line, scratch);
    }
    if (match::recognise(raw, context, format, event) != nullptr) {
      check_event(event, line, scratch);
    }
  }
  if (match::bare_message_format().parse(raw, context, event)) {
    require(event[model::Field::message].size() <= line.size());
    check_event(event, line, scratch);
  }
  check_normalising(line);
  return 0;
}
