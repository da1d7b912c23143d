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

#include "config/rule_file.h"
#include "match/rule_set.h"

namespace {

using namespace ipguard;

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto rules = load();
  // Two matchers for each input, so that no input depends on the formats of an earlier one.
  match::Matcher scanning(rules);
  match::Matcher judging(rules);
  const std::string_view block(reinterpret_cast<const char*>(data), size);
  const match::LineOptions options{.format = "auto", .accept_message = true};
  const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);

  std::vector<std::string> found;
  const uint64_t lines = scanning.scan_block(block, 0, 0, options, now, [&](const auto& line, const auto& result) {
    found.push_back(describe(line, result));
  });
  std::vector<std::string> expected;
  uint64_t expected_lines = 0;
  for (size_t begin = 0; begin < block.size(); ++expected_lines) {
    const size_t end = std::min(block.find('\n', begin), block.size());
    std::string_view text = block.substr(begin, end - begin);
    text.remove_suffix(text.ends_with('\r') ? 1 : 0);
    judging.match_line({.text = text, .offset = begin}, options, now, [&](const auto& line, const auto& result) {
      if (!result.hits.empty()) {
        expected.push_back(describe(line, result));
      }
    });
    begin = end + 1;
  }
  if (found != expected || lines != expected_lines) {
    std::abort();
  }
  return 0;
}
