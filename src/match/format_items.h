// What a server's format string is made of: literals and variables. Internal to format_compiler.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "match/formats/own_formats.h"

namespace ipguard::match {

struct FormatItem {
  std::string literal{};   // empty: a variable
  std::string variable{};  // "$remote_addr", "%{User-Agent}i": as it is written, without braces and modifiers
  Role role = Role::none;
  Shape shape = Shape::text;
  uint8_t length = 0;     // Shape::fixed
  bool by_client = true;  // a client can write what its value is
  size_t offset = 0;      // of its first byte in what was written

  [[nodiscard]] bool is_literal() const { return variable.empty(); }
};

// What is wrong, and at which byte of what was written.
struct FormatProblem {
  size_t offset = 0;
  std::string message;
  std::string hint{};
};

using FormatItems = std::expected<std::vector<FormatItem>, FormatProblem>;

// nginx: the text between the quotes of log_format, or the whole directive as it stands in nginx.conf; then escape=json
// in it sets `json_escape`. https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
[[nodiscard]] FormatItems nginx_items(std::string_view written, bool& json_escape);
// Apache: the text of LogFormat or CustomLog, or the directive.
// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
[[nodiscard]] FormatItems apache_items(std::string_view written);

// Text taken out of quotes, with the offset that each byte has in what was written.
struct UnquotedText {
  std::string text;
  std::vector<uint32_t> offsets;

  void add(char c, size_t offset) {
    text.push_back(c);
    offsets.push_back(static_cast<uint32_t>(offset));
  }
};
inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// Where the format begins and ends in a text that is no directive: blanks around it are its own, but not in a text that
// spans lines.
struct FormatExtent {
  size_t begin = 0;
  size_t end = 0;
};
[[nodiscard]] FormatExtent extent_of(std::string_view written);
// Takes the quoted string at `written[at]`, both quotes, to `into` and moves behind it; false if it has no end.
bool take_string(std::string_view written, size_t& at, UnquotedText& into);
// Adds a byte to the literal that the items end with, or begins one.
void add_literal(std::vector<FormatItem>& items, char c, size_t offset);

}  // namespace ipguard::match
