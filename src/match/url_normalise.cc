#include "match/url_normalise.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"

namespace ipguard::match {
namespace {

unsigned byte_at(const std::string& text, size_t index) { return static_cast<uint8_t>(text[index]); }
bool is_continuation(const std::string& text, size_t index) {
  return index < text.size() && (byte_at(text, index) & 0xc0U) == 0x80U;
}

// Undoes one layer of percent-encoding in place. Returns whether anything changed.
bool decode_percent(std::string& text) {
  size_t in = text.find('%');
  if (in == std::string::npos) {
    return false;
  }
  bool changed = false;
  size_t out = in;
  while (in < text.size()) {
    if (text[in] == '%' && text.size() - in > 2) {
      const int high = hex_value(text[in + 1]);
      const int low = hex_value(text[in + 2]);
      if (high >= 0 && low >= 0) {
        text[out++] = static_cast<char>(high << 4 | low);
        in += 3;
        changed = true;
        continue;
      }
    }
    text[out++] = text[in++];
  }
  text.resize(out);
  return changed;
}

// An ASCII character written in more bytes than it needs (RFC 3629 section 3 forbids it; servers have fallen for it):
// its length in bytes, 0 when there is none at `index`; the character in `ascii`.
size_t overlong_length(const std::string& text, size_t index, char& ascii) {
  const unsigned lead = byte_at(text, index);
  size_t length = 0;
  unsigned high = 0;  // bit 6 of the character
  if (lead == 0xc0 || lead == 0xc1) {
    length = 2;
    high = lead & 1U;
  } else if (lead == 0xe0 && (is_continuation(text, index + 1) && byte_at(text, index + 1) <= 0x81)) {
    length = 3;
    high = byte_at(text, index + 1) & 1U;
  } else if (lead == 0xf0 && is_continuation(text, index + 1) && byte_at(text, index + 1) == 0x80 &&
             is_continuation(text, index + 2) && byte_at(text, index + 2) <= 0x81) {
    length = 4;
    high = byte_at(text, index + 2) & 1U;
  } else {
    return 0;
  }
  if (!is_continuation(text, index + length - 1)) {
    return 0;
  }
  ascii = static_cast<char>(high << 6 | (byte_at(text, index + length - 1) & 0x3fU));
  return length;
}

bool may_begin_overlong(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte == 0xc0 || byte == 0xc1 || byte == 0xe0 || byte == 0xf0;
}

void fold_overlong(std::string& text) {
  size_t in = 0;
  while (in < text.size() && !may_begin_overlong(text[in])) {
    ++in;
  }
  size_t out = in;
  while (in < text.size()) {
    char ascii = 0;
    const size_t length = may_begin_overlong(text[in]) ? overlong_length(text, in, ascii) : 0;
    if (length > 0) {
      text[out++] = ascii;
      in += length;
    } else {
      text[out++] = text[in++];
    }
  }
  text.resize(out);
}

void decode(std::string& text) {
  fold_overlong(text);
  for (int round = 0; round < max_decode_rounds && decode_percent(text); ++round) {
    fold_overlong(text);
  }
}

// Whether the output so far makes another '/' superfluous.
bool ends_with_slash(const std::string& text, size_t length) {
  return length > 0 && text[length - 1] == '/' && (length == 1 || text[length - 2] != ':');
}

void clean_slashes(std::string& text) {
  size_t out = 0;
  for (size_t in = 0; in < text.size(); ++in) {
    const char c = text[in] == '\\' ? '/' : text[in];
    if (c == '/') {
      if (ends_with_slash(text, out)) {
        continue;
      }
      if (out > 1 && text[out - 1] == '.' && text[out - 2] == '/') {
        --out;  // "/./": the slash before the dot stays
        continue;
      }
    }
    text[out++] = c;
  }
  if (out > 1 && text[out - 1] == '.' && text[out - 2] == '/') {
    --out;
  }
  text.resize(out);
}

// What each byte of a path or query may mean for its normal form.
enum ByteMeaning : uint8_t { nothing = 0, changes_path = 1, changes_query = 2, doubtful_after_slash = 4 };

constexpr std::array<uint8_t, 256> make_meanings() {
  std::array<uint8_t, 256> meanings{};
  for (const size_t byte : {0x25U, 0xc0U, 0xc1U, 0xe0U, 0xf0U}) {  // '%', and what may begin an overlong form
    meanings[byte] = changes_path | changes_query;
  }
  meanings['\\'] = changes_path;
  meanings['+'] = changes_query;
  meanings['/'] = doubtful_after_slash;
  meanings['.'] = doubtful_after_slash;
  return meanings;
}
constexpr auto meanings = make_meanings();

bool path_may_change(std::string_view path) {
  char before = 0;
  for (const char c : path) {
    const uint8_t meaning = meanings[static_cast<uint8_t>(c)];
    if (meaning != nothing &&
        ((meaning & changes_path) != 0 || ((meaning & doubtful_after_slash) != 0 && before == '/'))) {
      return true;
    }
    before = c;
  }
  return false;
}

bool query_may_change(std::string_view query) {
  return std::ranges::any_of(query, [](char c) { return (meanings[static_cast<uint8_t>(c)] & changes_query) != 0; });
}

}  // namespace

bool needs_normalising(std::string_view target) {
  const auto mark = target.find('?');
  if (path_may_change(target.substr(0, mark))) {
    return true;
  }
  return mark != std::string_view::npos &&
         (query_may_change(target.substr(mark + 1)) || target.find('\\', mark) != std::string_view::npos);
}

std::string_view normalise_path(std::string_view path, std::string& scratch) {
  if (!path_may_change(path)) {
    return path;
  }
  scratch.assign(path);
  decode(scratch);
  clean_slashes(scratch);
  return scratch == path ? path : std::string_view(scratch);
}

std::string_view normalise_query(std::string_view query, std::string& scratch) {
  if (!query_may_change(query)) {
    return query;
  }
  scratch.assign(query);
  for (char& c : scratch) {
    c = c == '+' ? ' ' : c;
  }
  decode(scratch);
  return scratch;
}

}  // namespace ipguard::match
