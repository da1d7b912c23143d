// One rule judged exactly on one event, by RE2. The only file that knows re2.h.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/rule.h"
#include "net/address.h"

namespace ipguard::match {

// Bytes, no UTF-8; bounded memory for its automata (RE2 turns to a slower, still linear way when that is used up).
[[nodiscard]] std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern);

// One pattern with the numbers of the groups that ipguard reads; 0 = it has none of that name.
struct CompiledPattern {
  std::unique_ptr<re2::RE2> regex;
  int address_group = 0;
  int user_group = 0;
};

// model::FieldPatterns compiled: holds if any pattern is found in the field.
struct Condition {
  model::Field field = model::Field::message;
  std::vector<CompiledPattern> patterns;
};

struct CompiledRule {
  const model::Rule* rule = nullptr;
  bool captures_address = false;  // syslog and message rules: the address comes from a capture, not from the format
  std::vector<Condition> all_of;
  std::vector<Condition> none_of;
};

struct Verdict {
  net::Address address;
  std::string_view user;  // points into the event's fields; empty when neither rule nor format gives one
};

// nullopt if the rule does not hit. Within a condition the first pattern that is found decides about captures: if its
// capture is no address, there is no hit. Every field of `event` is complete (of a truncated line, formats keep nothing
// that breaks off), so what a pattern finds at a field's end is the field's own end.
[[nodiscard]] std::optional<Verdict> judge(const CompiledRule& rule, const model::Event& event);

}  // namespace ipguard::match
