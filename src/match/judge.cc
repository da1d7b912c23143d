#include "match/judge.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::LogKind;

// Of one pattern's program and automata.
constexpr int64_t regex_memory = 2 << 20;
// Groups up to this number can be read; the lint refuses more.
constexpr int most_groups = 16;

// A bare message may come from any program; a rule for bare messages alone does not read syslog lines.
bool kind_fits(LogKind rule, LogKind event) {
  return rule == event || (rule == LogKind::syslog && event == LogKind::message);
}

template <typename List, typename Value>
bool empty_or_holds(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

bool head_fits(const model::Rule& rule, const Event& event) {
  if (!kind_fits(rule.log, event.kind)) {
    return false;
  }
  if (!rule.statuses.empty()) {
    const auto status = parse_number(event[Field::status]);
    if (!status || std::ranges::find(rule.statuses, *status) == rule.statuses.end()) {
      return false;
    }
  }
  // A bare message without a program may be any program's.
  const bool any_program = event.kind == LogKind::message && event[Field::program].empty();
  return empty_or_holds(rule.methods, event[Field::method]) &&
         (any_program || empty_or_holds(rule.programs, event[Field::program]));
}

struct Captures {
  std::string_view address;
  std::string_view user;
};

bool found(const CompiledPattern& pattern, std::string_view text, Captures& captures) {
  const int last_group = std::max(pattern.address_group, pattern.user_group);
  std::array<re2::StringPiece, most_groups + 1> groups;
  if (!pattern.regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                            last_group > 0 ? last_group + 1 : 0)) {
    return false;
  }
  const auto group = [&groups](int number) {
    const re2::StringPiece& piece = groups[static_cast<size_t>(number)];
    return std::string_view(piece.data(), piece.size());
  };
  if (pattern.address_group > 0) {
    captures.address = group(pattern.address_group);
  }
  if (pattern.user_group > 0) {
    captures.user = group(pattern.user_group);
  }
  return true;
}

bool holds(const Condition& condition, const Event& event, Captures& captures) {
  const std::string_view text = event[condition.field];
  return std::ranges::any_of(condition.patterns,
                             [&](const CompiledPattern& pattern) { return found(pattern, text, captures); });
}

}  // namespace

std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(regex_memory);
  return std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

std::optional<Verdict> judge(const CompiledRule& rule, const Event& event) {
  if (!head_fits(*rule.rule, event) || (!rule.captures_address && !event.address)) {
    return std::nullopt;
  }
  Captures captures;
  for (const Condition& condition : rule.all_of) {
    if (!holds(condition, event, captures)) {
      return std::nullopt;
    }
  }
  Captures ignored;
  for (const Condition& condition : rule.none_of) {
    if (holds(condition, event, ignored)) {
      return std::nullopt;
    }
  }
  const auto address = rule.captures_address ? net::Address::parse_logged(captures.address) : event.address;
  if (!address) {
    return std::nullopt;
  }
  return Verdict{.address = *address, .user = captures.user.empty() ? event[Field::user] : captures.user};
}

}  // namespace ipguard::match
