// The logs of Nginx Proxy Manager (docker/rootfs/etc/nginx/conf.d/include/log.conf) and of NPMplus:
//
//   [stamp] [CACHE UPSTREAM-STATUS ]STATUS - METHOD SCHEME HOST "TARGET" [Client ADDRESS] [Length N] [Gzip N]
//     [[Sent-to SERVER] ]"AGENT" "REFERER"
//   [stamp] HOST ADDRESS SECONDS "REQUEST" STATUS BYTES BYTES REFERER AGENT
//
// nginx writes no bare quote of a client's, so the first one opens TARGET or REQUEST; the first that closes it is
// followed by `[Client `. In the second form HOST, a Host header, stands before the client: it has to be one word,
// which nginx sees to by answering 400 to others; with more words there is no address.
#include "base/ascii.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

// Takes the last word off.
std::string_view take_last(std::string_view& rest) {
  const auto blank = rest.rfind(' ');
  const auto word = blank == std::string_view::npos ? rest : rest.substr(blank + 1);
  rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(0, blank);
  return word;
}

bool is_seconds(std::string_view column) {
  return !column.empty() && column.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "[NAME VALUE]" at `position`, behind a blank.
std::string_view bracket(std::string_view text, size_t& position, std::string_view name) {
  const auto rest = text.substr(position);
  if (!rest.starts_with(" [") || !rest.substr(2).starts_with(name)) {
    return {};
  }
  const size_t end = rest.find(']');
  if (end == std::string_view::npos) {
    return {};
  }
  position += end + 1;
  return rest.substr(2 + name.size(), end - 2 - name.size());
}

// Behind the request's closing quote, the first form.
bool fill_brackets(std::string_view text, size_t position, ParseScratch& scratch, Event& event) {
  const auto client = bracket(text, position, "Client ");
  const auto length = bracket(text, position, "Length ");
  if (client.empty() || length.empty()) {
    return false;
  }
  event.address = net::Address::parse_logged(client);
  event[Field::bytes] = all_digits(length) ? length : std::string_view{};
  bracket(text, position, "Gzip ");
  bracket(text, position, "Sent-to ");
  for (const Field field : {Field::user_agent, Field::referer}) {
    std::string_view content;
    if (!take_quoted(text, position, content)) {
      break;
    }
    event[field] = undo_log_escapes(without_hyphen(content), scratch.fields[static_cast<size_t>(field)]);
  }
  return true;
}

// Behind the request's closing quote, the second form: " STATUS BYTES BYTES REFERER AGENT".
bool fill_plain(std::string_view rest, Event& event) {
  if (!rest.starts_with(' ')) {
    return false;
  }
  rest.remove_prefix(1);
  const auto status = take_column(rest);
  const auto bytes = take_column(rest);
  const auto sent = take_column(rest);
  if (!is_status(status) || !all_digits(bytes) || !all_digits(sent)) {
    return false;
  }
  event[Field::status] = status;
  event[Field::bytes] = bytes;
  event[Field::referer] = without_hyphen(take_column(rest));
  event[Field::user_agent] = without_hyphen(rest);
  return true;
}

class NginxProxyManager final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "nginx-proxy-manager"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto text = line.text;
    constexpr size_t behind_stamp = clf_stamp_length + 3;
    if (line.truncated || text.size() < behind_stamp || text[0] != '[' ||
        text.substr(clf_stamp_length + 1, 2) != "] ") {
      return false;
    }
    const auto time = parse_clf_stamp(text.substr(1, clf_stamp_length));
    const size_t quote = text.find(" \"", behind_stamp);
    if (!time || quote == std::string_view::npos) {
      return false;
    }
    const size_t close = find_closing_quote(text, quote + 2);
    if (close == std::string_view::npos) {
      return false;
    }
    reset_event(*this, event);
    event.time = time;
    const auto columns = text.substr(behind_stamp, quote - behind_stamp);
    const auto content = text.substr(quote + 2, close - quote - 2);
    return parse_manager(columns, content, text, close + 1, *context.scratch, event) ||
           parse_plus(columns, content, text.substr(close + 1), *context.scratch, event);
  }

 private:
  static bool parse_manager(std::string_view columns, std::string_view target, std::string_view text, size_t position,
                            ParseScratch& scratch, Event& event) {
    const auto host = take_last(columns);
    const auto scheme = take_last(columns);
    const auto method = take_last(columns);
    const auto hyphen = take_last(columns);
    const auto status = take_last(columns);
    if ((scheme != "http" && scheme != "https") || hyphen != "-" || !is_status(status) ||
        !fill_brackets(text, position, scratch, event)) {
      return false;
    }
    event[Field::status] = status;
    event[Field::vhost] = host;
    fill_request_columns({.method = method, .target = target, .query = {}, .protocol = {}}, true, text, scratch, event);
    return true;
  }
  static bool parse_plus(std::string_view columns, std::string_view request, std::string_view behind,
                         ParseScratch& scratch, Event& event) {
    const auto seconds = take_last(columns);
    const auto client = take_last(columns);
    if (!is_seconds(seconds) || !is_address(client) || columns.empty() || !fill_plain(behind, event)) {
      return false;
    }
    if (columns.find(' ') == std::string_view::npos) {
      event.address = net::Address::parse_logged(client);
      event[Field::vhost] = columns;
    }
    fill_request(request, true, true, scratch, event);
    return true;
  }
};

}  // namespace

const LogFormat& nginx_proxy_manager_format() {
  static const NginxProxyManager format;
  return format;
}

}  // namespace ipguard::match
