// HAProxy's HTTP log, `option httplog` (https://docs.haproxy.org/2.8/configuration.html#8.2.3) and `option httpslog`:
//
//   CLIENT:PORT [dd/Mon/yyyy:hh:mm:ss.mmm] FRONTEND BACKEND/SERVER TIMERS STATUS BYTES CC CS TERM CONNS QUEUES
//     [{CAPTURED}] [{CAPTURED}] "REQUEST" …
//
// and what it says of a connection that fails before there is a request:
//
//   CLIENT:PORT [stamp] FRONTEND/BIND: Connection error during SSL handshake
//
// The client stands first. Names of frontends, backends and servers are the configuration's and hold no blank; captured
// headers and the request are encoded by HAProxy: no quote and no brace of the client's is written as it is, so the
// request begins at the first quote behind the captures. A timer, status or size may be unknown ("-1", "+739").
#include "base/ascii.h"
#include "match/app_stamp.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::LogKind;
using model::RawLine;

// Numbers with signs, parted by slashes: "10/-1/0/+3".
bool is_timers(std::string_view column) {
  return column.find('/') != std::string_view::npos &&
         column.find_first_not_of("0123456789/+-") == std::string_view::npos;
}

bool is_known_number(std::string_view column) { return !column.empty() && column != "-1" && all_digits(column); }

bool is_signed_number(std::string_view column) {
  const bool has_sign = column.starts_with('-') || column.starts_with('+');
  return all_digits(column.substr(has_sign ? 1 : 0));
}

// Captured headers, "{a|b} "; false if a brace is not closed.
bool skip_captures(std::string_view& rest) {
  while (rest.starts_with('{')) {
    const size_t end = rest.find("} ");
    if (end == std::string_view::npos) {
      return false;
    }
    rest.remove_prefix(end + 2);
  }
  return true;
}

// Behind the stamp's bracket and blank.
bool parse_http(std::string_view rest, ParseScratch& scratch, Event& event) {
  take_column(rest);  // frontend
  const auto server = take_column(rest);
  const auto timers = take_column(rest);
  const auto status = take_column(rest);
  auto bytes = take_column(rest);
  if (server.find('/') == std::string_view::npos || !is_timers(timers) || !is_signed_number(status) ||
      !is_signed_number(bytes)) {
    return false;
  }
  take_column(rest);  // captured cookies
  take_column(rest);
  const auto termination = take_column(rest);
  const auto connections = take_column(rest);
  const auto queues = take_column(rest);
  if (termination.size() != 4 || !is_timers(connections) || !is_timers(queues) || !skip_captures(rest) ||
      !rest.starts_with('"')) {
    return false;
  }
  const size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) {
    return false;
  }
  bytes.remove_prefix(bytes.starts_with('+') ? 1 : 0);
  event[Field::status] = is_known_number(status) ? status : std::string_view{};
  event[Field::bytes] = is_known_number(bytes) ? bytes : std::string_view{};
  fill_request(rest.substr(1, end - 1), true, false, scratch, event);
  return true;
}

// "FRONTEND/BIND: MESSAGE", the message HAProxy's own words.
bool parse_failure(std::string_view rest, Event& event) {
  const size_t blank = rest.find(' ');
  const auto place = rest.substr(0, blank);
  if (blank == std::string_view::npos || !place.ends_with(':') || place.find('/') == std::string_view::npos) {
    return false;
  }
  event.kind = LogKind::error;
  event[Field::message] = rest.substr(blank + 1);
  return !event[Field::message].empty();
}

class Haproxy final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "haproxy"; }
  [[nodiscard]] LogKind kind() const override { return LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    auto rest = line.text;
    if (line.truncated) {
      return false;
    }
    const auto address = parse_with_port(take_column(rest));
    if (!address || !rest.starts_with('[')) {
      return false;
    }
    const auto stamp = parse_app_stamp(rest.substr(1), context.clock());
    if (!stamp || rest.substr(stamp->length + 1, 2) != "] ") {
      return false;
    }
    rest.remove_prefix(stamp->length + 3);
    reset_event(*this, event);
    event.time = stamp->time;
    event.address = address;
    return parse_http(rest, *context.scratch, event) || parse_failure(rest, event);
  }
};

}  // namespace

const LogFormat& haproxy_format() {
  static const Haproxy format;
  return format;
}

}  // namespace ipguard::match
