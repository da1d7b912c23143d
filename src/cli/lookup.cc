#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "net/address.h"

namespace ipguard::cli {
namespace {

Json lookup_json(const net::Address& address, const model::Route& route) {
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
  return json;
}

void print_text(const Json& json) {
  for (const auto& [key, value] : json.items()) {
    if (key != "found") {
      std::cout << key << ": " << std::string(15 - std::min<size_t>(key.size(), 15), ' ')
                << printable(value.get<std::string>()) << '\n';
    }
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
      const auto json = lookup_json((*addresses)[i], (*routes)->lookup((*addresses)[i]));
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
