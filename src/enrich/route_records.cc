// RouteTable: the records of all routes inside a prefix, and what of a record is no fact of a route.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "enrich/number.h"
#include "enrich/route_table_impl.h"
#include "enrich/schema.h"
#include "net/cover.h"

namespace ipguard::enrich {
namespace {

// The parts of `prefix` to be walked, in order: all of it but ::/96, where the tree has the IPv4 addresses.
std::vector<net::Prefix> parts_to_walk(const net::Prefix& prefix) {
  return net::subtract(prefix, {net::Prefix(net::Address(), 96)});
}

// Where inside `prefix` a database may begin to say something else: at its networks with data, and behind them, where
// another one may go on.
struct Starts {
  std::vector<net::Address> addresses;         // not in order
  std::optional<net::Address> complete_until;  // the last one for which that is so; nullopt = the prefix's end
  bool damaged = false;
};

// At most `most` networks are looked at.
Starts starts_within(const Mmdb& mmdb, const net::Prefix& prefix, size_t most, bool alone) {
  Starts starts;
  size_t networks = 0;
  for (const auto& part : parts_to_walk(prefix)) {
    const auto walked = mmdb.walk_within(part, [&](const net::Prefix& network, uint32_t) {
      if (networks++ == most) {
        starts.complete_until = net::previous(network.address());
        return false;
      }
      starts.addresses.push_back(network.address());
      if (const auto behind = net::next(network.last()); !alone && behind && prefix.contains(*behind)) {
        starts.addresses.push_back(*behind);
      }
      return true;
    });
    starts.damaged |= !walked;
    if (!walked || starts.complete_until) {
      break;
    }
  }
  return starts;
}

}  // namespace

model::RecordList RouteTable::records_within(const net::Prefix& prefix, size_t most) const {
  model::RecordList list;
  std::vector<net::Address> starts{prefix.address()};
  net::Address until = prefix.last();
  for (const auto& mmdb : impl_->databases) {
    const auto more = starts_within(*mmdb, prefix, most, impl_->databases.size() == 1);
    starts.insert(starts.end(), more.addresses.begin(), more.addresses.end());
    until = std::min(until, more.complete_until.value_or(until));
    list.cut |= more.damaged || more.complete_until;
  }
  std::ranges::sort(starts);
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  std::set<net::Prefix> told;  // a route may go on behind a narrower one of another database
  for (const auto& start : starts) {
    if (start > until) {
      break;
    }
    auto one = record(start);
    if (!one.found || !told.insert(one.route).second) {
      continue;
    }
    if (list.records.size() == most) {
      list.cut = true;
      break;
    }
    list.records.push_back(std::move(one));
  }
  return list;
}

RecordFields RouteTable::further_fields(const net::Address& address) const {
  RecordFields result;
  for (const auto& mmdb : impl_->databases) {
    std::optional<net::Prefix> network;
    const auto record = impl_->find(*mmdb, address, network);
    if (!record) {
      continue;
    }
    if (const auto facts = read_facts(*mmdb, *record, &result); !facts) {
      impl_->note_damage(*mmdb, facts.error());
    }
  }
  return result;
}

}  // namespace ipguard::enrich
