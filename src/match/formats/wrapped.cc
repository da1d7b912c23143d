// Container runtimes' lines, and the way into any wrapper.
//
//   CRI             STAMP stdout|stderr F|P LINE    (Kubernetes: pkg/kubelet/kuberuntime/logs); P is a part of a line
//   docker compose  SERVICE<blanks>| LINE           (`docker compose logs`)
//
// The columns before LINE are the runtime's. It splits lines after 16 KiB, and a program's line of more than that, with
// a client's words at the right place, makes the last part begin with them: no parser of single lines can see that. The
// daemon puts the parts together before they come here (input/part_joiner.h).
#include "match/formats/wrapped.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/formats.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::LogKind;
using model::RawLine;

// HTTP servers whose tag may go on: "nginx-access", "httpd/backend1", "caddy_log".
constexpr std::array<std::string_view, 17> server_programs = {
    "nginx", "apache", "apache2",   "httpd",         "caddy",       "traefik",   "lighttpd", "haproxy",  "openresty",
    "angie", "envoy",  "litespeed", "openlitespeed", "varnishncsa", "bunkerweb", "docker",   "freenginx"};

bool is_server_event(const Event& event) { return event.kind == LogKind::access || event.kind == LogKind::error; }

ParseContext inside(const ParseContext& context) {
  ParseContext inner = context;
  ++inner.wrapped;
  inner.mixed = true;
  return inner;
}

// The blanks and bar behind a service's name, `docker compose logs`; npos if the line is no such one.
size_t compose_prefix(std::string_view text) {
  constexpr size_t longest = 128;
  size_t end = 0;
  const auto is_name = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; };
  while (end < text.size() && end < longest && is_name(text[end])) {
    ++end;
  }
  const size_t bar = text.find_first_not_of(' ', end);
  if (end == 0 || bar == std::string_view::npos || bar == end || bar > longest || text.substr(bar, 2) != "| ") {
    return std::string_view::npos;
  }
  return bar + 2;
}

class Container final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "container"; }
  [[nodiscard]] LogKind kind() const override { return LogKind::app; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto stamp = parse_iso_stamp(line.text, context.clock());
    if (!stamp) {
      const size_t begin = compose_prefix(line.text);
      return begin != std::string_view::npos &&
             parse_contained(line, line.text.substr(begin), true, std::nullopt, context, event);
    }
    constexpr size_t columns = 10;  // " stdout F "
    const auto rest = line.text.substr(stamp->length);
    return rest.starts_with(' ') && is_contained(rest.substr(1)) &&
           parse_contained(line, rest.substr(columns), rest[columns - 2] == 'F', stamp->time, context, event);
  }
};

}  // namespace

bool parse_contained(const RawLine& outer, std::string_view text, bool complete, std::optional<TimePoint> time,
                     const ParseContext& context, Event& event) {
  if (context.wrapped >= most_wrappers) {
    return false;
  }
  const RawLine line{
      .text = text, .offset = outer.offset, .source = outer.source, .truncated = outer.truncated || !complete};
  if (recognise(line, inside(context), nullptr, event) != nullptr) {
    if (!event.time) {
      event.time = time;
    }
    return true;
  }
  if (line.truncated || !time) {
    return false;
  }
  reset_event(app_format(), event);
  event.time = time;
  event[Field::message] = text;
  event[Field::body] = text;
  return true;
}

std::optional<WrappedLine> unwrap(const RawLine& line, const ParseContext& context) {
  if (line.truncated) {
    return std::nullopt;
  }
  if (auto docker = unwrap_docker(line, context)) {
    return docker;
  }
  const auto stamp = parse_iso_stamp(line.text, context.clock());
  constexpr std::string_view complete = " stdout F ";
  if (stamp && is_contained(line.text.substr(std::min(stamp->length + 1, line.text.size())))) {
    const auto rest = line.text.substr(stamp->length);
    return rest[complete.size() - 2] == 'F' ? std::optional(WrappedLine{rest.substr(complete.size()), stamp->time})
                                            : std::nullopt;
  }
  ParseContext as_it_is = context;
  as_it_is.wrapped = most_wrappers;  // the message is not looked into
  Event event;
  if (!syslog_format().parse(line, as_it_is, event)) {
    return std::nullopt;
  }
  return WrappedLine{.text = event[Field::message], .time = event.time};
}

bool is_contained(std::string_view behind_stamp) {
  return (behind_stamp.starts_with("stdout ") || behind_stamp.starts_with("stderr ")) &&
         (behind_stamp.substr(7).starts_with("F ") || behind_stamp.substr(7).starts_with("P "));
}

bool is_server_program(std::string_view program) {
  return std::ranges::any_of(server_programs, [program](std::string_view name) {
    if (!program.starts_with(name)) {
      return false;
    }
    const auto behind = program.substr(name.size());
    return behind.empty() || behind[0] == '/' || behind[0] == '-' || behind[0] == '_' || behind[0] == '.';
  });
}

bool parse_server_message(const RawLine& outer, std::string_view text, bool records, std::optional<TimePoint> time,
                          const ParseContext& context, Event& event) {
  if (context.wrapped >= most_wrappers) {
    return false;
  }
  const ParseContext inner = inside(context);
  const RawLine line{.text = text, .offset = outer.offset, .source = outer.source, .truncated = outer.truncated};
  const std::array<const LogFormat*, 7> formats = {
      &vhost_combined_format(), &combined_format(),     &combined_variant_format(),        &haproxy_format(),
      &nginx_error_format(),    &apache_error_format(), records ? &json_format() : nullptr};
  const bool known = std::ranges::any_of(formats, [&](const LogFormat* format) {
    return format != nullptr && format->parse(line, inner, event) && is_server_event(event);
  });
  if (!known && !parse_apache_error_message(text, line.truncated, event)) {
    return false;
  }
  if (!event.time) {
    event.time = time;
  }
  return true;
}

const LogFormat& container_format() {
  static const Container format;
  return format;
}

}  // namespace ipguard::match
