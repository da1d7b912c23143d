#include "base/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace ipguard {

void JsonWriter::number(std::string_view name, uint64_t value) {
  begin(name);
  std::array<char, 20> digits;  // 2^64 - 1 has as many
  text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void JsonWriter::fraction(std::string_view name, double value) {
  constexpr double digits = 1e6;
  begin(name);
  std::array<char, 40> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const double rounded = std::isfinite(value) ? std::round(value * digits) / digits : 0;
  text_.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), rounded).ptr);
}

void JsonWriter::begin(std::string_view name) {
  if (!first_) {
    text_ += ',';
  }
  first_ = false;
  if (!name.empty()) {  // a key of ours: nothing in it needs an escape
    text_ += '"';
    text_ += name;
    text_ += "\":";
  }
}

void JsonWriter::quote(std::string_view value) {
  constexpr std::string_view digits = "0123456789abcdef";
  static constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (size_t c = ' '; c <= '~'; ++c) {
      table.at(c) = c != '"' && c != '\\';
    }
    return table;
  }();
  const auto is_plain = [](char c) { return plain[static_cast<unsigned char>(c)]; };
  text_ += '"';
  std::string valid;
  while (true) {
    const auto stop = std::ranges::find_if_not(value, is_plain);
    text_.append(value.begin(), stop);
    value.remove_prefix(static_cast<size_t>(stop - value.begin()));
    if (value.empty()) {
      break;
    }
    const auto byte = static_cast<unsigned char>(value.front());
    if (byte >= 0x80 && valid.empty()) {
      valid = to_valid_utf8(value);  // once for the whole rest
      value = valid;
      continue;
    }
    const bool c1 = byte == 0xc2 && value.size() > 1 && static_cast<unsigned char>(value[1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || c1) {  // (JSON asks for the first; terminals take them all for commands)
      const auto code = static_cast<unsigned char>(c1 ? value[1] : value[0]);
      text_.append("\\u00").append(1, digits[code >> 4U]).append(1, digits[code & 15U]);
      value.remove_prefix(c1 ? 1 : 0);
    } else {
      text_.append(byte == '"' || byte == '\\' ? 1 : 0, '\\').append(1, value.front());
    }
    value.remove_prefix(1);
  }
  text_ += '"';
}

}  // namespace ipguard
