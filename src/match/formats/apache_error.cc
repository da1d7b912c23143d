// Apache's error log, by position (server/log.c, do_errorlog_default; the messages behind are escaped by Apache):
//
//   2.4  [Tue Feb 25 04:30:17.123456 2020] [module:level] [pid N:tid N] [client ADDR:PORT] AH01234: message
//        between pid and client may stand the source ("mod_x.c(123): ") and the system's error ("(13)Permission denied:
//        ")
//   2.2  [Tue Feb 25 04:30:17 2020] [level] [client ADDR] message
//
// The field `level` keeps the module ("authz_core:error").
// 2.4 writes the port behind a bare colon, also for IPv6 ("2001:db8::1:51234"): there the last group is the port,
// always.
// "[remote …]" is written where a connection has no place in the scoreboard: those that Apache opened itself, to a back
// end, but also the secondary ones of HTTP/2, which are the client's. So it is the client only where the module is one
// that looks at clients' requests alone (authentication and access control).
// ModSecurity begins its messages with "[client ADDR] ModSecurity: ", before anything of the client's.
// With ErrorLog syslog the stamp is missing (wrapped.h).
#include "base/ascii.h"
#include "match/formats/formats.h"
#include "match/formats/modsecurity.h"
#include "match/formats/request.h"
#include "match/formats/wrapped.h"
#include "match/timestamp.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;
using net::Address;

// How groups begin, bracket included.
constexpr std::string_view pid_mark = "[pid ";
constexpr std::string_view client_mark = "[client ";
constexpr std::string_view remote_mark = "[remote ";

// The content of a bracket group at the beginning of `rest`, which moves behind it and its blank.
std::optional<std::string_view> take_group(std::string_view& rest) {
  if (!rest.starts_with('[')) {
    return std::nullopt;
  }
  const size_t end = rest.find("] ");
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto content = rest.substr(1, end - 1);
  rest = rest.substr(end + 2);
  return content;
}

bool is_level(std::string_view group) {
  if (group.empty() || group.size() > 64) {
    return false;
  }
  for (const char c : group) {
    if (!is_lower(c) && !is_digit(c) && c != '_' && c != ':' && c != '-') {
      return false;
    }
  }
  return true;
}

bool is_source_text(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/'; }

// "mod_x.c(123): "
std::string_view skip_source(std::string_view rest) {
  size_t position = 0;
  while (position < rest.size() && position < 128 && is_source_text(rest[position])) {
    ++position;
  }
  const size_t close = rest.find("): ", position);
  if (position == 0 || rest.substr(position, 1) != "(" || close == std::string_view::npos ||
      !all_digits(rest.substr(position + 1, close - position - 1))) {
    return rest;
  }
  return rest.substr(close + 3);
}

// "(13)Permission denied: ": strerror(3)'s words, which hold no bracket and no colon.
std::string_view skip_system_error(std::string_view rest) {
  const size_t close = rest.find(')');
  if (!rest.starts_with('(') || close == std::string_view::npos || !all_digits(rest.substr(1, close - 1))) {
    return rest;
  }
  const size_t end = rest.find_first_of(":[", close);
  if (end == std::string_view::npos || rest.substr(end, 2) != ": ") {
    return rest;
  }
  return rest.substr(end + 2);
}

std::optional<Address> parse_client(std::string_view text, bool port_written) {
  if (!port_written) {
    return Address::parse_logged(text);
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Address::parse(text);
  }
  if (!all_digits(text.substr(colon + 1))) {
    return std::nullopt;
  }
  return Address::parse_logged(text.substr(0, colon));
}

// Modules that only ever see requests of clients.
bool sees_clients_only(std::string_view module) { return module.starts_with("auth") || module == "access_compat"; }

// From "[module:level] " on; `time_missing`: in syslog, where level alone would be too little to go by: a process id or
// a client has to follow it.
bool parse_from_level(std::string_view rest, bool time_missing, bool truncated, Event& event) {
  const auto level = take_group(rest);
  if (!level || !is_level(*level)) {
    return false;
  }
  const size_t colon = level->find(':');
  const auto module = level->substr(0, colon == std::string_view::npos ? 0 : colon);
  event[Field::level] = *level;
  const bool has_pid = rest.starts_with(pid_mark);
  if (has_pid) {
    if (const auto process = take_group(rest)) {
      const auto pid = process->substr(pid_mark.size() - 1);
      event[Field::pid] = pid.substr(0, pid.find(':'));
    }
  } else if (time_missing && !rest.starts_with(client_mark)) {
    return false;
  }
  auto behind_client = has_pid ? skip_system_error(skip_source(rest)) : rest;
  const bool is_remote = behind_client.starts_with(remote_mark);
  if (behind_client.starts_with(client_mark) || is_remote) {
    const auto client = take_group(behind_client);
    const bool is_modsecurity = take_modsecurity_client(behind_client).address.has_value();
    if (client && (!is_remote || sees_clients_only(module))) {
      event.address = parse_client(client->substr(client_mark.size() - 1), has_pid);
      rest = behind_client;
    } else if (client && is_modsecurity) {
      rest = behind_client;
    }
  }
  if (truncated) {
    return true;
  }
  const auto modsecurity = take_modsecurity_client(rest);
  if (modsecurity.address && !event.address) {
    event.address = modsecurity.address;
  }
  event[Field::message] = modsecurity.message;
  return true;
}

class ApacheError final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "apache-error"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::error; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    auto rest = line.text;
    const auto stamp = take_group(rest);
    if (!stamp) {
      return false;
    }
    const auto time = parse_apache_error_stamp(*stamp, context.clock());
    if (!time) {
      return false;
    }
    reset_event(*this, event);
    event.time = time;
    return parse_from_level(rest, false, line.truncated, event);
  }
};

}  // namespace

bool parse_apache_error_message(std::string_view text, bool truncated, Event& event) {
  reset_event(apache_error_format(), event);
  return parse_from_level(text, true, truncated, event);
}

const LogFormat& apache_error_format() {
  static const ApacheError format;
  return format;
}

}  // namespace ipguard::match
