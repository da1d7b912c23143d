#include "enrich/whois_source.h"

#include "enrich/iana_blocks.h"

namespace ipguard::enrich {

std::vector<model::Record> WhoisSource::records_within(const net::Prefix& prefix, size_t most) const {
  std::vector<model::Record> result;
  std::optional<net::Address> next = prefix.address();
  // Leaf by leaf: each look-up tells where the next one begins. Long runs without data are one leaf each.
  for (size_t steps = 0; next && prefix.contains(*next) && result.size() < most && steps < 4 * most; ++steps) {
    auto one = table_->record(*next);
    next = net::next(one.route.last());
    if (one.found) {
      result.push_back(std::move(one));
    }
  }
  return result;
}

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
