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

// A bare message may come from any program; what an application logs may also be found in syslog or, without a stamp,
// as a bare message; and a record may be inside of whatever else a line is.
bool kind_fits(LogKind rule, const Event& event) {
  switch (rule) {
    case LogKind::syslog:
      return event.kind == LogKind::syslog || event.kind == LogKind::message;
    case LogKind::app:
      return event.kind == LogKind::app || event.kind == LogKind::syslog || event.kind == LogKind::message;
    case LogKind::fields:
      return !event.record.empty();
    default:
      return rule == event.kind;
  }
}

template <typename List, typename Value>
bool holds(const List& list, const Value& value) {
  return std::ranges::find(list, value) != list.end();
}

bool statuses_fit(const model::Rule& rule, const Event& event) {
  if (rule.statuses.empty() && rule.not_statuses.empty()) {
    return true;
  }
  const auto status = parse_number(event[Field::status]);
  return status && (rule.statuses.empty() || holds(rule.statuses, *status)) && !holds(rule.not_statuses, *status);
}

bool bytes_fit(const model::Rule& rule, const Event& event) {
  if (!rule.bytes) {
    return true;
  }
  const auto bytes = parse_number(event[Field::bytes]);
  return bytes && *bytes >= rule.bytes->min && *bytes <= rule.bytes->max;
}

bool head_fits(const model::Rule& rule, const Event& event) {
  if (!kind_fits(rule.log, event) || !statuses_fit(rule, event) || !bytes_fit(rule, event)) {
    return false;
  }
  const std::string_view method = event[Field::method];
  if (!(rule.methods.empty() || holds(rule.methods, method)) || holds(rule.not_methods, method)) {
    return false;
  }
  // A bare message without a program may be any program's; an application's own log names none.
  const bool any_program = rule.log != LogKind::syslog || rule.programs.empty() ||
                           (event.kind == LogKind::message && event[Field::program].empty());
  return any_program || holds(rule.programs, event[Field::program]);
}

// The text that a condition is about. For an application's rule, syslog's own parts before the message are known only
// if its tag is one of the application's.
std::string_view text_of(const model::Rule& rule, Field field, const Event& event) {
  const bool whole = field == Field::message && rule.log == LogKind::app && event.kind != LogKind::app &&
                     !holds(rule.programs, event[Field::program]);
  return event[whole ? Field::body : field];
}

using Groups = std::array<re2::StringPiece, most_groups + 1>;

std::string_view view_of(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

void take_captures(const CompiledPattern& pattern, const Groups& groups, Captures& captures) {
  const auto take = [&groups](int number, std::string_view& into) {
    if (number > 0) {
      into = view_of(groups[static_cast<size_t>(number)]);
    }
  };
  take(pattern.address_group, captures.address);
  take(pattern.user_group, captures.user);
  take(pattern.session_group, captures.session);
  take(pattern.value_group, captures.value);
}

// What a pattern found.
struct Found {
  Captures captures;
  std::string_view text;  // that it matched; only if asked for
};

// How a pattern is looked for.
struct Search {
  bool with_text = false;           // what it matched is wanted
  PatternMemory* memory = nullptr;  // null: there is none
};

// `answer`: of the text's edges, not "not found".
bool find(const CompiledPattern& pattern, PatternEdges::Answer answer, std::string_view text, const Search& search,
          Found& result) {
  const int wanted = search.with_text || pattern.last_group > 0 ? pattern.last_group + 1 : 0;
  if (answer == PatternEdges::Answer::found && wanted == 0) {
    return true;
  }
  if (wanted == 0 && search.memory != nullptr) {
    return search.memory->answer(&pattern, text, [&] {
      return pattern.regex.get().Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
    });
  }
  Groups groups;
  if (!pattern.regex.get().Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), wanted)) {
    return false;
  }
  take_captures(pattern, groups, result.captures);
  result.text = search.with_text ? view_of(groups.front()) : std::string_view{};
  return true;
}

// Whether the pattern captured what it is to be an address by, and it is none.
bool misses_address(const CompiledPattern& pattern, const Captures& captures) {
  return pattern.address_group > 0 && !net::Address::parse_logged(captures.address);
}

// What the pattern found that decides, added to what was captured before.
std::optional<Found> find_in(const Condition& condition, std::string_view text, const Captures& before,
                             const Search& search) {
  std::optional<Found> without_address;
  for (const CompiledPattern& pattern : condition.patterns) {
    const auto answer = pattern.edges.look_at(text);
    if (answer == PatternEdges::Answer::not_found) {
      continue;  // most patterns in most texts
    }
    Found result{.captures = before, .text = {}};
    if (!find(pattern, answer, text, search, result)) {
      continue;
    }
    // With nothing to give way to, the capture is looked at by whoever needs the address.
    const bool settled = !without_address && &pattern == &condition.patterns.back();
    if (settled || !misses_address(pattern, result.captures)) {
      return result;
    }
    if (!without_address) {
      without_address = result;
    }
  }
  return without_address;
}

// The same in the record's first value that has it, or in the condition's field.
std::optional<Found> find_in(const model::Rule& rule, const Condition& condition, const Event& event,
                             const Captures& before, const Search& search) {
  if (condition.field != Field::record) {
    return find_in(condition, text_of(rule, condition.field, event), before, search);
  }
  std::optional<Found> result;
  for (const model::NamedValue& item : event.record) {
    if (!result && item.name == condition.key) {
      result = find_in(condition, item.value, before, search);
    }
  }
  return result;
}

std::optional<net::Address> address_of(const CompiledRule& rule, const Event& event, const Captures& captures) {
  switch (rule.address_from) {
    case AddressSource::event:
      return event.address;
    case AddressSource::capture:
      return net::Address::parse_logged(captures.address);
    case AddressSource::record:
      return net::Address::parse_logged(value_of(rule.rule->address_keys, event));
  }
  return std::nullopt;
}

std::string_view distinct_of(const model::Rule& rule, const Event& event, const Captures& captures,
                             std::string_view user) {
  using Of = model::DistinctValue::Of;
  if (!rule.distinct) {
    return {};
  }
  switch (rule.distinct->of) {
    case Of::field:
      return event[rule.distinct->field];
    case Of::user:
      return user;
    case Of::capture:
      return captures.value;
    case Of::record: {
      const auto item = std::ranges::find(event.record, rule.distinct->key, &model::NamedValue::name);
      return item == event.record.end() ? std::string_view{} : item->value;
    }
  }
  return {};
}

}  // namespace

std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(regex_memory);
  return std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

Regex& Regex::operator=(Regex&& other) noexcept {
  if (this != &other) {
    release();
    pattern_ = other.pattern_;
    compiled_ = other.compiled_.exchange(nullptr);
  }
  return *this;
}

const re2::RE2& Regex::get() const {
  if (const auto* compiled = compiled_.load(std::memory_order_acquire)) {
    return *compiled;
  }
  auto fresh = compile_regex(pattern_);
  const re2::RE2* before = nullptr;
  if (compiled_.compare_exchange_strong(before, fresh.get())) {
    return *fresh.release();
  }
  return *before;  // another thread was faster
}

std::optional<Verdict> judge(const CompiledRule& rule, const Event& event, PatternMemory* memory) {
  if (!head_fits(*rule.rule, event) || (rule.address_from == AddressSource::event && !event.address)) {
    return std::nullopt;
  }
  Captures captures;
  for (const Condition& condition : rule.all_of) {
    const auto found = find_in(*rule.rule, condition, event, captures, {.memory = memory});
    if (!found) {
      return std::nullopt;
    }
    captures = found->captures;
  }
  for (const Condition& condition : rule.none_of) {
    if (find_in(*rule.rule, condition, event, {}, {.memory = memory})) {
      return std::nullopt;
    }
  }
  Verdict verdict{
      .address = address_of(rule, event, captures), .user = captures.user, .session = captures.session, .distinct = {}};
  if (!verdict.address && !rule.in_session) {
    return std::nullopt;
  }
  if (verdict.user.empty()) {
    verdict.user = rule.rule->user_keys.empty() ? event[Field::user] : value_of(rule.rule->user_keys, event);
  }
  verdict.distinct = distinct_of(*rule.rule, event, captures, verdict.user);
  return verdict;
}

std::string_view value_of(const std::vector<std::string>& keys, const Event& event) {
  for (const std::string& key : keys) {
    const auto first = std::ranges::find(event.record, key, &model::NamedValue::name);
    if (first != event.record.end()) {
      const auto again =
          std::find_if(first + 1, event.record.end(), [&](const auto& item) { return item.name == key; });
      return again == event.record.end() ? first->value : std::string_view{};
    }
  }
  return {};
}

std::optional<Location> locate(const CompiledRule& rule, const Event& event) {
  Location location;
  for (const Condition& condition : rule.all_of) {
    const auto found = find_in(*rule.rule, condition, event, location.captures, {.with_text = true});
    if (!found) {
      return std::nullopt;
    }
    location.captures = found->captures;
    location.conditions.push_back({.condition = &condition, .text = found->text});
  }
  return location;
}

}  // namespace ipguard::match
