#include "enrich/netblocks_json.h"

#include <string_view>

#include "enrich/number.h"

namespace ipguard::enrich {
namespace {

// What follows the prefix in the route's object.
std::string route_members(const model::Route& facts, const RecordFields& further) {
  JsonWriter json;
  json.json("");  // members come before
  const auto put = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      json.text(name, value);
    }
  };
  put("asn", facts.asn ? facts.asn->to_string() : "");
  put("as_name", facts.as_name);
  put("as_domain", facts.as_domain);
  put("country", facts.country);
  put("country_code", facts.country_code);
  if (!further.empty()) {
    json.open('{', "fields");
    for (const auto& [key, value] : further) {
      json.foreign_text(key, value);
    }
    json.close('}');
  }
  json.close('}');
  return json.take();
}

std::string system_object(const Owner& system, const model::Route& facts) {
  JsonWriter json;
  json.open('{');
  json.text("kind", "asn");
  json.text("asn", facts.asn->to_string());
  json.text("as_name", facts.as_name);
  json.number("prefixes", system.prefixes);
  json.number("ipv4_addresses", system.size.ipv4_addresses);
  json.number("ipv6_64s", system.size.ipv6_64s);
  json.close('}');
  return json.take();
}

template <typename Value>
void write_prefixes(JsonWriter& json, Value first, Value last) {
  for_each_prefix(first, last, [&](Value value, unsigned host_bits) {
    const auto address = to_address(value);
    json.printed({}, net::Prefix(address, address.bits() - host_bits));
  });
}

void write_range(JsonWriter& json, const Netblocks& netblocks, const model::Route& facts) {
  const auto& [first, last] = *netblocks.range;
  json.open('{');
  json.text("kind", "range");
  json.printed("first", first);
  json.printed("last", last);
  json.open('[', "prefixes");
  if (first.is_ipv4()) {
    write_prefixes(json, first.ipv4(), last.ipv4());
  } else {
    write_prefixes(json, to_number(first), to_number(last));
  }
  json.close(']');
  json.text("asn", facts.asn->to_string());
  json.close('}');
}

std::string block_object(const IanaBlock& block) {
  JsonWriter json;
  json.open('{');
  json.text("kind", to_string(block.kind));
  json.printed("prefix", block.prefix);
  json.text("name", block.name);
  json.text("reference", block.reference);
  json.close('}');
  return json.take();
}

}  // namespace

unsigned range_bits(const Netblocks& netblocks) {
  const auto size = to_number(netblocks.range->second) - to_number(netblocks.range->first);
  const unsigned whole = widest_within(size);
  return whole == 128 || (size >> whole) == 0 ? whole : whole + 1;
}

const NetblocksJson::Kept& NetblocksJson::kept(const Netblocks& netblocks) {
  const size_t number = netblocks.answer.facts;
  if (number >= kept_.size()) {
    kept_.resize(number + 1);
  }
  Kept& kept = kept_[number];
  if (kept.route.empty()) {
    const auto& facts = finder_.facts(netblocks);
    kept.route = route_members(facts, finder_.further_fields(netblocks));
    kept.system = netblocks.system != nullptr ? system_object(*netblocks.system, facts) : "";
  }
  return kept;
}

void NetblocksJson::write(JsonWriter& json, const Netblocks& netblocks) {
  json.open('{');
  json.printed("address", netblocks.address);
  write_rest(json, netblocks);
}

void NetblocksJson::write_rest(JsonWriter& json, const Netblocks& netblocks) {
  const model::Route& facts = finder_.facts(netblocks);
  const Kept& known = kept(netblocks);
  json.flag("found", facts.found);
  json.open('[', "netblocks");
  in_order(
      netblocks,
      [&] {
        json.open('{');
        json.text("kind", "route");
        json.printed("prefix", netblocks.answer.route(netblocks.address));
        json.rest(known.route);
      },
      [&] { write_range(json, netblocks, facts); },
      [&](const IanaBlock& block) {
        std::string& text = blocks_[&block];
        if (text.empty()) {
          text = block_object(block);
        }
        json.json(text);
      });
  if (!known.system.empty()) {
    json.json(known.system);
  }
  json.close(']');
  json.close('}');
  json.end_line();
}

}  // namespace ipguard::enrich
