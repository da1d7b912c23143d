// One rule judged exactly on one event, by RE2. The only file that knows re2.h.
#pragma once

#include <re2/re2.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "match/pattern_edges.h"
#include "match/pattern_memory.h"
#include "model/event.h"
#include "model/rule.h"
#include "net/address.h"

namespace ipguard::match {

// Bytes, no UTF-8; bounded memory for its automata (RE2 turns to a slower, still linear way when that is used up).
[[nodiscard]] std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern);

// A pattern, compiled when it is wanted: what RE2 makes of one takes 8 KB or more, and most of a thousand are not asked
// in months, because the scanner finds nothing for them. Any thread may ask.
class Regex {
 public:
  Regex() = default;
  // `pattern` outlives it.
  explicit Regex(std::string_view pattern) : pattern_(pattern) {}
  Regex(Regex&& other) noexcept : pattern_(other.pattern_), compiled_(other.compiled_.exchange(nullptr)) {}
  Regex& operator=(Regex&& other) noexcept;
  ~Regex() { delete compiled_.load(); }

  // Some 100 us the first time.
  [[nodiscard]] const re2::RE2& get() const;
  // Gives the memory back, until it is asked again. Nobody else may ask meanwhile.
  void release() { delete compiled_.exchange(nullptr); }

 private:
  std::string_view pattern_;
  mutable std::atomic<const re2::RE2*> compiled_ = nullptr;
};

// One pattern with the numbers of the groups that ipguard reads; 0 = it has none of that name.
struct CompiledPattern {
  Regex regex;
  PatternEdges edges;
  int address_group = 0;
  int user_group = 0;
  int session_group = 0;
  int value_group = 0;
  int last_group = 0;  // the greatest of them
};

// model::FieldPatterns compiled: holds if any pattern is found in the field.
struct Condition {
  model::Field field = model::Field::message;
  std::string_view key;  // of the record's value; points into the rule
  std::vector<CompiledPattern> patterns;
};

// Where a rule has its address from.
enum class AddressSource : uint8_t {
  event,    // the format's own position: access and error logs
  capture,  // (?P<address>…)
  record,   // the values that address_key names
};

struct CompiledRule {
  const model::Rule* rule = nullptr;
  AddressSource address_from = AddressSource::event;
  bool in_session = false;  // the address may come from another line of the same session
  std::vector<Condition> all_of;
  std::vector<Condition> none_of;
};

// What the named groups of a rule's patterns held. Views point into the event.
struct Captures {
  std::string_view address;
  std::string_view user;
  std::string_view session;
  std::string_view value;
};

// Views point into the event.
struct Verdict {
  std::optional<net::Address> address;  // nullopt only of a rule in a session: it is the session's
  std::string_view user;                // empty when neither rule nor format gives one
  std::string_view session;             // what the capture `session` held; empty = the process id tells the session
  std::string_view distinct;            // the value that the rule's threshold counts
};

// nullopt if the rule does not hit. Within a condition the first pattern that is found decides about captures; one
// whose capture is no address gives way to a later one that finds an address. If none does, there is no hit (but the
// session may know it). Every field of `event` is complete (of a truncated line, formats keep nothing that breaks off),
// so what a pattern finds at a field's end is the field's own end.
// `memory`: of what was found before; null = everything is looked at anew.
[[nodiscard]] std::optional<Verdict> judge(const CompiledRule& rule, const model::Event& event,
                                           PatternMemory* memory = nullptr);

// The value of the first of `keys` that the record has; nothing if it has that key twice: then somebody forged one.
[[nodiscard]] std::string_view value_of(const std::vector<std::string>& keys, const model::Event& event);

// Where a condition holds, for explaining a hit.
struct Located {
  const Condition* condition = nullptr;
  std::string_view text;  // what the pattern that decides matched; points into the event
};
struct Location {
  std::vector<Located> conditions;  // one for each of the rule's all_of, same order
  Captures captures;
};
// Judges the conditions once more, the slow way; nullopt if not all of them hold.
[[nodiscard]] std::optional<Location> locate(const CompiledRule& rule, const model::Event& event);

}  // namespace ipguard::match
