#include "match/hit_trace.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "match/judge.h"
#include "match/rule_set_impl.h"

namespace ipguard::match {
namespace {

// Nothing is known of empty text that is no part of anything.
std::optional<TextSpan> span_of(std::string_view text, std::string_view line) {
  const std::less_equal<> not_behind;
  if (text.data() == nullptr || !not_behind(line.data(), text.data()) ||
      !not_behind(text.data() + text.size(), line.data() + line.size())) {
    return std::nullopt;
  }
  const auto begin = static_cast<size_t>(text.data() - line.data());
  return TextSpan{.begin = begin, .end = begin + text.size()};
}

AddressOrigin origin_of(const CompiledRule& rule, std::string_view address) {
  if (rule.address_from == AddressSource::event) {
    return AddressOrigin::position;
  }
  if (!net::Address::parse_logged(address)) {
    return AddressOrigin::session;
  }
  return rule.address_from == AddressSource::capture ? AddressOrigin::capture : AddressOrigin::key;
}

}  // namespace

std::string_view to_string(AddressOrigin origin) {
  constexpr std::array<std::string_view, 4> words = {"position", "capture", "key", "session"};
  return words.at(static_cast<size_t>(origin));
}

HitTrace trace(const RuleSet& rules, const model::Event& event, const model::Hit& hit) {
  const auto& impl = rules.impl();
  const CompiledRule& rule = impl.compiled[static_cast<size_t>(hit.rule - impl.rules.data())];
  HitTrace result;
  auto location = locate(rule, event);
  if (!location) {
    result.own_line = false;
    result.address_from = AddressOrigin::session;
    return result;
  }
  for (const Located& located : location->conditions) {
    result.patterns.push_back({.field = located.condition->field,
                               .key = located.condition->key,
                               .text = located.text,
                               .span = span_of(located.text, hit.line.text)});
  }
  Captures& captures = location->captures;
  if (rule.address_from == AddressSource::record) {
    captures.address = value_of(rule.rule->address_keys, event);
  }
  if (captures.user.empty()) {
    captures.user = value_of(rule.rule->user_keys, event);
  }
  result.address_from = origin_of(rule, captures.address);
  for (const auto& [name, text] : {std::pair<std::string_view, std::string_view>("address", captures.address),
                                   {"user", captures.user},
                                   {"session", captures.session},
                                   {"value", captures.value}}) {
    if (!text.empty()) {
      result.captures.push_back({.name = name, .text = text, .span = span_of(text, hit.line.text)});
    }
  }
  return result;
}

}  // namespace ipguard::match
