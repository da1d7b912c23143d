// [[trap]]: ports that no one has reason to touch.
#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "config/config_reader.h"
#include "config/trap.h"

namespace ipguard::config {
namespace {

// Where each trap name and each port was seen first.
struct Seen {
  std::map<std::string, Place> names;
  std::map<uint16_t, Place> ports;
};

void read_ports(TrapConfig& trap, TableReader& table, Seen& seen) {
  constexpr size_t most_ports = 256;
  const auto* written = table.find("ports");
  if (written == nullptr) {
    table.context().error(table.value().place, "a trap needs ports", "add ports = [23, 2323]");
    return;
  }
  for (const auto* item : table.list("ports")) {
    if (item->type != Value::Type::integer) {
      table.wrong_type(*item, "ports", "a port number");
    } else if (item->integer < 1 || item->integer > 65535) {
      table.error(*item, "ports", std::to_string(item->integer) + " is no port", "write a number from 1 to 65535");
    } else if (const auto [first, fresh] = seen.ports.try_emplace(static_cast<uint16_t>(item->integer), item->place);
               !fresh) {
      table.error(*item, "ports", std::to_string(item->integer) + " is a trap already",
                  "the first is at " + location_text(table.context().location(first->second)));
    } else {
      trap.ports.push_back(first->first);
    }
  }
  if (trap.ports.size() > most_ports) {
    table.error(*written, "ports", "more than " + std::to_string(most_ports) + " ports",
                "a few that scanners look for do as well");
  } else if (written->type == Value::Type::array && written->items.empty()) {
    table.error(*written, "ports", "the list is empty");
  }
}

void read_addresses(TrapConfig& trap, TableReader& table) {
  if (table.find("listen") == nullptr) {
    return;
  }
  trap.listen.clear();
  for (const auto& item : table.texts("listen")) {
    if (const auto address = net::Address::parse(item.text); !address) {
      table.context().error(item.place, "listen: " + in_quotes(item.text) + " is no address",
                            "write an address of this host, such as \"192.0.2.1\", or \"0.0.0.0\" and \"::\" for all");
    } else if (std::ranges::find(trap.listen, *address) != trap.listen.end()) {
      table.context().error(item.place, "listen: " + in_quotes(item.text) + " stands here twice");
    } else {
      trap.listen.push_back(*address);
    }
  }
}

TrapConfig read_trap(const Value& value, Seen& seen, ReadContext& context) {
  TableReader table(value, "[[trap]]", context);
  TrapConfig trap;
  trap.location = context.location(value.place);
  trap.name = read_name(table, "trap", "telnet", seen.names);
  read_ports(trap, table, seen);
  read_addresses(trap, table);
  keep(trap.weight, table.integer("weight", {.min = 1, .max = 1000, .remark = "it is what a connection counts"}));
  keep(trap.threshold, table.integer("threshold", {.min = 1, .max = 10'000, .remark = "it is a sum of weights"}));
  keep(trap.window, table.duration("window", {.max = Seconds{52LL * 7 * 24 * 3600}}));
  keep(trap.ban, table.ban_time("ban"));
  table.finish();
  return trap;
}

}  // namespace

std::vector<TrapConfig> read_traps(TableReader& root, ReadContext& context) {
  std::vector<TrapConfig> traps;
  Seen seen;
  for (const auto* value : root.tables("trap")) {
    traps.push_back(read_trap(*value, seen, context));
  }
  return traps;
}

}  // namespace ipguard::config
