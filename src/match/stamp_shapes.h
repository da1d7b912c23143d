// The dates among the shapes of app_stamp.h. Internal to app_stamp.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "match/stamp_scanner.h"
#include "match/timestamp.h"

namespace ipguard::match {

// A date that begins with a digit.
[[nodiscard]] std::optional<StampPrefix> parse_number_date(std::string_view text, const StampClock& clock);
// A date that begins with the name of a month or weekday.
[[nodiscard]] std::optional<StampPrefix> parse_name_date(std::string_view text, const StampClock& clock);

// Whether a stamp may end at `length`: no letter and no digit follows.
[[nodiscard]] bool stamp_ends(std::string_view text, size_t length);

// A point or comma and digits, if they are there; false when there are more than nine.
bool read_fraction(StampScanner& scanner, std::chrono::microseconds& fraction);

}  // namespace ipguard::match
