// [allow] and [whois].
#include "base/text.h"
#include "config/config_reader.h"
#include "config/countries.h"
#include "model/country.h"
#include "net/endpoint.h"

namespace ipguard::config {
namespace {

void read_asns(TableReader& table, AllowConfig& allow) {
  for (const auto* item : table.list("asns")) {
    if (item->type != Value::Type::integer && item->type != Value::Type::string) {
      table.wrong_type(*item, "asns", "an AS number such as 64500 or \"AS64500\"");
      continue;
    }
    const std::string text = item->type == Value::Type::string ? item->text : std::to_string(item->integer);
    if (const auto asn = net::Asn::parse(text)) {
      allow.asns.push_back(*asn);
    } else {
      table.error(*item, "asns", in_quotes(text) + " is no AS number",
                  "write 64500 or \"AS64500\", from 1 to 4294967295");
    }
  }
}

void read_countries(TableReader& table, AllowConfig& allow) {
  for (const auto& item : table.texts("countries", true)) {
    const auto country = model::Country::parse(item.text);
    if (!country) {
      table.context().error(item.place, "countries: " + in_quotes(item.text) + " is no country code",
                            "write the two letters of ISO 3166-1, such as \"CH\"");
      continue;
    }
    if (const auto code = country->to_string(); !is_country_code(code)) {
      table.context().warning(item.place, "countries: " + code + " is not assigned in ISO 3166-1 and may never match",
                              code == "UK" ? "the United Kingdom is \"GB\"" : "");
    }
    allow.countries.push_back(*country);
  }
}

}  // namespace

std::vector<net::Prefix> read_prefixes(TableReader& table, std::string_view key, std::string_view of_everybody) {
  std::vector<net::Prefix> prefixes;
  for (const auto& item : table.texts(key, true)) {
    const auto prefix = net::Prefix::parse(item.text);
    if (!prefix) {
      table.bad_value(item.place, key, prefix.error().message);
      continue;
    }
    if (prefix->length() == 0) {
      const std::string family = prefix->family() == net::Family::ipv4 ? "IPv4" : "IPv6";
      table.context().warning(item.place, std::string(key) + ": " + prefix->to_string() + " is every " + family +
                                              " address: " + std::string(of_everybody));
    }
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

AllowConfig read_allow(TableReader& root, ReadContext& context) {
  TableReader table(root.table("allow"), "[allow]", context);
  AllowConfig allow;
  allow.prefixes = read_prefixes(table, "prefixes");
  read_asns(table, allow);
  read_countries(table, allow);
  allow.asns_location = location_of(table, "asns");
  allow.countries_location = location_of(table, "countries");
  table.finish();
  return allow;
}

WhoisConfig read_whois(TableReader& root, ReadContext& context) {
  TableReader table(root.table("whois"), "[whois]", context);
  WhoisConfig whois;
  whois.listen = table.any_text("listen").value_or("");
  whois.listen_location = location_of(table, "listen");
  auto listen = net::Endpoint::parse(whois.listen);
  if (listen && listen->port == 0) {
    listen.reset();
  }
  if (!whois.listen.empty() && !listen) {
    table.error(*table.find("listen"), "listen", in_quotes(whois.listen) + " is no address with a port",
                "write for example \"127.0.0.1:8043\" or \"[::1]:8043\"; \"\" switches it off");
    whois.listen.clear();
  } else if (listen && !net::is_loopback(listen->address)) {
    context.warning(table.place_of("listen"), "listen: whoever reaches " + whois.listen + " may ask the whois server",
                    "\"127.0.0.1:8043\" is for this host alone");
  }
  keep(whois.connections, table.integer("connections", {.min = 1, .max = 65'536}));
  keep(whois.client_connections, table.integer("client_connections", {.min = 1, .max = 65'536}));
  keep(whois.own_knowledge, table.flag("own_knowledge"));
  table.finish();
  return whois;
}

}  // namespace ipguard::config
