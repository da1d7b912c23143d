// RouteTable: which parts of a network belong to AS and countries that are asked for.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "enrich/number.h"
#include "enrich/route_table_impl.h"
#include "enrich/schema.h"
#include "net/cover.h"

namespace ipguard::enrich {
namespace {

constexpr uint32_t no_record = std::numeric_limits<uint32_t>::max();

// A network with data; those of one database are disjoint and in order.
struct Leaf {
  Uint128 first;
  Uint128 last;
  uint32_t record;
};

// One database's leaves within the prefix, read from the lowest address to the highest.
struct DatabasePart {
  const Mmdb* mmdb;
  std::vector<Leaf> leaves;
  size_t at = 0;

  // Its record at `address`; lowers `last` to the last address up to which that is so.
  uint32_t advance(Uint128 address, Uint128& last) {
    while (at < leaves.size() && leaves[at].last < address) {
      ++at;
    }
    if (at == leaves.size()) {
      return no_record;
    }
    const Leaf& leaf = leaves[at];
    const bool inside = leaf.first <= address;
    last = std::min(last, inside ? leaf.last : leaf.first - 1);
    return inside ? leaf.record : no_record;
  }
};

Result<DatabasePart> read_part(const Mmdb& mmdb, const net::Prefix& prefix) {
  DatabasePart layer{.mmdb = &mmdb, .leaves = {}};
  auto walked = mmdb.walk_within(prefix, [&](const net::Prefix& network, uint32_t record) {
    layer.leaves.push_back({to_number(network.address()), to_number(network.last()), record});
    return true;
  });
  if (!walked) {
    return std::unexpected(add_context(walked, mmdb.path()));
  }
  return layer;
}

// Puts the question once for each combination of records.
class Question {
 public:
  Question(const std::vector<DatabasePart>& layers, const std::function<bool(const model::Route&)>& wanted)
      : layers_(layers), wanted_(wanted) {}

  Result<bool> answer(const std::vector<uint32_t>& records) {
    const auto [known, is_new] = answers_.try_emplace(records, false);
    if (!is_new) {
      return known->second;
    }
    model::Route route;
    for (size_t i = 0; i < records.size(); ++i) {
      if (records[i] == no_record) {
        continue;
      }
      auto facts = read_facts(*layers_[i].mmdb, records[i]);
      if (!facts) {
        return std::unexpected(add_context(facts, layers_[i].mmdb->path()));
      }
      complete(route, *facts);
      route.found = true;
    }
    known->second = route.found && wanted_(route);
    return known->second;
  }

 private:
  const std::vector<DatabasePart>& layers_;
  const std::function<bool(const model::Route&)>& wanted_;
  std::map<std::vector<uint32_t>, bool> answers_;
};

using Spans = std::vector<std::pair<Uint128, Uint128>>;

void append(Spans& ranges, Uint128 first, Uint128 last) {
  if (!ranges.empty() && ranges.back().second + 1 == first) {
    ranges.back().second = last;
  } else {
    ranges.emplace_back(first, last);
  }
}

}  // namespace

Result<std::vector<net::Prefix>> RouteTable::parts_where(const net::Prefix& prefix,
                                                         const std::function<bool(const model::Route&)>& wanted) const {
  std::vector<DatabasePart> layers;
  for (const auto& mmdb : impl_->databases) {
    auto layer = read_part(*mmdb, prefix);
    if (!layer) {
      return std::unexpected(std::move(layer.error()));
    }
    layers.push_back(std::move(*layer));
  }
  Question question(layers, wanted);
  Spans ranges;
  const Uint128 end = to_number(prefix.last());
  std::vector<uint32_t> records(layers.size());
  for (Uint128 at = to_number(prefix.address());;) {
    Uint128 last = end;
    for (size_t i = 0; i < layers.size(); ++i) {
      records[i] = layers[i].advance(at, last);
    }
    const auto answer = question.answer(records);
    if (!answer) {
      return std::unexpected(answer.error());
    }
    if (*answer) {
      append(ranges, at, last);
    }
    if (last == end) {
      break;
    }
    at = last + 1;
  }
  std::vector<net::Prefix> parts;
  for (const auto& [first, last] : ranges) {
    std::ranges::copy(net::range_to_prefixes(to_address(first), to_address(last)), std::back_inserter(parts));
  }
  return parts;
}

}  // namespace ipguard::enrich
