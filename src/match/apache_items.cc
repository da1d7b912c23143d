// Format items: Apache's LogFormat (format_items.h).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "match/format_items.h"
#include "match/formats/record.h"

namespace ipguard::match {
namespace {

struct Directive {
  char letter;
  Role role = Role::none;
  Shape shape = Shape::text;
  bool by_client = false;
};

constexpr std::array<Directive, 29> directives = {{
    {'a', Role::address, Shape::address},   {'h', Role::address, Shape::address},
    {'A', Role::none, Shape::address},      {'b', Role::bytes, Shape::number},
    {'B', Role::bytes, Shape::number},      {'O', Role::bytes, Shape::number},
    {'I', Role::none, Shape::number},       {'S', Role::none, Shape::number},
    {'C', Role::none, Shape::text, true},   {'D', Role::none, Shape::number},
    {'e', Role::none, Shape::text, true},   {'f', Role::none, Shape::text, true},
    {'H', Role::protocol, Shape::word},     {'i', Role::none, Shape::text, true},
    {'k', Role::none, Shape::number},       {'l', Role::none, Shape::word},
    {'L', Role::none, Shape::word},         {'m', Role::method, Shape::word, true},
    {'n', Role::none, Shape::text, true},   {'o', Role::none, Shape::text, true},
    {'p', Role::none, Shape::number},       {'P', Role::none, Shape::number},
    {'q', Role::query, Shape::text, true},  {'r', Role::request, Shape::text, true},
    {'R', Role::none, Shape::word},         {'s', Role::status, Shape::number},
    {'T', Role::none, Shape::number},       {'u', Role::user, Shape::text, true},
    {'U', Role::target, Shape::text, true},
}};
constexpr std::array<Directive, 3> more_directives = {{
    {'v', Role::vhost, Shape::word},
    {'V', Role::vhost, Shape::word, true},
    {'X', Role::none, Shape::word},
}};

const Directive* find_directive(char letter) {
  for (const auto& directive : directives) {
    if (directive.letter == letter) {
      return &directive;
    }
  }
  const auto* const found = std::ranges::find(more_directives, letter, &Directive::letter);
  return found == more_directives.end() ? nullptr : found;
}

Role role_of_header(std::string_view name) {
  if (equal_ignoring_case(name, "user-agent")) {
    return Role::user_agent;
  }
  if (equal_ignoring_case(name, "referer")) {
    return Role::referer;
  }
  return equal_ignoring_case(name, "host") ? Role::vhost : Role::none;
}

// What strftime(3) makes of a moment; nullopt where that is not always as long. In English: Apache sets no locale.
std::optional<std::string> example_of_stamp(std::string_view format) {
  constexpr std::array<std::pair<char, std::string_view>, 18> conversions = {{{'Y', "2020"},
                                                                              {'m', "02"},
                                                                              {'d', "25"},
                                                                              {'H', "04"},
                                                                              {'M', "30"},
                                                                              {'S', "17"},
                                                                              {'y', "20"},
                                                                              {'j', "056"},
                                                                              {'z', "+0000"},
                                                                              {'b', "Feb"},
                                                                              {'h', "Feb"},
                                                                              {'a', "Tue"},
                                                                              {'T', "04:30:17"},
                                                                              {'F', "2020-02-25"},
                                                                              {'D', "02/25/20"},
                                                                              {'R', "04:30"},
                                                                              {'e', "25"},
                                                                              {'%', "%"}}};
  constexpr size_t longest = 64;
  std::string example;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      example.push_back(format[i]);
      continue;
    }
    const char letter = ++i < format.size() ? format[i] : '\0';
    const auto* const found = std::ranges::find(conversions, letter, &std::pair<char, std::string_view>::first);
    if (found == conversions.end()) {
      return std::nullopt;
    }
    example.append(found->second);
  }
  return !example.empty() && example.size() <= longest ? std::optional(std::move(example)) : std::nullopt;
}

std::optional<FormatProblem> set_stamp(FormatItem& item, std::string_view argument) {
  for (const std::string_view prefix : {"begin:", "end:"}) {
    argument.remove_prefix(argument.starts_with(prefix) ? prefix.size() : 0);
  }
  item.by_client = false;
  if (argument.empty()) {
    item.role = Role::time;
    item.shape = Shape::fixed;
    item.length = 28;  // "[25/Feb/2020:04:30:17 +0000]"
    return std::nullopt;
  }
  const bool whole = argument == "sec" || argument == "msec" || argument == "usec";
  if (whole || argument == "msec_frac" || argument == "usec_frac") {
    item.role = whole ? Role::time : Role::none;
    item.shape = Shape::number;
    return std::nullopt;
  }
  const auto example = example_of_stamp(argument);
  if (!example) {
    return FormatProblem{item.offset, "how long the stamp " + item.variable + " is cannot be told",
                         "write %t, %{sec}t, or one made of %Y %m %d %H %M %S %z %b %T %F"};
  }
  const bool readable = parse_record_time(*example, from_civil(2020, 2, 26, 0, 0, 0)).has_value();
  item.role = readable ? Role::time : Role::none;
  item.shape = Shape::fixed;
  item.length = static_cast<uint8_t>(example->size());
  return std::nullopt;
}

using Unquoted = std::expected<UnquotedText, FormatProblem>;

Unquoted unquote(std::string_view written) {
  size_t begin = 0;
  while (begin < written.size() && is_blank(written[begin])) {
    ++begin;
  }
  const auto rest = written.substr(begin);
  UnquotedText unquoted;
  if (rest.starts_with("LogFormat") || rest.starts_with("CustomLog") || rest.starts_with("GlobalLog")) {
    size_t at = written.find('"', begin);
    if (at == std::string_view::npos || !take_string(written, at, unquoted)) {
      return std::unexpected(FormatProblem{begin, "this directive has no format in quotes"});
    }
    return unquoted;
  }
  const auto extent = extent_of(written);
  for (size_t i = extent.begin; i < extent.end; ++i) {
    const char next = i + 1 < written.size() ? written[i + 1] : '\0';
    if (written[i] == '\\' && (next == '"' || next == '\\' || next == 't')) {
      unquoted.add(next == 't' ? '\t' : next, i++);
    } else {
      unquoted.add(written[i], i);
    }
  }
  return unquoted;
}

// The directive at text[at], behind which `at` is moved.
std::expected<FormatItem, FormatProblem> read_directive(std::string_view text, size_t& at, size_t offset) {
  size_t end = at + 1;
  // Conditions and which of internal redirects' requests: "%!200,304{User-Agent}i", "%>s".
  while (end < text.size() && std::string_view("!<>,0123456789").find(text[end]) != std::string_view::npos) {
    ++end;
  }
  std::string_view argument;
  const bool has_argument = text.substr(end, 1) == "{";
  if (has_argument) {
    const size_t close = text.find('}', end);
    if (close == std::string_view::npos) {
      return std::unexpected(FormatProblem{offset, "this '{' is not closed"});
    }
    argument = text.substr(end + 1, close - end - 1);
    end = close + 1;
  }
  const bool trailer = text.substr(end, 1) == "^";  // %{VAR}^ti, %{VAR}^to
  end += trailer ? 2 : 0;
  const char letter = end < text.size() ? text[end] : '\0';
  const std::string name = (has_argument ? "%{" + std::string(argument) + "}" : "%") + letter;
  FormatItem item{.variable = name, .offset = offset};
  at = end + 1;
  if (letter == 't') {
    if (auto problem = set_stamp(item, argument)) {
      return std::unexpected(std::move(*problem));
    }
    return item;
  }
  const Directive* const known = trailer ? find_directive('i') : find_directive(letter);
  if (known == nullptr) {
    return std::unexpected(FormatProblem{offset, "Apache has no directive " + in_quotes(name, 40),
                                         "a per cent sign itself is written %%"});
  }
  item.role = letter == 'i' && !trailer ? role_of_header(argument) : known->role;
  item.shape = known->shape;
  item.by_client = known->by_client;
  return item;
}

}  // namespace

FormatItems apache_items(std::string_view written) {
  const auto unquoted = unquote(written);
  if (!unquoted) {
    return std::unexpected(unquoted.error());
  }
  const std::string_view text = unquoted->text;
  std::vector<FormatItem> items;
  for (size_t at = 0; at < text.size();) {
    const size_t offset = unquoted->offsets[at];
    const auto two = text.substr(at, 2);
    if (text[at] != '%' || two == "%%") {
      add_literal(items, text[at], offset);
      at += two == "%%" ? 2U : 1U;
      continue;
    }
    auto item = read_directive(text, at, offset);
    if (!item) {
      return std::unexpected(std::move(item.error()));
    }
    items.push_back(std::move(*item));
  }
  return items;
}

}  // namespace ipguard::match
