// The combined log format of Apache and nginx (and the common one, without referer and user agent), alone and behind a
// virtual-host column:
//
//   [VHOST ]CLIENT IDENT USER [dd/Mon/yyyy:hh:mm:ss +zzzz] "REQUEST" STATUS BYTES "REFERER" "USER AGENT" …
//
// https://httpd.apache.org/docs/2.4/logs.html#combined, https://nginx.org/en/docs/http/ngx_http_log_module.html
//
// What an attacker can write, and why it does not matter:
//  - USER may hold blanks, brackets and a whole stamp, but no bare quote: both servers escape it. So the request begins
//    at the first quote that follows a well-formed stamp, and the client stands before everything of the attacker's.
//  - The virtual-host column may be the Host header ($http_host), blanks included, although nginx answers 400 to that:
//    `Host: 192.0.2.1 - -` yields `192.0.2.1 - - CLIENT - - [stamp]`. Among the columns before the stamp an address
//    that still has two columns behind it may then be the true client; where there is such a choice, there is no
//    address, unless the source's format was named: that says that the column is the server's own name ($host, %v) or
//    cannot hold blanks. For the same reason whatever has the fixed middle is claimed, by one of the two, even where no
//    address is to be had: `Host: Feb 25 04:30:17 host sshd[1]: …` must not make a line of syslog out of it.
#include "base/ascii.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/formats/request.h"
#include "match/forwarded_client.h"
#include "match/timestamp.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;
using net::Address;

// Where the line's fixed middle, ` [stamp] "`, stands.
struct Anchor {
  size_t columns_end = 0;    // of the columns before the stamp, the blank excluded
  size_t request_begin = 0;  // after the opening quote
  TimePoint time;
};

// ` [` stamp `] `, counted back from the quote.
constexpr size_t stamp_to_quote = clf_stamp_length + 4;

std::optional<Anchor> find_anchor(std::string_view text) {
  for (size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    if (quote <= stamp_to_quote) {
      continue;
    }
    const size_t begin = quote - stamp_to_quote;
    if (text[begin] != ' ' || text[begin + 1] != '[' || text[quote - 2] != ']' || text[quote - 1] != ' ') {
      continue;
    }
    if (const auto time = parse_clf_stamp(text.substr(begin + 2, clf_stamp_length))) {
      return Anchor{begin, quote + 1, *time};
    }
  }
  return std::nullopt;
}

// Whether `columns` hold an address with at least two columns (ident and user) behind it.
bool holds_another_client(std::string_view columns) {
  while (!columns.empty()) {
    const auto column = take_column(columns);
    const auto blank = columns.find(' ');
    if (blank == std::string_view::npos) {
      return false;
    }
    if (is_address(column)) {
      return true;
    }
  }
  return false;
}

// A client logged by name (Apache's HostnameLookups): it must at least have a dot.
bool is_host_name(std::string_view column) {
  return is_vhost_column(column) && column.find('.') != std::string_view::npos &&
         column.find(':') == std::string_view::npos;
}

// Whether ` STATUS BYTES` (BYTES a number or '-') begins at `position`; moves behind it.
bool take_status_and_bytes(std::string_view text, size_t& position, Event& event) {
  const auto rest = text.substr(position);
  if (rest.size() < 6 || rest[0] != ' ' || rest[4] != ' ') {
    return false;
  }
  const auto status = rest.substr(1, 3);
  const auto bytes = rest.substr(5, rest.find(' ', 5) - 5);
  if (!all_digits(status) || (bytes != "-" && !all_digits(bytes))) {
    return false;
  }
  event[Field::status] = status;
  event[Field::bytes] = bytes == "-" ? std::string_view{} : bytes;
  position += 5 + bytes.size();
  return true;
}

// The end of a line that was cut: a status or byte count counts only when a blank shows that it is whole.
void fill_cut_tail(std::string_view tail, Event& event) {
  if (tail.size() >= 5 && tail[0] == ' ' && tail[4] == ' ' && all_digits(tail.substr(1, 3))) {
    event[Field::status] = tail.substr(1, 3);
  }
}

void fill_referer_and_agent(std::string_view text, size_t position, ParseScratch& scratch, Event& event) {
  for (const Field field : {Field::referer, Field::user_agent}) {
    std::string_view content;
    if (!take_quoted(text, position, content)) {
      return;
    }
    event[field] = undo_log_escapes(content, scratch.fields[static_cast<size_t>(field)]);
  }
}

// The address, if proxies say it in a quoted column of their own.
void take_forwarded(const ForwardedClient& forwarded, std::string_view text, size_t behind_request, Event& event) {
  std::optional<std::string_view> content;
  size_t position = behind_request;
  for (size_t column = 1; column < forwarded.quoted; ++column) {  // the request is the first
    const size_t open = text.find(" \"", position);
    const size_t close = open == std::string_view::npos ? open : find_closing_quote(text, open + 2);
    if (close == std::string_view::npos) {
      content.reset();
      break;
    }
    content = text.substr(open + 2, close - open - 2);
    position = close + 1;
  }
  event.address = client_behind(forwarded.proxies, *event.address, content);
}

// Everything from the request on. A server that does not escape quotes may leave some in the request: its end is the
// first closing quote that status and bytes follow.
bool fill_from_request(const RawLine& line, size_t request_begin, const ParseContext& context, Event& event) {
  const auto text = line.text;
  ParseScratch& scratch = *context.scratch;
  const bool forwarded = context.forwarded != nullptr && event.address;
  const size_t first_end = find_closing_quote(text, request_begin);
  for (size_t end = first_end; end != std::string_view::npos; end = find_closing_quote(text, end + 1)) {
    size_t position = end + 1;
    if (take_status_and_bytes(text, position, event)) {
      if (line.truncated && position == text.size()) {
        event[Field::bytes] = {};  // digits may be missing
      }
      fill_request(text.substr(request_begin, end - request_begin), true, true, scratch, event);
      fill_referer_and_agent(text, position, scratch, event);
      if (forwarded) {
        take_forwarded(*context.forwarded, text, position, event);
      }
      return true;
    }
  }
  if (!line.truncated) {
    return false;
  }
  if (forwarded) {
    event.address = client_behind(context.forwarded->proxies, *event.address, std::nullopt);
  }
  const bool complete = first_end != std::string_view::npos;
  const auto request = text.substr(request_begin, complete ? first_end - request_begin : first_end);
  fill_request(request, complete, true, scratch, event);
  if (complete) {
    fill_cut_tail(text.substr(first_end + 1), event);
  }
  return true;
}

// IDENT and USER; USER is all the rest. Apache writes an empty user name as two quotes.
void fill_user(std::string_view columns, ParseScratch& scratch, Event& event) {
  take_column(columns);
  if (columns != "-" && columns != "\"\"") {
    event[Field::user] = undo_log_escapes(columns, scratch.fields[static_cast<size_t>(Field::user)]);
  }
}

class Combined final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "combined"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto anchor = find_anchor(line.text);
    if (!anchor) {
      return false;
    }
    auto columns = line.text.substr(0, anchor->columns_end);
    const auto client = take_column(columns);
    // An address where the ident belongs: the first column is a virtual host, even if it looks like an address.
    if (is_address(columns.substr(0, columns.find(' ')))) {
      return false;
    }
    reset_event(*this, event);
    event.time = anchor->time;
    event.address = Address::parse_logged(client);
    fill_user(columns, *context.scratch, event);
    return fill_from_request(line, anchor->request_begin, context, event);
  }
};

class VhostCombined final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "vhost-combined"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto anchor = find_anchor(line.text);
    if (!anchor) {
      return false;
    }
    auto columns = line.text.substr(0, anchor->columns_end);
    const auto vhost = take_column(columns);
    auto after_client = columns;
    const auto client = take_column(after_client);
    const auto address = Address::parse_logged(client);
    const bool ambiguous = !context.named && holds_another_client(after_client);
    const bool named = is_host_name(client) && !is_address(vhost) && after_client.find(' ') != std::string_view::npos;
    if (!address && !ambiguous && !named) {
      return false;
    }
    reset_event(*this, event);
    event.time = anchor->time;
    if (!ambiguous && is_vhost_column(vhost)) {
      event.address = address;
      event[Field::vhost] = vhost == "-" ? std::string_view{} : vhost;
      fill_user(after_client, *context.scratch, event);
    }
    return fill_from_request(line, anchor->request_begin, context, event);
  }
};

}  // namespace

const LogFormat& combined_format() {
  static const Combined format;
  return format;
}

const LogFormat& vhost_combined_format() {
  static const VhostCombined format;
  return format;
}

}  // namespace ipguard::match
