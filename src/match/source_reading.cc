#include "match/source_reading.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "match/format_compiler.h"
#include "match/formats/formats.h"
#include "match/rule_set.h"

namespace ipguard::match {
namespace {

using config::FormatConfig;
using config::SourceConfig;

void check_format_name(const FormatConfig& format, config::Diagnostics& diagnostics) {
  if (format.name == "auto" || find_format(format.name) != nullptr) {
    diagnostics.error(format.location, "'" + format.name + "' is the name of a format that ipguard knows",
                      "choose another name");
  }
}

void report_unknown_format(const SourceConfig& source, const std::vector<FormatConfig>& formats,
                           config::Diagnostics& diagnostics) {
  std::string known = "\"auto\"";
  for (const auto& format : formats) {
    known += ", \"" + format.name + "\"";
  }
  for (const auto name : format_names()) {
    known += ", \"" + std::string(name) + "\"";
  }
  diagnostics.error(source.format_location,
                    "source '" + source.name + "' has the unknown format '" + source.format + "'",
                    "formats are " + known);
}

std::shared_ptr<const TimeZone> load_zone(const SourceConfig& source, config::Diagnostics& diagnostics) {
  if (source.timezone.empty()) {
    return nullptr;
  }
  auto zone = TimeZone::load(source.timezone);
  if (zone == nullptr) {
    diagnostics.error(
        source.timezone_location, "timezone: there is no " + in_quotes(source.timezone, 40) + " in the tz database",
        TimeZone::has_database() ? "write a name as in /usr/share/zoneinfo, such as \"Europe/Rome\" or \"UTC\""
                                 : "it is not installed: Debian's package is called tzdata");
  }
  return zone;
}

// "quoted-4": the number; 0 if it is none.
size_t quoted_column(std::string_view field) {
  constexpr std::string_view prefix = "quoted-";
  constexpr size_t first = 2;  // the request is no list of addresses
  constexpr size_t last = 20;
  const auto number = parse_number(field.substr(std::min(field.size(), prefix.size())));
  return field.starts_with(prefix) && number && *number >= first && *number <= last ? *number : 0;
}

// Where the proxies' word stands in a format that ipguard knows.
bool set_field(const SourceConfig& source, const LogFormat* format, ForwardedClient& forwarded,
               config::Diagnostics& diagnostics) {
  if (format == &combined_format() || format == &vhost_combined_format()) {
    forwarded.quoted = quoted_column(source.client_field);
    if (forwarded.quoted == 0) {
      diagnostics.error(source.client_field_location,
                        "client_field: in the format '" + source.format + "' it is a quoted column",
                        "write \"quoted-4\" for the one behind the user agent (the request is quoted-1), or describe "
                        "the format in a [[format]]");
      return false;
    }
    return true;
  }
  if (format == &json_format() || format == &w3c_format()) {
    forwarded.value = source.client_field;
    return true;
  }
  diagnostics.error(source.client_field_location,
                    "client_field: the format '" + source.format + "' has no field that proxies write",
                    "take it out, or describe the format in a [[format]]");
  return false;
}

}  // namespace

std::shared_ptr<const SourceReadings> SourceReadings::compile(const std::vector<FormatConfig>& formats,
                                                              const std::vector<SourceConfig>& sources,
                                                              config::Diagnostics& diagnostics) {
  auto result = std::make_shared<SourceReadings>();
  for (const auto& format : formats) {
    check_format_name(format, diagnostics);
    std::shared_ptr<const LogFormat> own = compile_format(format, {}, diagnostics);
    const LogFormat* const as_it_is = own.get();
    result->formats_.emplace(format.name, SourceReading{.format = as_it_is, .own = std::move(own)});
  }
  for (const auto& source : sources) {
    SourceReading reading{.format = find_format(source.format), .zone = load_zone(source, diagnostics)};
    const auto own = std::ranges::find(formats, source.format, &FormatConfig::name);
    const bool is_own = reading.format == nullptr && own != formats.end();
    if (is_own) {
      reading.own = result->formats_.at(own->name).own;
    } else if (reading.format == nullptr && source.format != "auto") {
      report_unknown_format(source, formats, diagnostics);
      continue;
    }
    const bool compiled = !is_own || reading.own != nullptr;
    if (!source.client_field.empty() && source.format != "auto" && compiled) {
      ForwardedClient forwarded;
      for (const auto& prefix : source.trusted_proxies) {
        forwarded.proxies[prefix];
      }
      if (is_own && own->syntax != config::FormatSyntax::json) {
        reading.own =
            compile_format(*own, {.name = source.client_field, .location = source.client_field_location}, diagnostics);
      } else if (is_own) {
        forwarded.value = source.client_field;
      } else if (!set_field(source, reading.format, forwarded, diagnostics)) {
        continue;
      }
      reading.forwarded = std::move(forwarded);
    }
    if (is_own) {
      reading.format = reading.own.get();
    }
    if (is_own || reading.zone != nullptr || reading.forwarded) {
      result->sources_.emplace(source.name, std::move(reading));
    }
  }
  return result;
}

const SourceReading* SourceReadings::of_source(std::string_view name) const {
  const auto found = sources_.find(name);
  return found == sources_.end() ? nullptr : &found->second;
}

const SourceReading* SourceReadings::of_format(std::string_view name) const {
  const auto found = formats_.find(name);
  return found == formats_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> SourceReadings::format_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, reading] : formats_) {
    names.push_back(name);
  }
  return names;
}

}  // namespace ipguard::match
