#include "config/text_place.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"

namespace ipguard::config {
namespace {

bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// Goes through a document and knows line and column (in code points), both from 1.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] size_t line() const { return line_; }
  [[nodiscard]] size_t column() const { return column_; }

  void step(size_t bytes = 1) {
    for (; bytes > 0 && !at_end(); --bytes) {
      if (text_[at_++] == '\n') {
        ++line_;
        column_ = 1;
      } else {
        // Counted when the next one begins.
        column_ += at_ < text_.size() && continues_code_point(text_[at_]) ? 0U : 1U;
      }
    }
  }
  void skip_to(size_t line, size_t column) {
    while (!at_end() && (line_ < line || (line_ == line && column_ < column))) {
      step();
    }
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t column_ = 1;
};

size_t utf8_length(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

uint32_t hex_number(std::string_view digits) {
  uint32_t number = 0;
  for (const char c : digits) {
    number = number << 4U | static_cast<uint32_t>(hex_value(c));
  }
  return number;
}

// Steps over what stands for the next bytes of a string's value; how many bytes that are.
size_t step_over_one(Walker& walker, bool escapes, bool multi_line) {
  const auto rest = walker.rest();
  if (!escapes || rest.front() != '\\' || rest.size() < 2) {
    walker.step();
    return 1;
  }
  const char letter = rest[1];
  if (letter == 'u' || letter == 'U') {
    const size_t digits = letter == 'u' ? 4 : 8;
    const uint32_t code = hex_number(rest.substr(2, digits));
    walker.step(2 + digits);
    return utf8_length(code);
  }
  if (multi_line && (letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t')) {
    // A backslash at a line's end takes all blanks and line ends behind it away (TOML 1.0, "Multi-line basic strings").
    walker.step(std::min(rest.find_first_not_of(" \t\r\n", 1), rest.size()));
    return 0;
  }
  walker.step(2);
  return 1;
}

}  // namespace

model::Location place_within(const Diagnostics& diagnostics, const model::Location& value, size_t offset) {
  Walker walker(diagnostics.text_of(value.file));
  walker.skip_to(value.line, value.column);
  const auto text = walker.rest();
  if (value.line == 0 || text.empty() || (text.front() != '"' && text.front() != '\'')) {
    return value;
  }
  const bool escapes = text.front() == '"';
  const bool multi_line = text.starts_with(R"(""")") || text.starts_with("\'\'\'");
  walker.step(multi_line ? 3 : 1);
  if (multi_line) {
    const auto rest = walker.rest();  // a line end right behind the quotes is no part of the value
    walker.step(rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0);
  }
  for (size_t seen = 0; seen < offset && !walker.at_end();) {
    seen += step_over_one(walker, escapes, multi_line);
  }
  model::Location place = value;
  place.line = static_cast<uint32_t>(walker.line());
  place.column = static_cast<uint32_t>(walker.column());
  return place;
}

}  // namespace ipguard::config
