// lookup: route, AS and country of addresses.
#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "enrich/lookup_json.h"
#include "net/address.h"

namespace ipguard::cli {
namespace {

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
      const auto text = enrich::lookup_json((*addresses)[i], **routes);
      if (options->json) {
        std::cout << text << '\n';
        continue;
      }
      std::cout << (i > 0 ? "\n" : "");
      print_text(Json::parse(text));
    }
    return {};
  };
}

}  // namespace ipguard::cli
