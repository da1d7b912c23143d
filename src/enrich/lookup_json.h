// One address as `lookup` tells of it.
#pragma once

#include <string>

#include "enrich/route_table.h"
#include "net/address.h"

namespace ipguard::enrich {

// {"address","route","asn","as_name",…,"found","fields"}: what the databases do not have is not there. One line without
// its end, valid UTF-8 whatever the databases hold.
[[nodiscard]] std::string lookup_json(const net::Address& address, const RouteTable& routes);

}  // namespace ipguard::enrich
