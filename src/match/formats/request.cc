#include "match/formats/request.h"

#include "base/ascii.h"
#include "match/rewrite_watch.h"
#include "match/url_normalise.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;

// The byte that the one-letter escape `letter` stands for; -1 for none.
int simple_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
      return static_cast<unsigned char>(letter);
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return -1;
  }
}

// RFC 9110 9.1: methods are case-sensitive tokens; the registered ones and those that scanners send are upper case.
bool is_method(std::string_view text) {
  if (text.empty() || text.size() > 32) {
    return false;
  }
  for (const char c : text) {
    if (!is_upper(c) && c != '-' && c != '_') {
      return false;
    }
  }
  return true;
}

bool is_protocol(std::string_view text) {
  return text.size() >= 6 && text.size() <= 10 && text.starts_with("HTTP/") && is_digit(text[5]);
}

// RFC 9112 3.2.2: the path of an absolute-form target begins after the authority.
std::string_view without_authority(std::string_view target) {
  const auto colon = target.find(':');
  if (colon == std::string_view::npos || colon == 0 || target.substr(colon, 3) != "://") {
    return target;
  }
  for (const char c : target.substr(0, colon)) {
    if (!is_alnum(c) && c != '+' && c != '-' && c != '.') {
      return target;
    }
  }
  const auto path = target.find_first_of("/?", colon + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

std::string& slot(ParseScratch& scratch, Field field) { return scratch.fields[static_cast<size_t>(field)]; }

// `complete` false: the target was cut; its path counts when a '?' ends it.
void fill_target(std::string_view target, bool complete, bool log_escaped, ParseScratch& scratch, Event& event) {
  if (log_escaped) {
    target = undo_log_escapes(target, slot(scratch, Field::target));
  }
  if (complete) {
    event[Field::target] = target;
  }
  if (event[Field::method] == "CONNECT") {
    return;  // authority-form: there is no path
  }
  const auto rest = target.starts_with('/') ? target : without_authority(target);
  const auto mark = rest.find('?');
  if (complete || mark != std::string_view::npos) {
    const auto path = mark == 0 ? std::string_view("/") : rest.substr(0, mark);  // "http://host?x": RFC 9110 4.2.3
    event[Field::path] = normalise_path(path, slot(scratch, Field::path));
  }
  if (complete && mark != std::string_view::npos) {
    event[Field::query] = normalise_query(rest.substr(mark + 1), slot(scratch, Field::query));
  }
}

}  // namespace

std::string_view undo_log_escapes(std::string_view text, std::string& scratch) {
  size_t backslash = text.find('\\');
  if (backslash == std::string_view::npos) {
    return text;
  }
  scratch.assign(text.substr(0, backslash));
  for (size_t i = backslash; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const int byte = simple_escape(text[i + 1]);
      if (byte >= 0) {
        scratch.push_back(static_cast<char>(byte));
        i += 2;
        continue;
      }
      if (text[i + 1] == 'x' && i + 3 < text.size() && is_hex_digit(text[i + 2]) && is_hex_digit(text[i + 3])) {
        scratch.push_back(static_cast<char>(hex_value(text[i + 2]) << 4 | hex_value(text[i + 3])));
        i += 4;
        continue;
      }
    }
    scratch.push_back(text[i++]);
  }
  return scratch;
}

size_t find_closing_quote(std::string_view text, size_t begin) {
  for (size_t quote = text.find('"', begin); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    // Linear in all: the runs of backslashes before different quotes do not overlap.
    size_t backslashes = 0;
    while (quote - backslashes > begin && text[quote - backslashes - 1] == '\\') {
      ++backslashes;
    }
    if (backslashes % 2 == 0) {
      return quote;
    }
  }
  return std::string_view::npos;
}

void fill_request(std::string_view request, bool complete, bool log_escaped, ParseScratch& scratch, Event& event) {
  const auto first_blank = request.find(' ');
  const auto method = request.substr(0, first_blank);
  if (first_blank == std::string_view::npos || !is_method(method)) {
    if (complete) {
      event[Field::target] = log_escaped ? undo_log_escapes(request, slot(scratch, Field::target)) : request;
    }
    return;
  }
  auto target = request.substr(first_blank + 1);
  if (!complete) {
    // Only a blank after it shows that a target is whole; what follows may be part of one with blanks in it.
    event[Field::method] = method;
    fill_target(target, false, log_escaped, scratch, event);
    return;
  }
  // The protocol is the last word: targets with raw blanks occur.
  const auto last_blank = target.rfind(' ');
  if (last_blank != std::string_view::npos && is_protocol(target.substr(last_blank + 1))) {
    event[Field::protocol] = target.substr(last_blank + 1);
    target = target.substr(0, last_blank);
  } else if (!target.starts_with('/')) {
    // HTTP/0.9 has no protocol, but its target is a path; anything else is no request.
    event[Field::target] = log_escaped ? undo_log_escapes(request, slot(scratch, Field::target)) : request;
    return;
  }
  event[Field::method] = method;
  fill_target(target, true, log_escaped, scratch, event);
}

void fill_request_columns(const RequestColumns& columns, bool log_escaped, std::string_view line, ParseScratch& scratch,
                          Event& event) {
  if (is_method(columns.method)) {
    event[Field::method] = columns.method;
  }
  if (is_protocol(columns.protocol)) {
    event[Field::protocol] = columns.protocol;
  }
  fill_target(columns.target, true, log_escaped, scratch, event);
  auto query = columns.query;
  if (query.starts_with('?')) {
    query.remove_prefix(1);
  }
  if (query.empty() || query == "-" || !event[Field::query].empty()) {
    return;
  }
  const bool as_it_stands = query.find('+') != std::string_view::npos && !may_be_rewritten(line);
  event[Field::query] = as_it_stands ? query : normalise_query(query, slot(scratch, Field::query));
}

}  // namespace ipguard::match
