// Format items: nginx's log_format (format_items.h).
#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "match/format_items.h"

namespace ipguard::match {
namespace {

struct Variable {
  std::string_view name;
  Role role = Role::none;
  Shape shape = Shape::text;
  uint8_t length = 0;
  bool by_client = false;
};

constexpr uint8_t clf_length = 26;  // "25/Feb/2020:04:30:17 +0000"
constexpr uint8_t iso_length = 25;  // "2020-02-25T04:30:17+00:00"

// What is known of a variable's value. All others are text that clients may write: headers, arguments, cookies, and
// what maps make of them.
constexpr std::array<Variable, 61> variables = {{
    {"remote_addr", Role::address, Shape::address},
    {"realip_remote_addr", Role::address, Shape::address},
    {"time_local", Role::time, Shape::fixed, clf_length},
    {"time_iso8601", Role::time, Shape::fixed, iso_length},
    {"msec", Role::time, Shape::number},
    {"request", Role::request, Shape::text, 0, true},
    {"request_method", Role::method, Shape::word, 0, true},
    {"request_uri", Role::target, Shape::text, 0, true},
    {"uri", Role::target, Shape::text, 0, true},
    {"document_uri", Role::target, Shape::text, 0, true},
    {"args", Role::query, Shape::text, 0, true},
    {"query_string", Role::query, Shape::text, 0, true},
    {"is_args", Role::none, Shape::word},
    {"server_protocol", Role::protocol, Shape::word},
    {"status", Role::status, Shape::number},
    {"body_bytes_sent", Role::bytes, Shape::number},
    {"bytes_sent", Role::bytes, Shape::number},
    {"http_referer", Role::referer, Shape::text, 0, true},
    {"http_user_agent", Role::user_agent, Shape::text, 0, true},
    {"remote_user", Role::user, Shape::text, 0, true},
    // Since 1.21.1 nginx answers 400 to a Host header with a blank and has no $host then; older ones let it through.
    {"host", Role::vhost, Shape::word, 0, true},
    {"server_name", Role::vhost, Shape::word},
    {"http_host", Role::vhost, Shape::text, 0, true},
    {"request_time", Role::none, Shape::number},
    {"request_length", Role::none, Shape::number},
    {"connection", Role::none, Shape::number},
    {"connection_requests", Role::none, Shape::number},
    {"connection_time", Role::none, Shape::number},
    {"pid", Role::none, Shape::number},
    {"remote_port", Role::none, Shape::number},
    {"realip_remote_port", Role::none, Shape::number},
    {"proxy_protocol_port", Role::none, Shape::number},
    {"server_port", Role::none, Shape::number},
    {"gzip_ratio", Role::none, Shape::number},
    {"limit_rate", Role::none, Shape::number},
    {"tcpinfo_rtt", Role::none, Shape::number},
    {"tcpinfo_rttvar", Role::none, Shape::number},
    {"tcpinfo_snd_cwnd", Role::none, Shape::number},
    {"tcpinfo_rcv_space", Role::none, Shape::number},
    {"server_addr", Role::none, Shape::address},
    {"proxy_protocol_addr", Role::none, Shape::address},
    {"proxy_protocol_server_addr", Role::none, Shape::address},
    {"pipe", Role::none, Shape::word},
    {"scheme", Role::none, Shape::word},
    {"https", Role::none, Shape::word},
    {"http2", Role::none, Shape::word},
    {"http3", Role::none, Shape::word},
    {"ssl_protocol", Role::none, Shape::word},
    {"ssl_cipher", Role::none, Shape::word},
    {"ssl_curve", Role::none, Shape::word},
    {"ssl_session_id", Role::none, Shape::word},
    {"ssl_session_reused", Role::none, Shape::word},
    {"ssl_client_verify", Role::none, Shape::text},
    {"request_id", Role::none, Shape::word},
    {"request_completion", Role::none, Shape::word},
    {"hostname", Role::none, Shape::word},
    {"nginx_version", Role::none, Shape::word},
    {"upstream_addr", Role::none, Shape::text},
    {"upstream_status", Role::none, Shape::text},
    {"upstream_response_time", Role::none, Shape::text},
    {"upstream_cache_status", Role::none, Shape::word},
}};

FormatItem item_of(std::string_view name, size_t offset) {
  FormatItem item{.variable = "$" + std::string(name), .offset = offset};
  if (const auto* const known = std::ranges::find(variables, name, &Variable::name); known != variables.end()) {
    item.role = known->role;
    item.shape = known->shape;
    item.length = known->length;
    item.by_client = known->by_client;
  }
  return item;
}

bool is_name_char(char c) { return is_alnum(c) || c == '_'; }

std::string_view take_word(std::string_view written, size_t& at) {
  const size_t begin = at;
  while (at < written.size() && !is_blank(written[at]) && written[at] != ';') {
    ++at;
  }
  return written.substr(begin, at - begin);
}

void skip_blanks_at(std::string_view written, size_t& at) {
  while (at < written.size() && is_blank(written[at])) {
    ++at;
  }
}

using Unquoted = std::expected<UnquotedText, FormatProblem>;

// [log_format NAME] [escape=…] 'STRING' … [;]
Unquoted read_directive(std::string_view written, size_t at, bool& json_escape) {
  if (written.substr(at).starts_with("log_format")) {
    take_word(written, at);
    skip_blanks_at(written, at);
    take_word(written, at);
    skip_blanks_at(written, at);
  }
  constexpr std::string_view escape = "escape=";
  if (written.substr(at).starts_with(escape)) {
    const size_t begin = at;
    const auto kind = take_word(written, at).substr(escape.size());
    if (kind != "default" && kind != "json") {
      return std::unexpected(FormatProblem{begin, "with escape=none clients write quotes and line feeds into the log",
                                           "write escape=default or escape=json, in nginx.conf too"});
    }
    json_escape = kind == "json";
  }
  UnquotedText unquoted;
  for (skip_blanks_at(written, at); at < written.size() && written[at] != ';'; skip_blanks_at(written, at)) {
    const size_t begin = at;
    if (written[at] == '\'' || written[at] == '"') {
      if (!take_string(written, at, unquoted)) {
        return std::unexpected(FormatProblem{begin, "this quote is not closed"});
      }
      continue;
    }
    take_word(written, at);
    for (size_t i = begin; i < at; ++i) {
      unquoted.add(written[i], i);
    }
  }
  return unquoted;
}

Unquoted unquote(std::string_view written, bool& json_escape) {
  size_t begin = 0;
  skip_blanks_at(written, begin);
  const auto rest = written.substr(begin);
  if (rest.starts_with("log_format") || rest.starts_with("escape=") || rest.starts_with('\'')) {
    return read_directive(written, begin, json_escape);
  }
  UnquotedText unquoted;
  const auto extent = extent_of(written);
  for (size_t i = extent.begin; i < extent.end; ++i) {
    const char next = i + 1 < written.size() ? written[i + 1] : '\0';
    if (written[i] == '\\' && (next == '"' || next == '\'' || next == '\\' || next == 't')) {
      unquoted.add(next == 't' ? '\t' : next, i++);
    } else {
      unquoted.add(written[i], i);
    }
  }
  return unquoted;
}

}  // namespace

FormatExtent extent_of(std::string_view written) {
  if (written.find('\n') == std::string_view::npos) {
    return {.begin = 0, .end = written.size()};
  }
  size_t begin = 0;
  skip_blanks_at(written, begin);
  return {.begin = begin, .end = begin + trim(written.substr(begin)).size()};
}

bool take_string(std::string_view written, size_t& at, UnquotedText& into) {
  const char quote = written[at++];
  for (; at < written.size() && written[at] != quote; ++at) {
    char c = written[at];
    if (c == '\\' && at + 1 < written.size()) {
      const char next = written[at + 1];
      c = next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next;
      into.add(c, at++);
    } else {
      into.add(c, at);
    }
  }
  return at++ < written.size();
}

void add_literal(std::vector<FormatItem>& items, char c, size_t offset) {
  if (items.empty() || !items.back().is_literal()) {
    items.push_back({.offset = offset});
  }
  items.back().literal.push_back(c);
}

FormatItems nginx_items(std::string_view written, bool& json_escape) {
  const auto unquoted = unquote(written, json_escape);
  if (!unquoted) {
    return std::unexpected(unquoted.error());
  }
  const std::string_view text = unquoted->text;
  std::vector<FormatItem> items;
  for (size_t at = 0; at < text.size();) {
    const size_t offset = unquoted->offsets[at];
    if (text[at] != '$') {
      add_literal(items, text[at++], offset);
      continue;
    }
    const bool braces = text.substr(at + 1, 1) == "{";
    size_t end = at + (braces ? 2 : 1);
    const size_t begin = end;
    while (end < text.size() && is_name_char(text[end])) {
      ++end;
    }
    if (end == begin || (braces && text.substr(end, 1) != "}")) {
      return std::unexpected(FormatProblem{offset, "there is no variable's name behind this '$'"});
    }
    items.push_back(item_of(text.substr(begin, end - begin), offset));
    at = end + (braces ? 1 : 0);
  }
  return items;
}

}  // namespace ipguard::match
