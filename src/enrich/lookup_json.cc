#include "enrich/lookup_json.h"

#include <string_view>

#include "base/json_writer.h"

namespace ipguard::enrich {

std::string lookup_json(const net::Address& address, const RouteTable& routes) {
  const model::Route route = routes.lookup(address);
  JsonWriter json;
  const auto put = [&json](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      json.text(key, value);
    }
  };
  json.open('{');
  json.printed("address", address);
  json.printed("route", route.prefix);
  put("asn", route.asn ? route.asn->to_string() : "");
  put("as_name", route.as_name);
  put("as_domain", route.as_domain);
  put("country", route.country);
  put("country_code", route.country_code);
  put("continent", route.continent);
  put("continent_code", route.continent_code);
  json.flag("found", route.found);
  if (const auto further = routes.further_fields(address); !further.empty()) {
    json.open('{', "fields");
    for (const auto& [name, value] : further) {
      json.foreign_text(name, value);
    }
    json.close('}');
  }
  json.close('}');
  return json.take();
}

}  // namespace ipguard::enrich
