// All formats, the order in which they are tried, and whose line one is (format.h).
#include <algorithm>
#include <array>

#include "match/formats/formats.h"

namespace ipguard::match {
namespace {

// Formats that an access log's garbled line may look like.
bool takes_much(const LogFormat* format) { return format == &app_format() || format == &logfmt_format(); }

bool may_be_applications(const LogFormat* hint, const ParseContext& context) {
  return hint == nullptr || context.mixed || takes_much(hint) || hint == &syslog_format() || hint == &json_format() ||
         hint == &container_format();
}

// In an application's log, what a client's words could make of a line.
bool is_doubtful(const LogFormat* format, const model::RawLine& line, const model::Event& event) {
  if (format == &syslog_format()) {
    return has_blank_stamp(line.text);
  }
  return event.kind == model::LogKind::access && !event.address && format != &json_format();
}

// The access line of a server that logs to syslog or into a container looks like one with a virtual host in several
// words before the client, whose address then is in doubt. Read without the wrapper's columns, the only address left
// before the stamp is the true client's even if a Host header pretended to be those columns.
void read_within_wrapper(const model::RawLine& line, const ParseContext& context, const LogFormat* format,
                         model::Event& event) {
  model::Event inner;
  for (const LogFormat* wrapper : {&container_format(), &syslog_format()}) {
    if (wrapper->parse(line, context, inner) && inner.kind == model::LogKind::access) {
      event = inner;
      return;
    }
  }
  // The attempts have used the scratch.
  static_cast<void>(format->parse(line, context, event));
}

}  // namespace

std::span<const LogFormat* const> all_formats() {
  static const std::array<const LogFormat*, 15> formats = {&vhost_combined_format(),
                                                           &combined_format(),
                                                           &combined_variant_format(),
                                                           &haproxy_format(),
                                                           &aws_alb_format(),
                                                           &w3c_format(),
                                                           &nginx_proxy_manager_format(),
                                                           &zoraxy_format(),
                                                           &nginx_error_format(),
                                                           &apache_error_format(),
                                                           &json_format(),
                                                           &container_format(),
                                                           &syslog_format(),
                                                           &logfmt_format(),
                                                           &app_format()};
  return formats;
}

const LogFormat* find_format(std::string_view name) {
  if (name == bare_message_format().name()) {
    return &bare_message_format();
  }
  const auto formats = all_formats();
  const auto found = std::ranges::find(formats, name, &LogFormat::name);
  return found == formats.end() ? nullptr : *found;
}

const LogFormat* recognise(const model::RawLine& line, const ParseContext& context, const LogFormat* hint,
                           model::Event& event) {
  const auto accept = [&](const LogFormat* format) {
    if (!format->parse(line, context, event)) {
      return false;
    }
    if (format == &zoraxy_format()) {
      event.address.reset();
    } else if ((format == &vhost_combined_format() || format == &combined_format()) && !event.address) {
      read_within_wrapper(line, context, format, event);
    }
    return true;
  };
  // A bare message takes anything, "app" nearly so, and "combined-variant" takes exact lines as well: as hints they
  // would keep the source from ever being recognised.
  const bool of_app = hint == &app_format();
  const bool weak = of_app || hint == &bare_message_format() || hint == &combined_variant_format();
  if (hint != nullptr && !weak && accept(hint)) {
    return hint;
  }
  const bool applications = may_be_applications(hint, context);
  for (const LogFormat* format : all_formats()) {
    if ((format == hint && !weak) || (takes_much(format) && !applications)) {
      continue;
    }
    if (accept(format) && (!of_app || context.mixed || !is_doubtful(format, line, event))) {
      return format;
    }
  }
  return nullptr;
}

}  // namespace ipguard::match
