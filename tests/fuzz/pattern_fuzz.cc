// links: match
// Any text as the pattern of a rule, over any lines: what the block scanner finds with it is what RE2 alone finds. The
// first byte says which field the pattern is on; it ends at the first 0xff, and the texts behind it, one a line, stand
// in that field.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/diagnostic.h"
#include "match/rule_set.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;
using model::Field;
using model::LogKind;

constexpr size_t longest_pattern = 160;
constexpr size_t most_texts = 16;

struct Place {
  Field field;
  LogKind log;
  const char* before;
  const char* behind;
};

// A line around the text that stands in the field.
constexpr std::array<Place, 6> places = {{
    {Field::path, LogKind::access, R"(192.0.2.7 - - [01/Mar/2026:11:00:00 +0000] "GET )",
     R"( HTTP/1.1" 404 1 "-" "x")"},
    {Field::query, LogKind::access, R"(192.0.2.7 - - [01/Mar/2026:11:00:00 +0000] "GET /?)",
     R"( HTTP/1.1" 200 1 "-" "x")"},
    {Field::user_agent, LogKind::access, R"(192.0.2.7 - - [01/Mar/2026:11:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" ")",
     "\""},
    {Field::message, LogKind::error, "2026/03/01 11:00:00 [error] 7#7: *1 ",
     ", client: 192.0.2.7, server: x, request: \"GET / HTTP/1.1\""},
    {Field::message, LogKind::syslog, "Mar  1 11:00:00 host sshd[7]: ", ""},
    {Field::message, LogKind::syslog, "Mar  1 11:00:00 host sshd[7]: x from 192.0.2.7 ", ""},
}};

std::shared_ptr<const match::RuleSet> compile(const Place& place, std::string_view pattern, bool is_login) {
  model::Rule rule;
  rule.id = "fuzz/pattern";
  rule.service = "fuzz";
  rule.log = place.log;
  rule.kind = is_login ? model::RuleKind::login : model::RuleKind::attack;
  const model::Location location{.file = "fuzz.toml", .line = 1, .column = 1};
  rule.all_of = {{.field = place.field, .key = {}, .patterns = {std::string(pattern)}, .locations = {location}}};
  rule.location = location;
  config::Diagnostics diagnostics;
  auto set = match::RuleSet::compile({std::move(rule)}, diagnostics);
  require((set == nullptr) == diagnostics.has_errors());
  for (const char c : diagnostics.to_string()) {
    require(static_cast<unsigned char>(c) >= 0x20 || c == '\n', "not safe for a terminal");
  }
  return set;
}

std::string describe(const model::RawLine& line, const match::LineResult& result) {
  std::string text = std::to_string(line.offset);
  for (const model::Hit& hit : result.hits) {
    text += ' ' + hit.address.to_string() + '/' + std::string(hit.user);
  }
  return text + '\n';
}

void check(const std::shared_ptr<const match::RuleSet>& rules, std::string_view block,
           const match::LineOptions& options) {
  match::Matcher scanning(rules);
  match::Matcher judging(rules);
  const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);
  std::string found;
  (void)scanning.scan_block(block, 0, 0, options, now,
                            [&](const auto& line, const auto& result) { found += describe(line, result); });
  std::string expected;
  for (size_t begin = 0; begin < block.size();) {
    const size_t end = block.find('\n', begin);
    std::string_view text = block.substr(begin, end - begin);
    text.remove_suffix(text.ends_with('\r') ? 1 : 0);
    judging.match_line({.text = text, .offset = begin}, options, now, [&](const auto& line, const auto& result) {
      expected += result.hits.empty() ? "" : describe(line, result);
    });
    begin = end + 1;
  }
  require(found == expected, "as " + options.format + ": " + printable(found) + " instead of " + printable(expected));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto pattern = all.substr(0, all.find('\xff'));
  if (pattern.size() > longest_pattern) {
    return 0;
  }
  const auto& place = places.at(data[0] % places.size());
  const auto rules = compile(place, pattern, (data[0] & 0x80U) != 0);
  if (rules == nullptr) {
    return 0;
  }
  auto texts = split(all.substr(std::min(all.size(), pattern.size() + 1)), '\n');
  texts.resize(std::min(texts.size(), most_texts));
  std::string block;
  for (const auto text : texts) {
    block.append(place.before).append(text).append(place.behind).append(1, '\n');
  }
  check(rules, block, {.format = "auto", .accept_message = true});
  if (place.log == LogKind::access) {
    check(rules, block, {.format = "combined"});  // known to be an access log, it is skimmed
  }
  return 0;
}
