#include "match/access_skim.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/columns.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

// Whether a first column is made of what addresses are made of: no wrapper's line and no syslog's begins so.
bool is_like_address(std::string_view column) {
  static constexpr auto of_addresses = [] {
    std::array<bool, 256> bytes{};
    for (const char c : std::string_view("0123456789abcdefABCDEF.:")) {
      bytes[static_cast<unsigned char>(c)] = true;
    }
    return bytes;
  }();
  return !column.empty() &&
         std::ranges::all_of(column, [](char c) { return of_addresses[static_cast<unsigned char>(c)]; });
}

// The columns before the stamp: `[VHOST ]CLIENT - -`. Only where nobody has logged in, for user names are the client's
// words. Returns the virtual host.
std::optional<std::string_view> read_columns(std::string_view columns) {
  constexpr std::string_view no_user = " - -";
  if (!columns.ends_with(no_user)) {
    return std::nullopt;
  }
  columns.remove_suffix(no_user.size());
  if (is_like_address(columns)) {
    return std::string_view();
  }
  const size_t blank = columns.find(' ');
  if (blank == std::string_view::npos) {
    return std::nullopt;
  }
  const auto vhost = columns.substr(0, blank);
  // What begins with a digit may be a stamp, and the line a syslog's.
  const bool is_vhost = is_vhost_column(vhost) && !is_digit(vhost.front()) && !is_address(vhost);
  return is_vhost && is_address(columns.substr(blank + 1)) ? std::optional(vhost) : std::nullopt;
}

// ` STATUS BYTES` behind the request, followed by a blank or the end; moves `rest` behind it.
std::optional<uint16_t> take_status(std::string_view& rest) {
  constexpr size_t shortest = 6;
  if (rest.size() < shortest || rest[0] != ' ' || rest[4] != ' ' || !is_status(rest.substr(1, 3))) {
    return std::nullopt;
  }
  const size_t end = std::min(rest.find(' ', 5), rest.size());
  if (!is_number_or_hyphen(rest.substr(5, end - 5))) {
    return std::nullopt;
  }
  const int status = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
  rest.remove_prefix(end);
  return static_cast<uint16_t>(status);
}

// ` "…"` at the beginning of `rest`; moves behind it. The quotes are the next two of the line's.
bool take_field(std::string_view& rest, uint32_t opening, uint32_t closing, std::string_view& field) {
  if (!rest.starts_with(" \"")) {
    return false;
  }
  const size_t length = closing - opening - 1;
  field = rest.substr(2, length);
  rest.remove_prefix(length + 3);
  return true;
}

}  // namespace

std::optional<SkimmedLine> AccessSkim::skim(std::string_view line, const QuoteMarks& quotes) {
  constexpr size_t stamp_to_quote = clf_stamp_length + 4;  // ` [` stamp `] `
  if (quotes.count < 2 || quotes.count % 2 != 0 || quotes.backslash || quotes.at[0] <= stamp_to_quote) {
    return std::nullopt;
  }
  const std::string_view middle = line.substr(quotes.at[0] - stamp_to_quote, stamp_to_quote);
  if (!middle.starts_with(" [") || !middle.ends_with("] ") || !is_stamp(middle.substr(2, clf_stamp_length))) {
    return std::nullopt;
  }
  const auto vhost = read_columns(line.substr(0, quotes.at[0] - stamp_to_quote));
  std::string_view rest = line.substr(quotes.at[1] + 1);
  const auto status = take_status(rest);
  if (!vhost || !status) {
    return std::nullopt;
  }
  SkimmedLine result{.vhost = *vhost,
                     .request = line.substr(quotes.at[0] + 1, quotes.at[1] - quotes.at[0] - 1),
                     .referer = {},
                     .user_agent = {},
                     .status = *status};
  if ((quotes.count > 2 && !take_field(rest, quotes.at[2], quotes.at[3], result.referer)) ||
      (quotes.count > 4 && !take_field(rest, quotes.at[4], quotes.at[5], result.user_agent))) {
    return std::nullopt;
  }
  return result;
}

bool AccessSkim::is_stamp(std::string_view text) {
  if (std::ranges::equal(text, last_stamp_)) {
    return true;
  }
  if (!parse_clf_stamp(text)) {
    return false;
  }
  std::ranges::copy(text, last_stamp_.begin());
  return true;
}

}  // namespace ipguard::match
