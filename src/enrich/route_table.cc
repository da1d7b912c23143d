#include "enrich/route_table.h"

#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "enrich/route_table_impl.h"
#include "enrich/schema.h"

namespace ipguard::enrich {
namespace {

// A database that knows something has it in one of so many different records; a full one has 128 thousand.
constexpr size_t most_records_looked_at = 4096;
constexpr uint64_t most_networks_looked_at = 200'000;

// What the maker says of the file, for those whose first records happen to have nothing.
Knowledge knowledge_of_type(std::string_view type) {
  const auto mentions = [&](std::string_view word) { return type.find(word) != std::string_view::npos; };
  return {.asn = mentions("ASN") || mentions("ISP") || mentions("Enterprise"),
          .country = mentions("Country") || mentions("City") || mentions("Enterprise")};
}

Result<> read_as_text(const Mmdb& mmdb, uint32_t record, const model::TakeField& take) {
  return mmdb.read(record, [&take](std::string_view path, const Scalar& value) {
    const std::string_view key = path.empty() ? "value" : path;
    if (const auto* text = std::get_if<std::string_view>(&value)) {
      take(key, *text);
    } else {
      take(key, to_text(value));
    }
  });
}

Knowledge knowledge_of(const Mmdb& mmdb) {
  Knowledge known = knowledge_of_type(mmdb.metadata().type);
  std::unordered_set<uint32_t> records;
  uint64_t networks = 0;
  // A damaged tree shows up elsewhere; what was seen until then counts.
  static_cast<void>(mmdb.walk([&](const net::Prefix&, uint32_t record) {
    if (records.insert(record).second) {
      if (const auto facts = read_facts(mmdb, record)) {
        known.asn |= facts->asn.has_value();
        known.country |= !facts->country_code.empty();
        known.anything |= has_facts(*facts);
      }
    }
    return !(known.asn && known.country && known.anything) && records.size() < most_records_looked_at &&
           ++networks < most_networks_looked_at;
  }));
  known.anything |= records.empty();
  return known;
}

}  // namespace

RouteTable::RouteTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RouteTable::~RouteTable() = default;

Result<std::shared_ptr<const RouteTable>> RouteTable::open(const std::vector<std::string>& paths,
                                                           const CopyFolder& copy_in) {
  auto impl = std::make_unique<Impl>();
  for (const auto& path : paths) {
    auto opened = Mmdb::open(path, copy_in);
    if (!opened) {
      return std::unexpected(std::move(opened.error()));
    }
    const auto known = knowledge_of(**opened);
    impl->knowledge.asn |= known.asn;
    impl->knowledge.country |= known.country;
    if (!known.anything) {
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
    const auto read = read_as_text(
        *mmdb, *record, [&](std::string_view key, std::string_view value) { result.emplace_back(key, value); });
    if (read) {
      return result;
    }
    impl_->note_damage(*mmdb, read.error());
  }
  return {};
}

model::RecordHead RouteTable::record(const net::Address& address, const model::TakeField& take) const {
  if (impl_->databases.size() != 1) {
    const auto route = lookup(address);
    if (route.found) {
      for (const auto& [key, value] : fields(address)) {
        take(key, value);
      }
    }
    return {.route = route.prefix, .found = route.found};
  }
  const Mmdb& mmdb = *impl_->databases.front();
  std::optional<net::Prefix> network;
  std::optional<uint32_t> offset;
  if (const auto indexes = lookup_indexes(); !indexes.empty()) {
    const auto leaf = indexes.front().find(address);
    network = net::Prefix(address, leaf.length);
    if (leaf.record != LookupIndex::no_record) {
      offset = indexes.front().offset_of(leaf.record);
    }
  } else {
    offset = impl_->find(mmdb, address, network);
  }
  if (!offset) {
    return {.route = network.value_or(net::Prefix(address)), .found = false};
  }
  if (const auto read = read_as_text(mmdb, *offset, take); !read) {
    impl_->note_damage(mmdb, read.error());
    return {.route = net::Prefix(address), .found = false};
  }
  return {.route = *network, .found = true};
}

model::Record RouteTable::record(const net::Address& address) const {
  RecordFields taken;
  const auto head =
      record(address, [&](std::string_view key, std::string_view value) { taken.emplace_back(key, value); });
  return {.route = head.route, .found = head.found, .fields = head.found ? std::move(taken) : RecordFields()};
}

Knowledge RouteTable::knowledge() const { return impl_->knowledge; }

const OwnerIndex& RouteTable::systems() const { return impl_->owners(OwnerKind::asn); }
bool RouteTable::systems_known() const { return impl_->systems.tried; }
const OwnerIndex& RouteTable::countries() const { return impl_->owners(OwnerKind::country); }

std::vector<net::Prefix> RouteTable::prefixes_of(net::Asn asn) const { return systems().prefixes_of(asn.number); }

std::vector<net::Prefix> RouteTable::prefixes_of_country(model::Country country) const {
  return countries().prefixes_of(country.number());
}

void RouteTable::index_lookups() const {
  std::call_once(impl_->lookups_once, [this] {
    std::vector<LookupIndex> built;
    for (const auto& mmdb : impl_->databases) {
      auto index = LookupIndex::build(*mmdb);
      if (!index) {
        ++impl_->damaged;
        log_warning("no index for look-ups, they stay slow: " + printable(index.error().message));
        return;
      }
      built.push_back(std::move(*index));
    }
    impl_->let_pages_go();
    impl_->lookups = std::move(built);
    impl_->lookups_ready = true;
  });
}

std::span<const LookupIndex> RouteTable::lookup_indexes() const {
  return impl_->lookups_ready ? std::span<const LookupIndex>(impl_->lookups) : std::span<const LookupIndex>();
}

IndexSizes RouteTable::index_sizes() const {
  IndexSizes sizes{.systems = impl_->systems.ready ? impl_->systems.index.memory_bytes() : 0,
                   .countries = impl_->countries.ready ? impl_->countries.index.memory_bytes() : 0};
  for (const auto& index : lookup_indexes()) {
    sizes.lookups += index.memory_bytes();
  }
  return sizes;
}

std::optional<model::Route> RouteTable::any_route_of(net::Asn asn) const {
  const auto address = systems().address_of(asn.number);
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
    for (const auto* lazy : {&impl_->systems, &impl_->countries}) {
      if (lazy->ready) {
        info.networks = lazy->index.networks()[result.size()];
      }
    }
    result.push_back(std::move(info));
  }
  return result;
}

uint64_t RouteTable::damaged() const { return impl_->damaged; }

}  // namespace ipguard::enrich
