#include "match/formats/record.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/app_stamp.h"
#include "match/formats/record_writer.h"

namespace ipguard::match {
namespace {

using model::NamedValue;

// Where the usual loggers put the time, in the order of trust: the event's own before the collector's.
constexpr std::array<std::string_view, 22> time_names = {
    "time",         "ts",        "timestamp",  "@timestamp",         "t",
    "t.$date",      "date_time", "datetime",   "StartUTC",           "eventTime",
    "start_time",   "asctime",   "time_local", "time_iso8601",       "timeLocal",
    "requestTime",  "eventtime", "EventTime",  "EdgeStartTimestamp", "@t",
    "timestamp_ns", "date"};

constexpr std::string_view audit_mark = "audit(";

// The audit system's "msg=audit(1373330716.415:4063):".
std::optional<TimePoint> audit_time(std::string_view text) {
  if (!text.starts_with(audit_mark)) {
    return std::nullopt;
  }
  text.remove_prefix(audit_mark.size());
  return parse_epoch(text.substr(0, text.find(':')));
}

}  // namespace

std::optional<TimePoint> parse_record_time(std::string_view text, const StampClock& clock) {
  if (text.starts_with('[')) {
    text.remove_prefix(1);  // Apache's %t
    text = text.substr(0, text.find(']'));
  }
  if (text.size() > 64) {
    return std::nullopt;
  }
  if (const auto time = parse_epoch(text)) {
    return time;
  }
  const auto stamp = parse_app_stamp(text, clock);
  return stamp && stamp->length == text.size() ? stamp->time : std::nullopt;
}

int32_t hex4(std::string_view text) {
  if (text.size() < 4) {
    return -1;
  }
  int32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    if (!is_hex_digit(c)) {
      return -1;
    }
    value = value * 16 + hex_value(c);
  }
  return value;
}

int32_t hex2(std::string_view text) {
  if (text.size() < 2) {
    return -1;
  }
  const char padded[4] = {'0', '0', text[0], text[1]};
  return hex4(std::string_view(padded, sizeof padded));
}

bool RecordWriter::append_code_point(uint32_t code) {
  if (code >= 0xd800 && code < 0xe000) {
    code = 0xfffd;
  }
  const auto tail = [code](unsigned shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    return append(static_cast<char>(code));
  }
  if (code < 0x800) {
    return append(static_cast<char>(0xc0 | (code >> 6))) && append(tail(0));
  }
  if (code < 0x10000) {
    return append(static_cast<char>(0xe0 | (code >> 12))) && append(tail(6)) && append(tail(0));
  }
  return append(static_cast<char>(0xf0 | (code >> 18))) && append(tail(12)) && append(tail(6)) && append(tail(0));
}

const NamedValue* find_value(Record record, std::string_view name) {
  const auto found = std::ranges::find(record, name, &NamedValue::name);
  return found == record.end() ? nullptr : &*found;
}

const NamedValue* find_only_value(Record record, std::string_view name) {
  const NamedValue* const first = find_value(record, name);
  if (first == nullptr) {
    return nullptr;
  }
  const auto behind = record.subspan(static_cast<size_t>(first - record.data()) + 1);
  return find_value(behind, name) == nullptr ? first : nullptr;
}

std::optional<TimePoint> record_time(Record record, const StampClock& clock) {
  for (const auto name : time_names) {
    const NamedValue* const value = find_only_value(record, name);
    if (value == nullptr) {
      continue;
    }
    if (const auto time = parse_record_time(value->value, clock)) {
      return time;
    }
  }
  const NamedValue* const audit = find_value(record, "msg");  // a later one holds the message
  return audit == nullptr ? std::nullopt : audit_time(audit->value);
}

void attach_record(std::string_view message, ParseScratch& scratch, model::Event& event) {
  const bool is_record = message.starts_with('{') ? parse_json_record(message, scratch.record)
                                                  : parse_logfmt_record(message, scratch.record);
  if (is_record) {
    event.record = scratch.record.values;
  }
}

}  // namespace ipguard::match
