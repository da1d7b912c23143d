// Route: what the database says of an address.
#pragma once

#include <optional>
#include <string>

#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::model {

struct Route {
  net::Prefix prefix;  // the network that the database's tree gives, also when there is no data
  bool found = false;  // a record is there
  std::optional<net::Asn> asn;
  std::string as_name;  // empty where the database has none; hostile text: escape before showing
  std::string as_domain;
  std::string country;
  std::string country_code;
  std::string continent;
  std::string continent_code;
};

}  // namespace ipguard::model
