#include "cli/ban_list.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/csv.h"
#include "cli/table.h"
#include "model/decision.h"

namespace ipguard::cli {
namespace {

constexpr std::array<std::pair<std::string_view, ListFormat>, 4> format_names = {{
    {"auto", ListFormat::automatic},
    {"list", ListFormat::list},
    {"csv", ListFormat::csv},
    {"json", ListFormat::json},
}};

enum class Meaning : uint8_t { target, until, reason };
constexpr std::array<std::pair<std::string_view, Meaning>, 14> meanings = {{
    {"target", Meaning::target},
    {"ip", Meaning::target},
    {"address", Meaning::target},
    {"network", Meaning::target},
    {"prefix", Meaning::target},
    {"cidr", Meaning::target},
    {"range", Meaning::target},
    {"value", Meaning::target},
    {"until", Meaning::until},
    {"expires", Meaning::until},
    {"expiration", Meaning::until},
    {"reason", Meaning::reason},
    {"comment", Meaning::reason},
    {"description", Meaning::reason},
}};

std::optional<Meaning> meaning_of(std::string_view name) {
  const auto* it = std::ranges::find(meanings, lower_case(trim(name)), &std::pair<std::string_view, Meaning>::first);
  return it == meanings.end() ? std::nullopt : std::optional(it->second);
}

// Collects the entries of a list, whatever form it has.
class Reader {
 public:
  explicit Reader(TimePoint now) : now_(now) {}

  void problem(size_t line, std::string_view message) {
    if (list_.problems.size() == BanList::most_problems) {
      ++list_.more_problems;
      return;
    }
    list_.problems.push_back(std::to_string(line) + ": error: " + std::string(message));
  }

  // `until`: a stamp, empty = the list does not say, "null" = never.
  void add(size_t line, std::string_view target_text, std::optional<Json> until, std::optional<std::string> reason) {
    const auto target = model::Target::parse(trim(target_text));
    if (!target) {
      problem(line, target.error().message);
      return;
    }
    if (until && !until->is_null()) {
      const auto end = until->is_string() ? parse_rfc3339(trim(until->get_ref<const std::string&>())) : std::nullopt;
      if (!end) {
        problem(line, printable(until->dump(-1, ' ', false, Json::error_handler_t::replace), 80) +
                          " is no time such as \"2026-02-25T04:30:17Z\"");
        return;
      }
      if (*end <= now_) {
        ++list_.over;
        return;
      }
      until = format_rfc3339(*end);
    }
    if (reason) {
      reason = trim(*reason);
      cut_reason(line, *reason);
    }
    list_.bans.push_back({.target = target->to_string(), .until = std::move(until), .reason = std::move(reason)});
  }

  BanList take() { return std::move(list_); }

 private:
  // What an export says of a ban that was forced or spared somebody may be longer than what a person may say.
  void cut_reason(size_t line, std::string& reason) {
    if (reason.size() <= BanList::longest_reason) {
      return;
    }
    constexpr std::string_view ellipsis = "...";
    size_t length = BanList::longest_reason - ellipsis.size();
    while (length > 0 && (static_cast<unsigned char>(reason[length]) & 0xc0U) == 0x80U) {
      --length;  // not in the middle of a character (UTF-8)
    }
    reason.resize(length);
    reason += ellipsis;
    list_.first_cut = list_.cut++ == 0 ? line : list_.first_cut;
  }

  TimePoint now_;
  BanList list_;
};

void read_plain(std::string_view text, Reader& reader) {
  size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    const auto target = trim(line.substr(0, line.find_first_of("#;")));
    if (!target.empty()) {
      reader.add(number, target, std::nullopt, std::nullopt);
    }
  }
}

void read_csv(std::string_view text, Reader& reader) {
  CsvReader csv(text);
  std::vector<std::optional<Meaning>> columns;
  while (const auto record = csv.next()) {
    const auto& fields = record->fields;
    const bool blank = fields.size() == 1 && trim(fields[0]).empty();
    if (blank || trim(fields[0]).starts_with('#')) {
      continue;
    }
    if (columns.empty()) {
      const bool is_header =
          std::ranges::any_of(fields, [](const auto& name) { return meaning_of(name) == Meaning::target; });
      if (is_header) {
        std::ranges::transform(fields, std::back_inserter(columns), [](const auto& name) { return meaning_of(name); });
        continue;
      }
      columns = {Meaning::target};
    }
    std::string_view target;
    std::optional<Json> until;
    std::optional<std::string> reason;
    for (size_t i = 0; i < std::min(fields.size(), columns.size()); ++i) {
      if (columns[i] == Meaning::target && target.empty()) {
        target = fields[i];
      } else if (columns[i] == Meaning::until) {
        // An empty field of a column that there is: no end.
        until = trim(fields[i]).empty() ? Json(nullptr) : Json(fields[i]);
      } else if (columns[i] == Meaning::reason && !trim(fields[i]).empty()) {
        reason = fields[i];
      }
    }
    reader.add(record->line, target, std::move(until), std::move(reason));
  }
}

void read_json_entry(const Json& entry, size_t line, Reader& reader) {
  if (const auto* text = entry.get_ptr<const std::string*>()) {
    reader.add(line, *text, std::nullopt, std::nullopt);
    return;
  }
  if (!entry.is_object()) {
    reader.problem(line, "neither a target nor an object with one");
    return;
  }
  const std::string* target = nullptr;
  std::optional<Json> until;
  std::optional<std::string> reason;
  for (const auto& [key, value] : entry.items()) {
    const auto meaning = meaning_of(key);
    const auto* text = value.get_ptr<const std::string*>();
    if (meaning == Meaning::target && text != nullptr && target == nullptr) {
      target = text;
    } else if (meaning == Meaning::until) {
      until = value;
    } else if (meaning == Meaning::reason && text != nullptr) {
      reason = *text;
    }
  }
  const auto type = entry.find("type");
  if (target != nullptr) {
    reader.add(line, *target, std::move(until), std::move(reason));
  } else if (type == entry.end() || *type != "metadata") {
    reader.problem(line, "the object names no target");
  }
}

std::optional<Json> parse_json(std::string_view text, size_t line, Reader& reader) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    reader.problem(line, "no valid JSON at byte " + std::to_string(error.byte));
  } catch (const std::exception& error) {
    reader.problem(line, "cannot be parsed: " + printable(error.what(), 80));
  }
  return std::nullopt;
}

void read_json(std::string_view text, Reader& reader) {
  if (trim(text).starts_with('[')) {
    if (const auto array = parse_json(text, 1, reader)) {
      size_t number = 0;
      for (const auto& entry : *array) {
        read_json_entry(entry, ++number, reader);
      }
    }
    return;
  }
  size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) {
      continue;
    }
    if (const auto entry = parse_json(line, number, reader)) {
      read_json_entry(*entry, number, reader);
    }
  }
}

ListFormat recognised(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    const auto content = trim(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) {
      continue;
    }
    if (content.starts_with('[') || content.starts_with('{')) {
      return ListFormat::json;
    }
    const bool quoted = content.starts_with('"');
    const bool named = meaning_of(content) == Meaning::target;
    return quoted || named || content.substr(0, content.find_first_of("#;")).find(',') != std::string_view::npos
               ? ListFormat::csv
               : ListFormat::list;
  }
  return ListFormat::list;
}

std::string text_at(const Json& ban, const char* key) {
  const auto it = ban.find(key);
  return it != ban.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string csv_of(const Json& bans, bool for_terminal) {
  static constexpr std::array<const char*, 9> columns = {"target", "scope", "until", "reason",      "rule",
                                                         "issuer", "since", "asn",   "country_code"};
  std::string text;
  for (const char* column : columns) {
    text += (text.empty() ? "" : ",") + std::string(column);
  }
  text += '\n';
  for (const auto& ban : bans) {
    std::string line;
    for (const char* column : columns) {
      const auto field = text_at(ban, column);
      line += (column == columns.front() ? "" : ",") + csv_field(for_terminal ? printable(field) : field);
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::optional<ListFormat> list_format_from(std::string_view name) {
  const auto* it = std::ranges::find(format_names, name, &std::pair<std::string_view, ListFormat>::first);
  return it == format_names.end() ? std::nullopt : std::optional(it->second);
}

BanList read_ban_list(std::string_view text, ListFormat format, TimePoint now) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  Reader reader(now);
  switch (format == ListFormat::automatic ? recognised(text) : format) {
    case ListFormat::csv:
      read_csv(text, reader);
      break;
    case ListFormat::json:
      read_json(text, reader);
      break;
    case ListFormat::automatic:
    case ListFormat::list:
      read_plain(text, reader);
      break;
  }
  return reader.take();
}

std::string write_ban_list(const Json& bans, ListFormat format, bool for_terminal) {
  if (format == ListFormat::csv) {
    return csv_of(bans, for_terminal);
  }
  if (format == ListFormat::json) {
    return bans.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
  }
  std::string text;
  for (const auto& ban : bans) {
    text += cell(ban, "target") + '\n';
  }
  return text;
}

}  // namespace ipguard::cli
