// One JSON object a line. What it is, its names say:
//  - Docker's json-file driver, {"log":"LINE\n","stream":"stdout","time":"STAMP"}: the line in it is what counts
//    (https://docs.docker.com/engine/logging/drivers/json-file/). The driver splits lines after 16 KiB; only the last
//    part ends in a line feed.
//  - the record of a journal line that Upsun forwards, its message an HTTP server's access line;
//  - the access log of a server that writes JSON (json_access.cc);
//  - any other record: kind "fields".
// An encoder escapes what clients write, so that a client's text never becomes a name or another value. A log that was
// not encoded properly (a template without escaping) shows by names that occur twice, and those yield no address.
#include <algorithm>
#include <array>

#include "match/formats/formats.h"
#include "match/formats/json_access.h"
#include "match/formats/record.h"
#include "match/formats/wrapped.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::LogKind;
using model::NamedValue;
using model::RawLine;

bool is_docker_name(std::string_view name) {
  return name == "log" || name == "stream" || name == "time" || name.starts_with("attrs.");
}

bool is_docker(Record record) {
  return find_only_value(record, "log") != nullptr && find_only_value(record, "stream") != nullptr &&
         find_only_value(record, "time") != nullptr &&
         std::ranges::all_of(record, [](const NamedValue& value) { return is_docker_name(value.name); });
}

// The line in it goes to scratch.unwrapped; whether it is complete.
bool take_docker(Record record, ParseScratch& scratch) {
  std::string& text = scratch.unwrapped;
  text.assign(find_value(record, "log")->value);  // ends the record, if that stood in `text`
  const bool complete = text.ends_with('\n');
  if (complete) {
    text.pop_back();
    if (text.ends_with('\r')) {
      text.pop_back();
    }
  }
  return complete;
}

bool parse_docker(const RawLine& line, Record record, const ParseContext& context, Event& event) {
  const auto time = record_time(record, context.clock());
  const bool complete = take_docker(record, *context.scratch);
  return parse_contained(line, context.scratch->unwrapped, complete, time, context, event);
}

// "HOST PROGRAM: MESSAGE" or "HOST PROGRAM[PID]: MESSAGE" of a server's program: the message; nothing otherwise.
std::string_view server_message(std::string_view text) {
  const size_t host = text.find(' ');
  const size_t colon = text.find(": ", host == std::string_view::npos ? 0 : host);
  if (host == std::string_view::npos || colon == std::string_view::npos || colon - host > 100) {
    return {};
  }
  auto program = text.substr(host + 1, colon - host - 1);
  program = program.substr(0, program.find('['));
  return is_server_program(program) ? text.substr(colon + 2) : std::string_view{};
}

bool parse_forwarded(const RawLine& line, Record record, const ParseContext& context, Event& event) {
  const NamedValue* const message = find_only_value(record, "message");
  const NamedValue* const type = find_only_value(record, "type");
  if (message == nullptr || type == nullptr || type->value != "log.journald" ||
      find_only_value(record, "container.name") == nullptr) {
    return false;
  }
  const auto text = server_message(message->value);
  return !text.empty() && parse_server_message(line, text, false, record_time(record, context.clock()), context, event);
}

class Json final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "json"; }
  [[nodiscard]] LogKind kind() const override { return LogKind::fields; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    ParseScratch& scratch = *context.scratch;
    if (!line.text.starts_with('{') || line.truncated || !parse_json_record(line.text, scratch.record)) {
      return false;
    }
    const Record record = scratch.record.values;
    if (is_docker(record)) {
      return parse_docker(line, record, context, event);
    }
    if (parse_forwarded(line, record, context, event)) {
      event.record = record;
      return true;
    }
    reset_event(*this, event);
    event.record = record;
    event.time = record_time(record, context.clock());
    if (fill_access(record, line.text, context, event)) {
      event.kind = LogKind::access;
    }
    return true;
  }
};

}  // namespace

std::optional<WrappedLine> unwrap_docker(const RawLine& line, const ParseContext& context) {
  ParseScratch& scratch = *context.scratch;
  if (!line.text.starts_with('{') || !parse_json_record(line.text, scratch.record) ||
      !is_docker(scratch.record.values)) {
    return std::nullopt;
  }
  const auto time = record_time(scratch.record.values, context.clock());
  if (!take_docker(scratch.record.values, scratch)) {
    return std::nullopt;
  }
  return WrappedLine{.text = scratch.unwrapped, .time = time};
}

const LogFormat& json_format() {
  static const Json format;
  return format;
}

}  // namespace ipguard::match
