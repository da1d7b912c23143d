// Zoraxy's router log (src/mod/dynamicproxy/dpcore, LogHTTPRequest):
//
//   [YYYY/MM/DD hh:mm:ss ][STAMP] [router:TYPE] [origin:HOST] [client: ADDRESS] [useragent: AGENT] METHOD PATH STATUS
//
// HOST is the Host header, which Go's server lets through without a blank only: "] [client: " cannot be in it. But the
// client is what the request's own X-Real-Ip, CF-Connecting-IP or X-Forwarded-For says (GetRequesterIP), so anybody may
// be written there by anybody. The address is therefore kept only where the operator asks for this format by name,
// which says: a proxy in front of Zoraxy replaces those headers. "auto" recognises the line and drops the address.
#include "match/app_stamp.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

// "[MARK CONTENT] " at the beginning of `rest`, which moves behind it.
bool take_bracket(std::string_view& rest, std::string_view mark, std::string_view& content) {
  const size_t end = rest.find("] ");
  if (!rest.starts_with(mark) || end == std::string_view::npos) {
    return false;
  }
  content = rest.substr(mark.size(), end - mark.size());
  rest.remove_prefix(end + 2);
  return true;
}

// The agent's bracket is the last: what follows it, a method, a path without blanks and a status, has none.
bool take_agent(std::string_view& rest, std::string_view& agent) {
  constexpr std::string_view mark = "[useragent: ";
  const size_t end = rest.rfind("] ");
  if (!rest.starts_with(mark) || end == std::string_view::npos || end < mark.size()) {
    return false;
  }
  agent = rest.substr(mark.size(), end - mark.size());
  rest.remove_prefix(end + 2);
  return true;
}

class Zoraxy final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "zoraxy"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    auto rest = line.text;
    if (line.truncated) {
      return false;
    }
    // Go's log package writes its own stamp before the program's.
    if (!rest.starts_with('[')) {
      const auto stamp = parse_app_stamp(rest, context.clock());
      if (!stamp || rest.substr(stamp->length, 1) != " ") {
        return false;
      }
      rest.remove_prefix(stamp->length + 1);
    }
    std::string_view stamp_text;
    std::string_view router;
    std::string_view origin;
    std::string_view client;
    std::string_view agent;
    if (!take_bracket(rest, "[", stamp_text) || !take_bracket(rest, "[router:", router) ||
        !take_bracket(rest, "[origin:", origin) || !take_bracket(rest, "[client: ", client) ||
        !take_agent(rest, agent)) {
      return false;
    }
    const auto stamp = parse_app_stamp(stamp_text, context.clock());
    const auto method = take_column(rest);
    const size_t blank = rest.rfind(' ');
    if (!stamp || stamp->length != stamp_text.size() || !stamp->time || blank == std::string_view::npos ||
        !is_status(rest.substr(blank + 1))) {
      return false;
    }
    reset_event(*this, event);
    event.time = stamp->time;
    event.address = net::Address::parse_logged(client);
    event[Field::status] = rest.substr(blank + 1);
    event[Field::vhost] = origin;
    event[Field::user_agent] = agent;
    fill_request_columns({.method = method, .target = rest.substr(0, blank), .query = {}, .protocol = {}}, false,
                         line.text, *context.scratch, event);
    return true;
  }
};

}  // namespace

const LogFormat& zoraxy_format() {
  static const Zoraxy format;
  return format;
}

}  // namespace ipguard::match
