#include "enrich/whois_source.h"

#include <utility>

#include "enrich/iana_blocks.h"

namespace ipguard::enrich {

std::optional<model::SystemRecord> WhoisSource::system(net::Asn asn) const {
  const auto& systems = table_->systems();
  const Owner* owner = systems.find(asn.number);
  if (owner == nullptr) {
    return std::nullopt;
  }
  const auto route = table_->any_route_of(asn);
  return model::SystemRecord{.asn = asn,
                             .name = route ? route->as_name : std::string(),
                             .size = owner->size,
                             .prefixes = systems.prefixes_of(asn.number)};
}

std::optional<model::SystemRow> WhoisSource::system_row(net::Asn asn) const {
  const auto address = table_->systems().address_of(asn.number);
  if (!address) {
    return std::nullopt;
  }
  auto route = table_->lookup(*address);
  return model::SystemRow{.name = std::move(route.as_name),
                          .country_code = std::move(route.country_code),
                          .registry = registry_label(IanaBlocks::get().around(*address))};
}

void WhoisSource::rows(std::span<const net::Address> addresses, std::span<model::RouteRow> rows) {
  answers_.resize(addresses.size());
  reader_.find(addresses, answers_);
  const auto& blocks = IanaBlocks::get();
  for (size_t i = 0; i < addresses.size(); ++i) {
    rows[i] = {.route = answers_[i].route(addresses[i]),
               .facts = &reader_.facts(answers_[i].facts),
               .registry = registry_label(blocks.around(addresses[i]))};
  }
}

}  // namespace ipguard::enrich
