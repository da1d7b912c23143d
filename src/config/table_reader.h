// TableReader: typed values out of one TOML table. Whatever is wrong becomes a diagnostic at its place; the caller gets
// nullopt, keeps its default and goes on, so that all problems show at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/diagnostic.h"
#include "config/document.h"
#include "config/settings.h"

namespace ipguard::config {

// What the readers of one document share.
class ReadContext {
 public:
  ReadContext(std::string file, Diagnostics& diagnostics) : file_(std::move(file)), diagnostics_(diagnostics) {}

  [[nodiscard]] model::Location location(const Place& place) const {
    return {.file = place.in_settings ? std::string(settings_name) : file_, .line = place.line, .column = place.column};
  }
  void error(const Place& place, std::string message, std::string hint = {});
  void warning(const Place& place, std::string message, std::string hint = {});
  // The text of a file that the document names at `place`; nullopt after an error there.
  [[nodiscard]] std::optional<std::string> read(const std::string& path, const Place& place, std::string_view key);
  // Errors so far, in this document; those that Diagnostics knew already are counted again.
  [[nodiscard]] size_t error_count() const { return errors_; }

  // The keys that readers asked for, by table ("[enforce]", "[[source]]"; "" is the root) (tests).
  using KnownKeys = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;
  [[nodiscard]] const KnownKeys& known_keys() const { return known_; }

  void add_known(std::string_view table, std::string_view key);
  void add_unknown(std::string_view table, const Entry& entry);
  // Reports the keys that nobody asked for. Called last, when the keys of all tables are known: a hint may then say
  // where a misplaced key belongs.
  void report_unknown();

 private:
  struct Unknown {
    std::string table;
    std::string key;
    Place place;
    bool is_table = false;
  };
  [[nodiscard]] std::string unknown_hint(const Unknown& unknown) const;

  std::string file_;
  Diagnostics& diagnostics_;
  KnownKeys known_;
  std::vector<Unknown> unknown_;
  size_t errors_ = 0;
};

// A number's bounds, both allowed, and what else to say when it is out of them.
struct Range {
  int64_t min = 0;
  int64_t max = 0;
  std::string_view remark = {};
};

struct DurationRange {
  Seconds min{1};
  Seconds max{520LL * 7 * 24 * 3600};  // 520w, just inside what parse_duration() takes
  std::string_view remark = {};
};

// A text with where it stands.
struct Text {
  std::string text;
  Place place;
};

// Lives no longer than the table and the context it is given.
class TableReader {
 public:
  // `name` as people write it: "[enforce]", "[[source]]"; "" for the root. A value that is no table is the caller's
  // to report (table(), tables() do).
  TableReader(const Value& table, std::string_view name, ReadContext& context);

  // Every call below makes `key` known. An absent key yields nullopt (or an empty list) without a diagnostic.
  [[nodiscard]] const Value* find(std::string_view key);
  [[nodiscard]] Place place_of(std::string_view key);  // of the value; the table's own if the key is absent

  // A text on one line: not empty, no control characters.
  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  // Any text, also an empty one.
  [[nodiscard]] std::optional<std::string> any_text(std::string_view key);
  // A text of at most 64 letters, digits, '.', '_' and '-'.
  [[nodiscard]] std::optional<std::string> label(std::string_view key);
  // A text or an array of them, each as text(); an empty array only if `may_be_empty`.
  [[nodiscard]] std::vector<Text> texts(std::string_view key, bool may_be_empty = false);
  [[nodiscard]] std::optional<bool> flag(std::string_view key);
  [[nodiscard]] std::optional<int64_t> integer(std::string_view key, const Range& range);
  [[nodiscard]] std::optional<double> number(std::string_view key, double min, double max);
  [[nodiscard]] std::optional<Seconds> duration(std::string_view key, const DurationRange& range);
  // "permanent" (zero) or a duration.
  [[nodiscard]] std::optional<Seconds> ban_time(std::string_view key);
  // "64KiB" or a number of bytes.
  [[nodiscard]] std::optional<uint64_t> size(std::string_view key, uint64_t min, uint64_t max);
  // The index of the text among `choices`.
  [[nodiscard]] std::optional<size_t> choice(std::string_view key, std::span<const std::string_view> choices);
  // The table under `key`; an empty one without a place if it is absent or no table.
  [[nodiscard]] const Value& table(std::string_view key);
  // The tables of [[key]].
  [[nodiscard]] std::vector<const Value*> tables(std::string_view key);
  // The items of an array, or the single value itself.
  [[nodiscard]] std::vector<const Value*> list(std::string_view key);

  // Hands the keys that were never asked for to the context. Call it when everything has been read.
  void finish();

  void error(const Value& at, std::string_view key, const std::string& message, std::string hint = {});
  // "window: expected a duration such as \"10m\", found integer"
  void wrong_type(const Value& at, std::string_view key, std::string_view expected);
  // An error of base/ or net/ ("… is no duration; write for example …"): what follows "; write" becomes the hint.
  void bad_value(const Place& at, std::string_view key, const std::string& message);

  [[nodiscard]] const Value& value() const { return table_; }
  [[nodiscard]] ReadContext& context() { return context_; }

 private:
  [[nodiscard]] const Value* find_typed(std::string_view key, Value::Type type, std::string_view expected);
  [[nodiscard]] bool check_text(const Value& value, std::string_view key);
  // "rule.sample" for "sample" in [[rule]].
  [[nodiscard]] std::string full_key(std::string_view key) const;

  const Value& table_;
  std::string name_;
  ReadContext& context_;
  std::set<std::string_view> asked_;
};

// Where the key's value stands; line 0 if the key is absent.
[[nodiscard]] inline model::Location location_of(TableReader& table, std::string_view key) {
  const auto* value = table.find(key);
  return value == nullptr ? model::Location{} : table.context().location(value->place);
}

// Moves a value that was read over its default, narrowed: the reader has checked the range.
template <typename Target, typename Read>
void keep(Target& target, std::optional<Read> value) {
  if (value) {
    target = static_cast<Target>(*std::move(value));
  }
}

}  // namespace ipguard::config
