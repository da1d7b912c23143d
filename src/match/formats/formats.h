// The formats themselves, one object each, without state; format.h is the way to them.
#pragma once

#include "match/format.h"

namespace ipguard::match {

[[nodiscard]] const LogFormat& combined_format();
[[nodiscard]] const LogFormat& vhost_combined_format();
[[nodiscard]] const LogFormat& nginx_error_format();
[[nodiscard]] const LogFormat& apache_error_format();
[[nodiscard]] const LogFormat& syslog_format();

// For a LogFormat's parse(): an event with all fields reset.
inline void reset_event(const LogFormat& format, model::Event& event) {
  event = model::Event{};
  event.format = format.name();
  event.kind = format.kind();
}

}  // namespace ipguard::match
