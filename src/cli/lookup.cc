#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "net/address.h"

namespace ipguard::cli {
namespace {

Json lookup_json(const net::Address& address, const enrich::RouteTable& routes) {
  const model::Route route = routes.lookup(address);
  Json json = {{"address", address.to_string()}, {"route", route.prefix.to_string()}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      json[key] = to_valid_utf8(value);
    }
  };
  put("asn", route.asn ? route.asn->to_string() : "");
  put("as_name", route.as_name);
  put("as_domain", route.as_domain);
  put("country", route.country);
  put("country_code", route.country_code);
  put("continent", route.continent);
  put("continent_code", route.continent_code);
  json["found"] = route.found;
  for (const auto& [name, value] : routes.further_fields(address)) {
    json["fields"][to_valid_utf8(name)] = to_valid_utf8(value);
  }
  return json;
}

void print_fields(const Json& fields) {
  for (const auto& [key, value] : fields.items()) {
    if (value.is_string()) {
      const auto name = printable(key);
      std::cout << name << ": " << std::string(15 - std::min<size_t>(name.size(), 15), ' ')
                << printable(value.get<std::string>()) << '\n';
    }
  }
}

void print_text(const Json& json) {
  print_fields(json);
  if (json.contains("fields")) {
    print_fields(json["fields"]);
  }
  if (!json["found"].get<bool>()) {
    std::cout << "no data:         the database has no record for this address\n";
  }
}

}  // namespace

Action prepare_lookup(CLI::App& app) {
  struct Options {
    std::vector<std::string> addresses;
    std::vector<std::string> databases;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  app.add_option("address", options->addresses, "IPv4 or IPv6 addresses")->type_name("ADDRESS")->required();
  add_database_option(app, options->databases);
  app.add_flag("--json", options->json, "one JSON object a line");
  return [options]() -> Result<> {
    const auto addresses = parse_addresses(options->addresses);
    if (!addresses) {
      return std::unexpected(addresses.error());
    }
    auto routes = open_database(options->databases);
    if (!routes) {
      return std::unexpected(std::move(routes.error()));
    }
    for (size_t i = 0; i < addresses->size(); ++i) {
      const auto json = lookup_json((*addresses)[i], **routes);
      if (options->json) {
        print_json(json, true);
        continue;
      }
      std::cout << (i > 0 ? "\n" : "");
      print_text(json);
    }
    return {};
  };
}

}  // namespace ipguard::cli
