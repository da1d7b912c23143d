#include "enrich/schema.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/ascii.h"
#include "net/asn.h"

namespace ipguard::enrich {
namespace {

constexpr size_t longest_name = 256;  // bytes; of an AS or a country

enum class Key : uint8_t {
  asn,
  as_name,
  weak_as_name,  // means the AS only in a record that has an `asn`
  as_domain,
  weak_as_domain,
  country,  // a name or a code
  country_name,
  country_code,
  registered_name,
  registered_code,
  continent,  // a name or a code
  continent_name,
  continent_code,
  count,
};

constexpr std::array<std::pair<std::string_view, Key>, 24> known_keys{{
    {"as_domain", Key::as_domain},
    {"as_name", Key::as_name},
    {"asn", Key::asn},
    {"asn.asn", Key::asn},
    {"asn.domain", Key::as_domain},
    {"asn.name", Key::as_name},
    {"autonomous_system_number", Key::asn},
    {"autonomous_system_organization", Key::as_name},
    {"continent", Key::continent},
    {"continent.code", Key::continent_code},
    {"continent.names.en", Key::continent_name},
    {"continent_code", Key::continent_code},
    {"continent_name", Key::continent_name},
    {"country", Key::country},
    {"country.iso_code", Key::country_code},
    {"country.names.en", Key::country_name},
    {"country_code", Key::country_code},
    {"country_name", Key::country_name},
    {"domain", Key::weak_as_domain},
    {"name", Key::weak_as_name},
    {"registered_country.iso_code", Key::registered_code},
    {"registered_country.names.en", Key::registered_name},
    {"traits.autonomous_system_number", Key::asn},
    {"traits.autonomous_system_organization", Key::as_name},
}};
static_assert(std::ranges::is_sorted(known_keys, {}, &std::pair<std::string_view, Key>::first));

std::optional<net::Asn> to_asn(const Scalar& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return net::Asn::parse(*text);
  }
  uint64_t number = 0;
  if (const auto* natural = std::get_if<uint64_t>(&value)) {
    number = *natural;
  } else if (const auto* integer = std::get_if<int32_t>(&value); integer != nullptr && *integer > 0) {
    number = static_cast<uint64_t>(*integer);
  }
  if (number == 0 || number > UINT32_MAX) {
    return std::nullopt;
  }
  return net::Asn{static_cast<uint32_t>(number)};
}

// At most longest_name bytes, not ending within a UTF-8 sequence.
std::string bounded(std::string_view text) {
  if (text.size() > longest_name) {
    size_t end = longest_name;
    while (end > longest_name - 3 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
      --end;
    }
    text = text.substr(0, end);
  }
  return std::string(text);
}

bool looks_like_code(std::string_view text) { return text.size() == 2 && std::ranges::all_of(text, is_upper); }

struct Place {
  std::string name;
  std::string code;
};

// `plain` is the value of `country` or `continent`, a name or, in older files, a code.
Place place_of(std::string_view plain, std::string_view name, std::string_view code) {
  if (!plain.empty()) {
    if (code.empty() && (!name.empty() || looks_like_code(plain))) {
      code = plain;
    } else if (name.empty()) {
      name = plain;
    }
  }
  return {bounded(name), upper_case(bounded(code))};
}

bool agree(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

void add_further(RecordFields& further, std::string_view path, const Scalar& value) {
  const bool nested = path.find('.') != std::string_view::npos;
  if (!path.empty() && !nested && std::ranges::find(further, path, &RecordFields::value_type::first) == further.end()) {
    further.emplace_back(path, to_text(value));
  }
}

bool fill(std::string& to, const std::string& from) {
  if (!to.empty() || from.empty()) {
    return false;
  }
  to = from;
  return true;
}

}  // namespace

Result<model::Route> read_facts(const Mmdb& mmdb, uint32_t record, RecordFields* further) {
  std::array<std::string_view, static_cast<size_t>(Key::count)> texts{};
  model::Route facts;
  auto read = mmdb.read(record, [&](std::string_view path, const Scalar& value) {
    const auto known = std::ranges::lower_bound(known_keys, path, {}, &std::pair<std::string_view, Key>::first);
    if (known == known_keys.end() || known->first != path) {
      if (further != nullptr) {
        add_further(*further, path, value);
      }
      return;
    }
    if (known->second == Key::asn) {
      if (!facts.asn) {
        facts.asn = to_asn(value);
      }
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      texts[static_cast<size_t>(known->second)] = *text;
    }
  });
  if (!read) {
    return std::unexpected(std::move(read.error()));
  }
  const auto text = [&](Key key) { return texts[static_cast<size_t>(key)]; };
  const auto first_of = [&](Key key, Key weak) { return !text(key).empty() || !facts.asn ? text(key) : text(weak); };
  facts.as_name = bounded(first_of(Key::as_name, Key::weak_as_name));
  facts.as_domain = bounded(first_of(Key::as_domain, Key::weak_as_domain));
  auto country = place_of(text(Key::country), text(Key::country_name), text(Key::country_code));
  if (country.name.empty() && country.code.empty()) {
    country = place_of({}, text(Key::registered_name), text(Key::registered_code));
  }
  auto continent = place_of(text(Key::continent), text(Key::continent_name), text(Key::continent_code));
  facts.country = std::move(country.name);
  facts.country_code = std::move(country.code);
  facts.continent = std::move(continent.name);
  facts.continent_code = std::move(continent.code);
  return facts;
}

bool has_facts(const model::Route& facts) {
  return facts.asn || !facts.as_name.empty() || !facts.country.empty() || !facts.country_code.empty() ||
         !facts.continent.empty() || !facts.continent_code.empty();
}

bool complete(model::Route& route, const model::Route& more) {
  bool taken = false;
  if (!route.asn || !more.asn || route.asn == more.asn) {
    if (!route.asn && more.asn) {
      route.asn = more.asn;
      taken = true;
    }
    taken |= fill(route.as_name, more.as_name);
    taken |= fill(route.as_domain, more.as_domain);
  }
  if (agree(route.country_code, more.country_code) && agree(route.continent_code, more.continent_code)) {
    taken |= fill(route.country_code, more.country_code);
    taken |= fill(route.country, more.country);
    taken |= fill(route.continent_code, more.continent_code);
    taken |= fill(route.continent, more.continent);
  }
  return taken;
}

}  // namespace ipguard::enrich
