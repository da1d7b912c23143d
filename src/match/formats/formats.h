// The formats themselves, one object each, without state; format.h is the way to them.
#pragma once

#include "match/format.h"

namespace ipguard::match {

[[nodiscard]] const LogFormat& combined_format();
[[nodiscard]] const LogFormat& vhost_combined_format();
[[nodiscard]] const LogFormat& combined_variant_format();
[[nodiscard]] const LogFormat& haproxy_format();
[[nodiscard]] const LogFormat& aws_alb_format();
[[nodiscard]] const LogFormat& w3c_format();
[[nodiscard]] const LogFormat& nginx_proxy_manager_format();
[[nodiscard]] const LogFormat& zoraxy_format();
[[nodiscard]] const LogFormat& nginx_error_format();
[[nodiscard]] const LogFormat& apache_error_format();
[[nodiscard]] const LogFormat& json_format();
[[nodiscard]] const LogFormat& container_format();
[[nodiscard]] const LogFormat& syslog_format();
[[nodiscard]] const LogFormat& logfmt_format();
[[nodiscard]] const LogFormat& app_format();

// "2020-02-25 04:30:17": syslog daemons write 'T'.
inline bool has_blank_stamp(std::string_view text) { return text.size() > 10 && text[4] == '-' && text[10] == ' '; }

// For a LogFormat's parse(): an event with all fields reset.
inline void reset_event(const LogFormat& format, model::Event& event) {
  event = model::Event{};
  event.format = format.name();
  event.kind = format.kind();
}

}  // namespace ipguard::match
