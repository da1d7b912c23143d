// [[format]], and the keys of [[source]] that say how its lines are understood.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr size_t longest_format = 8192;
constexpr size_t longest_value_path = 256;  // match/formats/record.h
constexpr std::array<std::string_view, 2> escapes = {"default", "json"};
constexpr std::array<std::pair<std::string_view, FormatSyntax>, 3> syntaxes = {
    {{"nginx", FormatSyntax::nginx}, {"apache", FormatSyntax::apache}, {"json", FormatSyntax::json}}};

// json = { address = "client.ip", … }
void read_names(FormatConfig& format, const Value& json, ReadContext& context) {
  std::set<std::string_view> written;
  for (const auto& entry : json.entries) {
    const auto* const field = std::ranges::find(json_fields, entry.key);
    if (field == json_fields.end()) {
      const auto near = nearest_word(entry.key, {json_fields.begin(), json_fields.end()});
      std::string hint = "these are known:";
      for (const auto name : json_fields) {
        hint.append(" ").append(name);
      }
      context.error(entry.place, "json: a line has no " + in_quotes(entry.key, 40),
                    near.empty() ? hint : "did you mean \"" + std::string(near) + "\"?");
    } else if (entry.value.type != Value::Type::string || entry.value.text.empty() ||
               entry.value.text.size() > longest_value_path) {
      context.error(entry.value.place, "json: " + entry.key + " takes the name of a value",
                    "write the path to it, as in \"request.client.ip\"");
    } else {
      written.insert(entry.key);
      format.names.push_back({.field = static_cast<size_t>(field - json_fields.begin()), .path = entry.value.text});
    }
  }
  if (!written.contains("address")) {
    context.error(json.place, "json: nothing says where the client's address stands", "add address = \"client.ip\"");
  }
  if (!written.contains("request") && !written.contains("path")) {
    context.error(json.place, "json: nothing says what was asked for",
                  "add path = \"http.path\", or request = \"http.request\" for a whole request line");
  }
}

void read_syntax(FormatConfig& format, std::string_view key, const Value& value, TableReader& table,
                 ReadContext& context) {
  format.text_location = context.location(value.place);
  if (format.syntax == FormatSyntax::json) {
    if (value.type == Value::Type::table) {
      read_names(format, value, context);
    } else {
      table.wrong_type(value, key, "names of values such as { address = \"client.ip\" }");
    }
    return;
  }
  keep(format.text, table.any_text(key));
  if (value.type == Value::Type::string && trim(format.text).empty()) {
    table.error(value, key, "the format is empty");
  } else if (format.text.size() > longest_format) {
    table.error(value, key, "the format is longer than " + std::to_string(longest_format) + " bytes");
  }
}

FormatConfig read_format(const Value& value, std::map<std::string, Place>& names, ReadContext& context) {
  TableReader table(value, "[[format]]", context);
  FormatConfig format;
  format.location = context.location(value.place);
  format.text_location = format.location;
  format.name = read_name(table, "format", "shop", names);
  std::optional<std::string_view> first;
  for (const auto& [key, syntax] : syntaxes) {
    const auto* written = table.find(key);
    if (written == nullptr) {
      continue;
    }
    if (first) {
      context.error(written->place, "a format has either nginx or apache or json",
                    "make a [[format]] of its own for '" + std::string(key) + "'");
      continue;
    }
    first = key;
    format.syntax = syntax;
    read_syntax(format, key, *written, table, context);
  }
  if (!first) {
    context.error(value.place, "a format needs nginx, apache or json",
                  "add nginx = '…' with what stands in the server's log_format");
  }
  if (const auto escape = table.choice("escape", escapes)) {
    format.json_escape = *escape == 1;
    if (format.syntax != FormatSyntax::nginx) {
      table.error(*table.find("escape"), "escape", "this is said of nginx's formats only", "take it out");
    }
  }
  table.finish();
  return format;
}

}  // namespace

std::vector<FormatConfig> read_formats(TableReader& root, ReadContext& context) {
  std::vector<FormatConfig> formats;
  std::map<std::string, Place> names;
  for (const auto* value : root.tables("format")) {
    formats.push_back(read_format(*value, names, context));
  }
  return formats;
}

void read_reading(SourceConfig& source, TableReader& table, ReadContext& context) {
  source.timezone_location = location_of(table, "timezone");
  source.client_field_location = location_of(table, "client_field");
  keep(source.timezone, table.any_text("timezone"));
  keep(source.client_field, table.any_text("client_field"));
  source.trusted_proxies =
      read_prefixes(table, "trusted_proxies", "any of them would be believed, and none can be banned");
  if (!source.trusted_proxies.empty() && source.client_field.empty()) {
    table.error(*table.find("trusted_proxies"), "trusted_proxies", "nothing says where these write the client",
                "add client_field = \"$http_x_forwarded_for\" (or where in the line it stands)");
  }
  if (!source.client_field.empty() && source.trusted_proxies.empty()) {
    table.error(*table.find("client_field"), "client_field", "anybody could write an address there",
                "add trusted_proxies = [\"198.51.100.0/24\"]: whose word on the client is to be taken");
  }
  if (!source.client_field.empty() && source.format == "auto") {
    context.error(table.place_of("client_field"), "client_field: which format's field that is has to be said",
                  "add format = \"json\", \"combined\" or the name of a [[format]]");
  }
}

}  // namespace ipguard::config
