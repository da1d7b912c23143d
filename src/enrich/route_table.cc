#include "enrich/route_table.h"

#include <atomic>
#include <mutex>

#include "base/log.h"
#include "base/text.h"
#include "enrich/as_index.h"
#include "enrich/mmdb.h"
#include "enrich/schema.h"

namespace ipguard::enrich {
namespace {

constexpr unsigned kSampledNetworks = 512;

// Whether any of the first networks has something that ipguard can use.
bool knows_anything(const Mmdb& mmdb) {
  unsigned seen = 0;
  bool known = false;
  const auto walked = mmdb.walk([&](const net::Prefix&, uint32_t record) {
    const auto facts = read_facts(mmdb, record);
    known = facts && has_facts(*facts);
    return !known && ++seen < kSampledNetworks;
  });
  return known || seen == 0 || !walked;
}

}  // namespace

struct RouteTable::Impl {
  std::vector<std::unique_ptr<Mmdb>> databases;
  // Built by the first caller that needs it.
  std::once_flag index_once;
  AsIndex index;
  std::atomic<bool> has_index = false;
  std::atomic<uint64_t> damaged = 0;

  void note_damage(const Mmdb& mmdb, const Error& error, uint64_t count = 1) {
    if (damaged.fetch_add(count) == 0) {
      log_warning("database " + printable(mmdb.path()) + " is damaged: " + printable(error.message) +
                  "; further damage is only counted");
    }
  }

  // The record of `address` in `mmdb`, damage noted and taken for no data. `network` gets the tree's answer.
  std::optional<uint32_t> find(const Mmdb& mmdb, const net::Address& address, std::optional<net::Prefix>& network) {
    const auto entry = mmdb.find(address);
    if (!entry) {
      note_damage(mmdb, entry.error());
      return std::nullopt;
    }
    network = entry->network;
    return entry->record;
  }

  const AsIndex& as_index() {
    std::call_once(index_once, [this] {
      std::vector<const Mmdb*> files;
      files.reserve(databases.size());
      for (const auto& file : databases) {
        files.push_back(file.get());
      }
      auto built = AsIndex::build(files);
      if (!built) {
        ++damaged;
        log_warning("no index of autonomous systems, none can be looked up or banned: " +
                    printable(built.error().message));
        return;
      }
      index = std::move(*built);
      damaged += index.damaged();
      has_index = true;
    });
    return index;
  }
};

RouteTable::RouteTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RouteTable::~RouteTable() = default;

Result<std::shared_ptr<const RouteTable>> RouteTable::open(const std::vector<std::string>& paths) {
  auto impl = std::make_unique<Impl>();
  for (const auto& path : paths) {
    auto opened = Mmdb::open(path);
    if (!opened) {
      return std::unexpected(std::move(opened.error()));
    }
    if (!knows_anything(**opened)) {
      log_warning("database " + printable(path) + " (" + printable((*opened)->metadata().type) +
                  ") has no AS and no country under the names that IPinfo Lite, GeoLite2, DB-IP or ip-location-db use");
    }
    impl->databases.push_back(std::move(*opened));
  }
  return std::shared_ptr<const RouteTable>(new RouteTable(std::move(impl)));
}

model::Route RouteTable::lookup(const net::Address& address) const {
  model::Route route;
  std::optional<net::Prefix> empty_network;  // of the first database that covers the address's family
  for (const auto& mmdb : impl_->databases) {
    std::optional<net::Prefix> network;
    const auto record = impl_->find(*mmdb, address, network);
    if (!record) {
      if (network && (!empty_network || empty_network->length() == 0)) {
        empty_network = network;
      }
      continue;
    }
    const auto facts = read_facts(*mmdb, *record);
    if (!facts) {
      impl_->note_damage(*mmdb, facts.error());
      continue;
    }
    const bool gave_something = complete(route, *facts);
    if (!route.found) {
      route.found = true;
      route.prefix = *network;
    } else if (gave_something && network->length() > route.prefix.length()) {
      route.prefix = *network;
    }
  }
  if (!route.found) {
    route.prefix = empty_network.value_or(net::Prefix(address));
  }
  return route;
}

RecordFields RouteTable::fields(const net::Address& address) const {
  for (const auto& mmdb : impl_->databases) {
    std::optional<net::Prefix> network;
    const auto record = impl_->find(*mmdb, address, network);
    if (!record) {
      continue;
    }
    RecordFields result;
    const auto read = mmdb->read(*record, [&](std::string_view path, const Scalar& value) {
      result.emplace_back(path.empty() ? "value" : path, to_text(value));
    });
    if (read) {
      return result;
    }
    impl_->note_damage(*mmdb, read.error());
  }
  return {};
}

std::vector<net::Prefix> RouteTable::prefixes_of(net::Asn asn) const { return impl_->as_index().prefixes_of(asn); }

std::optional<model::Route> RouteTable::any_route_of(net::Asn asn) const {
  const auto address = impl_->as_index().address_of(asn);
  if (!address) {
    return std::nullopt;
  }
  return lookup(*address);
}

std::vector<DatabaseInfo> RouteTable::databases() const {
  std::vector<DatabaseInfo> result;
  for (const auto& mmdb : impl_->databases) {
    const auto& metadata = mmdb->metadata();
    DatabaseInfo info{.path = mmdb->path(),
                      .type = metadata.type,
                      .description = metadata.description,
                      .build_epoch = metadata.build_epoch,
                      .networks = std::nullopt};
    if (impl_->has_index) {
      info.networks = impl_->index.networks()[result.size()];
    }
    result.push_back(std::move(info));
  }
  return result;
}

uint64_t RouteTable::damaged() const { return impl_->damaged; }

}  // namespace ipguard::enrich
