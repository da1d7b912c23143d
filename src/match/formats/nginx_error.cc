// nginx's error log (src/core/ngx_log.c, ngx_http_log_error_handler):
//
//   YYYY/MM/DD hh:mm:ss [level] PID#TID: *CID MESSAGE, client: ADDR, server: NAME, request: "LINE", …, host: "HOST"
//
// nginx escapes nothing here. MESSAGE may hold decoded paths and user names, and request, host and referrer what the
// client sent, quotes included; so `, client: ` proves nothing by itself. The address is taken only
//  - if the line belongs to a connection (*CID) and was not cut, by us or by nginx (NGX_MAX_ERROR_STR): the genuine
//    `, client: ` may be in what is missing;
//  - if there is one `, client: ` in the whole line, or the message before the first is one of those into which nginx
//    puts nothing of the client's;
//  - if `, server: ` or the end of the line follows the address.
// Or, whatever follows, from where ModSecurity begins its messages: "*CID [client ADDR] ModSecurity: ".
// What no parser of single lines can see: nginx writes a decoded line feed (%0a in a path, a user name) as it is, so
// that a client can write whole lines of its own into this log. Rules on it should ban single addresses and briefly.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/formats.h"
#include "match/formats/modsecurity.h"
#include "match/formats/request.h"
#include "match/timestamp.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

constexpr std::string_view client_mark = ", client: ";
constexpr std::string_view server_mark = ", server: ";
constexpr std::string_view request_mark = ", request: \"";

// NGX_MAX_ERROR_STR is 2048, line feed included: a line of this length was cut by nginx.
constexpr size_t longest_line = 2047;

// Messages without a word of the client's up to `, client: ` (zone names and limits are the configuration's).
constexpr std::array<std::string_view, 7> plain_messages = {
    "access forbidden by rule",
    "limiting requests, excess: ",
    "limiting requests, dry run, excess: ",
    "limiting connections by zone ",
    "delaying request, excess: ",
    "no user/password was provided for basic authentication",
    "client intended to send too large body: ",
};

struct Prefix {
  TimePoint time;
  std::string_view level;
  std::string_view pid;
  bool of_connection = false;
  size_t length = 0;
};

// Everything before MESSAGE.
std::optional<Prefix> parse_prefix(std::string_view text, const StampClock& clock) {
  const auto stamp = parse_nginx_error_stamp(text, clock);
  if (!stamp || text.substr(stamp->length, 2) != " [") {
    return std::nullopt;
  }
  Prefix prefix;
  prefix.time = stamp->time;
  const size_t level_begin = stamp->length + 2;
  const size_t level_end = text.find(']', level_begin);
  if (level_end == std::string_view::npos || level_end - level_begin > 8) {
    return std::nullopt;
  }
  prefix.level = text.substr(level_begin, level_end - level_begin);
  auto rest = text.substr(level_end + 1);
  const size_t hash = rest.find('#');
  const size_t colon = rest.find(": ");
  if (!rest.starts_with(' ') || hash == std::string_view::npos || colon == std::string_view::npos || hash > colon ||
      !all_digits(rest.substr(1, hash - 1)) || !all_digits(rest.substr(hash + 1, colon - hash - 1))) {
    return std::nullopt;
  }
  prefix.pid = rest.substr(1, hash - 1);
  prefix.length = level_end + 1 + colon + 2;
  rest = text.substr(prefix.length);
  const size_t blank = rest.find(' ');
  if (rest.starts_with('*') && blank != std::string_view::npos && all_digits(rest.substr(1, blank - 1))) {
    prefix.of_connection = true;
    prefix.length += blank + 1;
  }
  return prefix;
}

bool is_plain_message(std::string_view message) {
  return std::ranges::any_of(plain_messages, [&](std::string_view begin) { return message.starts_with(begin); });
}

// `, server: NAME` and `, request: "LINE"` where they follow at once; the request only if its closing quote is beyond
// doubt: the first quote, right after the protocol.
void fill_from_tail(std::string_view tail, ParseScratch& scratch, Event& event) {
  if (!tail.starts_with(server_mark)) {
    return;
  }
  const size_t server_end = tail.find(',', server_mark.size());
  event[Field::vhost] = tail.substr(server_mark.size(), server_end - server_mark.size());
  if (server_end == std::string_view::npos || !tail.substr(server_end).starts_with(request_mark)) {
    return;
  }
  const size_t begin = server_end + request_mark.size();
  const size_t end = tail.find('"', begin);
  if (end == std::string_view::npos) {
    return;
  }
  const auto request = tail.substr(begin, end - begin);
  const size_t protocol = request.rfind(" HTTP/");
  if (protocol != std::string_view::npos && request.size() - protocol <= 10) {
    fill_request(request, true, false, scratch, event);
  }
}

class NginxError final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "nginx-error"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::error; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto text = line.text;
    const auto prefix = parse_prefix(text, context.clock());
    if (!prefix) {
      return false;
    }
    reset_event(*this, event);
    event.time = prefix->time;
    event[Field::level] = prefix->level;
    event[Field::pid] = prefix->pid;
    if (line.truncated) {
      return true;  // the message is not complete, and the client stands behind it
    }
    const auto modsecurity = take_modsecurity_client(text.substr(prefix->length));
    const auto body = modsecurity.message;
    event[Field::message] = body;
    if (prefix->of_connection && modsecurity.address) {
      event.address = modsecurity.address;
    }
    const size_t mark = body.find(client_mark);
    if (mark == std::string_view::npos || !prefix->of_connection || text.size() >= longest_line) {
      return true;
    }
    const bool only_one = body.find(client_mark, mark + client_mark.size()) == std::string_view::npos;
    if (!only_one && !is_plain_message(body.substr(0, mark))) {
      return true;
    }
    const auto behind = body.substr(mark + client_mark.size());
    const size_t end = std::min(behind.find(','), behind.size());
    if (end != behind.size() && !behind.substr(end).starts_with(server_mark)) {
      return true;
    }
    const auto address = net::Address::parse_logged(behind.substr(0, end));
    if (address && (!event.address || event.address == address)) {
      event.address = address;
      event[Field::message] = body.substr(0, mark);
      fill_from_tail(behind.substr(end), *context.scratch, event);
    }
    return true;
  }
};

}  // namespace

const LogFormat& nginx_error_format() {
  static const NginxError format;
  return format;
}

}  // namespace ipguard::match
