// links: match
// Any bytes as a block of lines: the block scanner has to say of each what the line-by-line reference says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/rule_file.h"
#include "match/rule_set.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

constexpr std::string_view rule_text = R"toml(
[defaults]
service = "fuzz"
class = "probe"
threshold = 1
window = "10m"
ban = "1h"
scope = "address"

[[rule]]
id = "fuzz/path"
title = "path"
log = "access"
path = ['(?i)/(?:php-?my-?admin|pma)[^/]*/', '\.\./', '(?s)/a.b', '^/evil$']

[[rule]]
id = "fuzz/query"
title = "query"
log = "access"
query = ['(?i)union\s+select', '<script']
not_path = '^/search$'

[[rule]]
id = "fuzz/agent"
title = "agent"
log = "access"
user_agent = ['ZmEu', '^-?$']
status = [403, 404]

[[rule]]
id = "fuzz/status"
title = "status"
log = "access"
status = [401]

[[rule]]
id = "fuzz/error"
title = "error"
log = "error"
message = ['not found', 'forbidden']

[[rule]]
id = "fuzz/sshd"
title = "sshd"
log = "syslog"
program = ["sshd"]
message = ['^Failed \S+ for (?:invalid user )?(?P<user>.*) from (?P<address>\S+) port \d+(?: ssh2)?$',
           '^Invalid user (?P<user>.*) from (?P<address>\S+)(?: port \d+)?$']

[[rule]]
id = "fuzz/session"
title = "session"
kind = "session"
log = "syslog"
program = ["postfix"]
message = ['^(?P<session>\d+): client (?P<address>\S+)$']

[[rule]]
id = "fuzz/in-session"
title = "in a session"
log = "syslog"
program = ["postfix"]
message = ['^(?P<session>\d+): rejected (?P<user>.*)$']

[[rule]]
id = "fuzz/by-pid"
title = "in a session by process id"
log = "syslog"
program = ["sshd"]
session = "pid"
message = ['^maximum attempts for (?P<user>.*)$', '^Disconnecting (?P<address>\S+)$']

[[rule]]
id = "fuzz/fields"
title = "fields"
log = "fields"
address_key = ["client", "ip"]
user_key = "user"
where = { event = '^login[._]failed$' }
)toml";

std::shared_ptr<const match::RuleSet> load() {
  config::Diagnostics diagnostics;
  auto rules = config::parse_rules(rule_text, "fuzz", diagnostics);
  auto set = diagnostics.has_errors() ? nullptr : match::RuleSet::compile(std::move(rules), diagnostics);
  if (set == nullptr) {
    std::cerr << diagnostics.to_string();
    std::abort();
  }
  return set;
}

// One text for all hits of one line.
std::string describe(const model::RawLine& line, const match::LineResult& result) {
  std::string text = std::to_string(line.offset);
  for (const model::Hit& hit : result.hits) {
    text += ' ' + hit.rule->id + '=' + hit.address.to_string() + '/' + std::string(hit.user);
  }
  return text;
}

void check(std::string_view block, const match::LineOptions& options) {
  static const auto rules = load();
  // Two matchers for each input, so that no input depends on the formats of an earlier one.
  match::Matcher scanning(rules);
  match::Matcher judging(rules);
  const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);
  std::string found;
  const uint64_t lines = scanning.scan_block(
      block, 0, 0, options, now, [&](const auto& line, const auto& result) { found += describe(line, result) + '\n'; });
  std::string expected;
  uint64_t expected_lines = 0;
  for (size_t begin = 0; begin < block.size(); ++expected_lines) {
    const size_t end = std::min(block.find('\n', begin), block.size());
    std::string_view text = block.substr(begin, end - begin);
    text.remove_suffix(text.ends_with('\r') ? 1 : 0);
    judging.match_line({.text = text, .offset = begin}, options, now, [&](const auto& line, const auto& result) {
      expected += result.hits.empty() ? "" : describe(line, result) + '\n';
    });
    begin = end + 1;
  }
  require(found == expected, "as " + options.format + ": " + printable(found) + " instead of " + printable(expected));
  // A file that holds nothing but a byte order mark has no line.
  require(lines == expected_lines || block == "\xef\xbb\xbf");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view block(reinterpret_cast<const char*>(data), size);
  check(block, {.format = "auto", .accept_message = true});
  // What is known to be an access log is skimmed, see match/access_skim.h.
  check(block, {.format = "combined"});
  check(block, {.format = "vhost-combined"});
  return 0;
}
