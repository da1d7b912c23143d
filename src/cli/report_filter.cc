#include "cli/report_filter.h"

#include <algorithm>

#include "base/text.h"

namespace ipguard::cli {
namespace {

constexpr size_t day_length = 10;     // of "2026-02-25"
constexpr size_t hour_length = 14;    // of "2026-02-25 04h", as the table of hours has it
constexpr size_t minute_length = 16;  // of "2026-02-25 04:30", as the tables have it

Result<TimePoint> parse_moment(std::string_view option, const std::string& text, TimePoint now) {
  std::string stamp = text;
  if (stamp.size() == day_length) {
    stamp += "T00:00";
  }
  if (stamp.size() == hour_length && stamp.ends_with('h')) {
    stamp.replace(hour_length - 1, 1, ":00");
  }
  if (stamp.size() >= minute_length && !stamp.substr(minute_length).starts_with(':')) {
    stamp.insert(minute_length, ":00");
  }
  for (const char* zone : {"", "Z"}) {
    if (const auto time = parse_rfc3339(stamp + zone)) {
      return *time;
    }
  }
  if (const auto span = parse_duration(text)) {
    return now - *span;
  }
  return fail(Errc::usage, std::string(option) + ": " + in_quotes(text, 40) +
                               " is no time; write 2026-02-25, \"2026-02-25 04:30\" (UTC without a zone), "
                               "2026-02-25T04:30:00+02:00, or 24h for the last 24 hours");
}

Result<FieldCondition> parse_condition(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Errc::usage, "--where: " + in_quotes(text) + " is no condition; write FIELD=TEXT");
  }
  std::string name = text.substr(0, equals);
  std::ranges::replace(name, '-', '_');
  FieldCondition condition{.field = {}, .text = text.substr(equals + 1), .prefix = {}};
  if (name == "address") {
    const auto prefix = net::Prefix::parse(condition.text);
    if (!prefix) {
      return fail(Errc::usage, "--where: " + prefix.error().message);
    }
    condition.prefix = *prefix;
    return condition;
  }
  if (condition.text.empty()) {  // every field holds that
    return fail(Errc::usage, "--where: '" + printable(text, 80) + "' fits every line; write FIELD=TEXT");
  }
  condition.field = model::field_from(name);
  if (!condition.field || condition.field == model::Field::record) {
    std::string known = "address";
    for (size_t i = 0; i + 1 < model::field_count; ++i) {
      known += ", " + std::string(model::to_string(static_cast<model::Field>(i)));
    }
    return fail(Errc::usage, "--where: there is no field " + in_quotes(name, 40) + "; fields are " + known);
  }
  return condition;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

// Each value may be a list: "AS64500,AS64501".
template <typename Parse>
Result<> parse_each(const std::vector<std::string>& values, const Parse& parse) {
  for (const auto& value : values) {
    for (const auto word : split(value, ',')) {
      if (auto done = parse(std::string(trim(word))); !done) {
        return done;
      }
    }
  }
  return {};
}

Result<> parse_owners(const FilterOptions& options, ReportFilter& filter) {
  auto done = parse_each(options.asns, [&](const std::string& word) -> Result<> {
    const auto asn = net::Asn::parse(word);
    if (!asn) {
      return fail(Errc::usage, "--asn: " + in_quotes(word, 40) + " is no AS number; write AS64500");
    }
    filter.asns.push_back(*asn);
    return {};
  });
  if (!done) {
    return done;
  }
  return parse_each(options.countries, [&](const std::string& word) -> Result<> {
    const auto country = model::Country::parse(word);
    if (!country) {
      return fail(Errc::usage, "--country: " + in_quotes(word, 40) + " is no country; write its two letters");
    }
    filter.countries.push_back(*country);
    return {};
  });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> FilterOptions::described() const {
  std::vector<std::pair<std::string, std::string>> result;
  const auto add = [&result](const char* name, std::string text) {
    if (!text.empty()) {
      result.emplace_back(name, std::move(text));
    }
  };
  add("asn", joined(asns));
  add("country", joined(countries));
  add("rule", joined(rules));
  add("since", since.value_or(""));
  add("until", until.value_or(""));
  add("where", joined(where));
  return result;
}

Result<ReportFilter> parse_filter(const FilterOptions& options, TimePoint now) {
  ReportFilter filter;
  if (auto owners = parse_owners(options, filter); !owners) {
    return std::unexpected(owners.error());
  }
  static_cast<void>(parse_each(options.rules, [&](std::string word) -> Result<> {
    filter.rules.push_back(std::move(word));
    return {};
  }));
  if (options.since) {
    const auto since = parse_moment("--since", *options.since, now);
    if (!since) {
      return std::unexpected(since.error());
    }
    filter.since = *since;
  }
  if (options.until) {
    const auto until = parse_moment("--until", *options.until, now);
    if (!until) {
      return std::unexpected(until.error());
    }
    filter.until = *until;
  }
  if (filter.since && filter.until && *filter.until <= *filter.since) {
    return fail(Errc::usage, "--until " + printable(*options.until, 40) + " is not after --since " +
                                 printable(*options.since, 40) + ": no time lies between them");
  }
  for (const auto& text : options.where) {
    auto condition = parse_condition(text);
    if (!condition) {
      return std::unexpected(condition.error());
    }
    filter.where.push_back(std::move(*condition));
  }
  return filter;
}

bool ReportFilter::fits_hit(const model::Event& event, const model::Hit& hit) const {
  return std::ranges::all_of(where, [&](const FieldCondition& condition) {
    if (!condition.field) {
      return condition.prefix.contains(hit.address);
    }
    const auto holds = [&](std::string_view text) { return text.find(condition.text) != std::string_view::npos; };
    // Rules capture user names from messages that have no such field.
    return holds(event[*condition.field]) || (condition.field == model::Field::user && holds(hit.user));
  });
}

bool ReportFilter::fits_prefixes(std::span<const net::Prefix> prefixes) const {
  return std::ranges::all_of(where, [&](const FieldCondition& condition) {
    return condition.field ||
           std::ranges::any_of(prefixes, [&](const net::Prefix& each) { return condition.prefix.overlaps(each); });
  });
}

bool ReportFilter::fits_rule(std::string_view id) const {
  return rules.empty() || std::ranges::any_of(rules, [id](const std::string& word) {
           return word.ends_with('/') ? id.starts_with(word) : id == word;
         });
}

bool ReportFilter::fits_decision(const report::DecisionRow& row) const {
  const auto asn = net::Asn::parse(row.asn).value_or(net::Asn{});
  const auto country = model::Country::parse(row.country_code).value_or(model::Country{});
  return fits_time(row.since) && fits_rule(row.rule) &&
         fits_owner(asn.number, static_cast<uint16_t>(country.number())) &&
         fits_prefixes(row.prefixes.empty() ? std::span(&row.route, 1) : std::span(row.prefixes));
}

bool ReportFilter::fits_owner(uint32_t asn, uint16_t country) const {
  const auto is_asn = [asn](const net::Asn& each) { return each.number == asn; };
  const auto is_country = [country](const model::Country& each) { return each.number() == country; };
  return (asns.empty() || std::ranges::any_of(asns, is_asn)) &&
         (countries.empty() || std::ranges::any_of(countries, is_country));
}

}  // namespace ipguard::cli
