// Records of named values: a JSON object, or key=value pairs, as flat lists.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "match/format.h"
#include "model/event.h"

namespace ipguard::match {

// Bounds of a record; one beyond them is no record.
inline constexpr size_t most_record_values = 256;
inline constexpr size_t longest_value_name = 256;  // with its dots
inline constexpr int deepest_record = 16;

// `text` as one JSON object (RFC 8259, strictly; only that strings may hold bytes that are no UTF-8, as they come from
// logs), blanks before and after it allowed. Names are dotted paths, arrays count by index; an empty object or array is
// no value; numbers, true, false and null are their text. A name may occur twice. False leaves the scratch unspecified.
[[nodiscard]] bool parse_json_record(std::string_view text, RecordScratch& scratch);

// `text` as at least three key=value pairs and nothing else, each parted from the next by blanks: values bare (no quote
// in them) or quoted, with the escapes of strconv.Quote (Go).
[[nodiscard]] bool parse_logfmt_record(std::string_view text, RecordScratch& scratch);

using Record = std::span<const model::NamedValue>;

// The value of that name; null if there is none.
[[nodiscard]] const model::NamedValue* find_value(Record record, std::string_view name);
// The same, but also null if the name occurs twice: whoever could write a second one wrote it for a reason.
[[nodiscard]] const model::NamedValue* find_only_value(Record record, std::string_view name);

// What the record says of its time, under one of the usual names.
[[nodiscard]] std::optional<TimePoint> record_time(Record record, const StampClock& clock);

// A value as the time of an event: seconds or smaller units since 1970, or a stamp of app_stamp.h.
[[nodiscard]] std::optional<TimePoint> parse_record_time(std::string_view text, const StampClock& clock);

// Sets `record` of an event whose message begins like one, if it is one.
void attach_record(std::string_view message, ParseScratch& scratch, model::Event& event);

}  // namespace ipguard::match
