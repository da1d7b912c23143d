#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace ipguard {
namespace {

// Length of the valid UTF-8 sequence at the front of `text` (RFC 3629: no overlong forms, no surrogates), 0 if none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continuation = [&](size_t i) { return i < text.size() && (byte(i) & 0xc0U) == 0x80U; };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return continuation(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const bool ok =
        continuation(1) && continuation(2) && !(first == 0xe0 && byte(1) < 0xa0) && !(first == 0xed && byte(1) > 0x9f);
    return ok ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool ok = continuation(1) && continuation(2) && continuation(3) && !(first == 0xf0 && byte(1) < 0x90) &&
                    !(first == 0xf4 && byte(1) > 0x8f);
    return ok ? 4 : 0;
  }
  return 0;
}

// C0, DEL and C1 controls (the latter as U+0080..U+009F), and the bidirectional and invisible format characters that
// let text lie about its order (U+061C, U+200B..U+200F, U+202A..U+202E, U+2060..U+206F, U+FEFF).
bool is_unprintable(std::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  switch (sequence.size()) {
    case 1:
      return byte(0) < 0x20 || byte(0) == 0x7f;
    case 2:
      return (byte(0) == 0xc2 && byte(1) < 0xa0) || (byte(0) == 0xd8 && byte(1) == 0x9c);
    case 3:
      return (byte(0) == 0xe2 && byte(1) == 0x80 &&
              ((byte(2) >= 0x8b && byte(2) <= 0x8f) || (byte(2) >= 0xa8 && byte(2) <= 0xae))) ||
             (byte(0) == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf) ||
             (byte(0) == 0xef && byte(1) == 0xbb && byte(2) == 0xbf);
    default:
      return false;
  }
}

void append_hex(std::string& text, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "\\x";
    text += digits[byte >> 4];
    text += digits[byte & 15U];
  }
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string printable(std::string_view text, size_t limit) {
  std::string result;
  result.reserve(std::min(text.size(), limit));
  const bool cut = text.size() > limit;
  while (!text.empty() && limit > 0) {
    const size_t length = utf8_length(text);
    const auto sequence = text.substr(0, std::max<size_t>(length, 1));
    if (sequence.size() > limit) {
      break;
    }
    if (sequence == "\\") {
      result += "\\\\";
    } else if (length == 0 || is_unprintable(sequence)) {
      append_hex(result, sequence);
    } else {
      result += sequence;
    }
    text.remove_prefix(sequence.size());
    limit -= sequence.size();
  }
  if (cut) {
    result += "…";
  }
  return result;
}

std::string in_quotes(std::string_view text, size_t limit) { return '\'' + printable(text, limit) + '\''; }

std::string to_valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) {
      result += "\xef\xbf\xbd";  // U+FFFD
      text.remove_prefix(1);
    } else {
      result += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return value;
}

Result<uint64_t> parse_size(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto unit = trim(text.substr(digits.size()));
  const auto value = parse_number(digits);
  unsigned shift = 0;
  if (unit == "KiB") {
    shift = 10;
  } else if (unit == "MiB") {
    shift = 20;
  } else if (unit == "GiB") {
    shift = 30;
  } else if (!unit.empty() && unit != "B") {
    return fail(Errc::invalid, in_quotes(text, 64) + " is no size; write for example 4096, \"64KiB\" or \"1MiB\"");
  }
  if (!value || *value > (UINT64_MAX >> shift)) {
    return fail(Errc::invalid, in_quotes(text, 64) + " is no size; write for example 4096, \"64KiB\" or \"1MiB\"");
  }
  return *value << shift;
}

std::string size_text(uint64_t bytes) {
  if (bytes >= (1U << 20) && bytes % (1U << 20) == 0) {
    return std::to_string(bytes >> 20) + "MiB";
  }
  return bytes >= 1024 && bytes % 1024 == 0 ? std::to_string(bytes >> 10) + "KiB" : std::to_string(bytes);
}

std::string format_size(uint64_t bytes) {
  constexpr std::array<const char*, 5> names = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t index = 0;
  while (value >= 1024 && index + 1 < names.size()) {
    value /= 1024;
    ++index;
  }
  std::array<char, 32> buffer{};
  const int length =
      std::snprintf(buffer.data(), buffer.size(), index == 0 ? "%.0f %s" : "%.1f %s", value, names[index]);
  return {buffer.data(), static_cast<size_t>(length)};
}

std::string group_digits(uint64_t number) {
  std::string text = std::to_string(number);
  for (auto position = static_cast<ptrdiff_t>(text.size()) - 3; position > 0; position -= 3) {
    text.insert(static_cast<size_t>(position), 1, ',');
  }
  return text;
}

std::string counted(uint64_t count, std::string_view one, std::string_view many) {
  return group_digits(count) + ' ' + std::string(count == 1 ? one : many);
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  size_t best_distance = 3;
  for (const auto candidate : candidates) {
    if (candidate.size() > 64 || word.size() > 64) {
      continue;
    }
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance * 2 < word.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace ipguard
