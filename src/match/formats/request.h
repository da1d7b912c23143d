// What access and error logs share: log escapes, and the HTTP request line with its target.
#pragma once

#include <string>
#include <string_view>

#include "match/format.h"
#include "model/event.h"

namespace ipguard::match {

// Undoes what servers do to bytes in quoted log fields: nginx writes \xHH (ngx_http_log_escape), Apache \" \\ \xhh and
// \b \n \r \t \v (ap_escape_logitem). An unknown escape stays as it is. Returns `text` itself when it has no backslash,
// otherwise a view into `scratch`.
[[nodiscard]] std::string_view undo_log_escapes(std::string_view text, std::string& scratch);

// The position of the quote that ends the quoted field whose content begins at `begin`: the first one not escaped by a
// backslash; npos when there is none.
[[nodiscard]] size_t find_closing_quote(std::string_view text, size_t begin);

// Fills method, target, path, query and protocol from a request line ("GET /x HTTP/1.1"). Something that is no request
// line (a TLS hello, "-", nothing) leaves all but target empty; target is then the whole text. With `complete` false
// the text was cut somewhere: only what is followed by its delimiter is filled.
void fill_request(std::string_view request, bool complete, bool log_escaped, ParseScratch& scratch,
                  model::Event& event);

// Where method, target and protocol are columns of their own: what is no method, or no protocol, is left out.
struct RequestColumns {
  std::string_view method;
  std::string_view target;
  std::string_view query;  // where it is a column of its own, with or without the '?'; target is then the path alone
  std::string_view protocol;
};
// `line`: the whole line. A '+' in a separate query stands for a blank only where the line is one of those that are
// scanned again (rewrite_watch.h): otherwise no pattern could be relied on to find that blank.
void fill_request_columns(const RequestColumns& columns, bool log_escaped, std::string_view line, ParseScratch& scratch,
                          model::Event& event);

// What follows the blanks at the beginning of `text`.
[[nodiscard]] inline std::string_view skip_blanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

}  // namespace ipguard::match
