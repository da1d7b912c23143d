// links: enrich
// A database file of any bytes: opened, looked up, walked. Whatever it is, it costs bounded time and memory.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/unique_fd.h"
#include "enrich/database_check.h"
#include "enrich/route_reader.h"
#include "enrich/route_table.h"
#include "require.h"

using ipguard::enrich::RouteTable;
using ipguard::fuzz::require;

namespace {

void ask(const RouteTable& table) {
  for (const auto* text : {"0.0.0.0", "1.1.1.1", "81.2.69.160", "192.0.2.7", "255.255.255.255", "::", "::1",
                           "2001:db8::1", "2002:c000:207::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const auto address = ipguard::net::Address::parse(text).value();
    const auto route = table.lookup(address);
    require(route.prefix.contains(address));
    require(route.as_name.size() <= 256);
    if (!route.found) {
      require(!route.asn && route.country_code.empty());
    }
    size_t bytes = 0;
    for (const auto& [path, value] : table.fields(address)) {
      bytes += value.size();
    }
    require(bytes <= 1U << 20U);
    if (route.asn) {
      // A tree that has cycles has no index; otherwise the AS has at least one route, and it has a name.
      require(table.prefixes_of(*route.asn).empty() == !table.any_route_of(*route.asn));
    }
  }
  require(table.prefixes_of({64496}).empty() == !table.any_route_of({64496}));
}

// The same by the index for many look-ups, if there is one: a damaged tree has none.
void ask_in_bulk(const std::shared_ptr<const RouteTable>& table) {
  table->index_lookups();
  ipguard::enrich::RouteReader reader(table);
  for (const auto* text : {"0.0.0.0", "81.2.69.160", "192.0.2.7", "255.255.255.255", "::", "2001:db8::1",
                           "2002:c000:207::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const auto address = ipguard::net::Address::parse(text).value();
    const auto answer = reader.find(address);
    require(answer.route(address).contains(address));
    require(answer.found == reader.facts(answer.facts).found);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ipguard::set_log_level(ipguard::LogLevel::error);
  const ipguard::UniqueFd file(::memfd_create("mmdb", MFD_CLOEXEC));
  require(file.valid() && ::fchmod(file.get(), 0600) == 0);
  for (size_t written = 0; written < size;) {
    const ssize_t count = ::write(file.get(), data + written, size - written);
    require(count > 0);
    written += static_cast<size_t>(count);
  }
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const auto checked = ipguard::enrich::check_database(path);
  require(checked || !checked.error().message.empty());
  if (const auto table = RouteTable::open({path})) {
    ask(**table);
    ask_in_bulk(*table);
  } else {
    require(!table.error().message.empty());
  }
  return 0;
}
