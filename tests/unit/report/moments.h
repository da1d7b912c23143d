// What the report's tests write often.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "net/address.h"

namespace ipguard::report {

inline TimePoint at(int64_t second) { return TimePoint(Seconds(second)); }
inline net::Address address(const std::string& text) { return *net::Address::parse(text); }

}  // namespace ipguard::report
