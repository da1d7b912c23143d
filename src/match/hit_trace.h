// HitTrace: why a rule hit a line: what its patterns matched, and where in the line that stands. For people who write
// rules (`ipguardctl match`); the way from a log to a ban does without it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "match/rule_set.h"
#include "model/event.h"
#include "model/hit.h"

namespace ipguard::match {

// Bytes [begin, end) of the line.
struct TextSpan {
  size_t begin = 0;
  size_t end = 0;

  friend bool operator==(const TextSpan&, const TextSpan&) = default;
};

// Of each of these, `span` is empty when the text does not stand in the line as it is: it was decoded, normalised or
// unescaped. Views point into the event and the rule set.
struct MatchedPattern {
  model::Field field = model::Field::message;
  std::string_view key;   // Field::record: the value's name
  std::string_view text;  // what the pattern matched, not the whole field
  std::optional<TextSpan> span;
};
struct CapturedText {
  std::string_view name;  // "address", "user", "session", "value"
  std::string_view text;
  std::optional<TextSpan> span;
};

enum class AddressOrigin : uint8_t {
  position,  // the format's own column
  capture,   // (?P<address>…)
  key,       // a record's value, named by address_key
  session,   // another line of the same session
};
[[nodiscard]] std::string_view to_string(AddressOrigin origin);

struct HitTrace {
  // False if not this line satisfied the rule but an earlier one of its session, whose address this line tells.
  bool own_line = true;
  AddressOrigin address_from = AddressOrigin::position;
  // One for each condition of the rule, in the order of its keys: of several patterns the first that is found. Empty
  // for a rule without patterns (status, method and size alone).
  std::vector<MatchedPattern> patterns;
  std::vector<CapturedText> captures;  // named groups, and what address_key and user_key name
};

// `event` and `hit` as a Matcher's callback on a line got them, `rules` the matcher's; to be called within the
// callback.
[[nodiscard]] HitTrace trace(const RuleSet& rules, const model::Event& event, const model::Hit& hit);

}  // namespace ipguard::match
