// JsonWriter: JSON text written member by member, where building a document first would cost most of the time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ipguard {

// Writes JSON members in order. Text of any bytes becomes valid UTF-8.
class JsonWriter {
 public:
  // Of the object or array that is open; no name within an array.
  void open(char bracket, std::string_view name = {}) {
    begin(name);
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    begin(name);
    quote(value);
  }
  // Under a name that is not ours.
  void foreign_text(std::string_view name, std::string_view value) {
    begin({});
    quote(name);
    text_ += ':';
    quote(value);
  }
  void text_or_null(std::string_view name, std::string_view value) { value.empty() ? null(name) : text(name, value); }
  void number(std::string_view name, uint64_t value);
  // Six digits behind the point at most; no more than 2^53 are meant.
  void fraction(std::string_view name, double value);
  void flag(std::string_view name, bool value) {
    begin(name);
    text_ += value ? "true" : "false";
  }
  void null(std::string_view name) {
    begin(name);
    text_ += "null";
  }
  // An address or prefix (net/), as a text.
  template <typename Printed>
  void printed(std::string_view name, const Printed& value) {
    begin(name);
    text_ += '"';
    value.append_to(text_);
    text_ += '"';
  }
  // A value that is JSON already.
  void json(std::string_view value) {
    begin({});
    text_ += value;
  }
  // The rest of the object that is open, with its bracket: `,"key":…}`.
  void rest(std::string_view members) {
    text_ += members;
    first_ = false;
  }
  // The next document goes on a line of its own.
  void end_line() {
    text_ += '\n';
    first_ = true;
  }
  [[nodiscard]] std::string take() {
    first_ = true;
    return std::exchange(text_, {});
  }
  // What is written so far; to be cleared by its reader when it has gone out.
  [[nodiscard]] std::string& buffer() { return text_; }

 private:
  void begin(std::string_view name);
  void quote(std::string_view value);

  std::string text_;
  bool first_ = true;
};

}  // namespace ipguard
