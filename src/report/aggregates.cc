#include "report/aggregates.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>

#include "report/group_key.h"

namespace ipguard::report {
namespace {

constexpr size_t pool_share = 3;         // of the memory: a third, where it is short, for what is distinct
constexpr uint32_t most_bits = 8;        // of Group::seen
constexpr uint32_t enough_for_bit = 64;  // hits: these rules come often
constexpr size_t least_freed = 4096;     // bytes; who gives up less had nothing to give up

bool is_attack(const Fact& fact) { return fact.rule->kind == model::RuleKind::attack; }

}  // namespace

Aggregates::Aggregates(size_t budget, Lookups lookups, size_t distinct_budget)
    : budget_(std::max(budget, least_budget)),
      room_follows_budget_(distinct_budget == 0),
      lookups_(std::move(lookups)),
      pool_(room_follows_budget_ ? DistinctPool(budget_ / pool_share, budget_)
                                 : DistinctPool(distinct_budget, distinct_budget)) {
  for (const Dimension dimension : all_dimensions) {
    // An address is one address of one route.
    tables_[static_cast<size_t>(dimension)] = std::make_unique<GroupTable>(dimension != Dimension::address, pool_);
  }
}

void Aggregates::take(const Fact& fact) {
  ++hits_;
  attacks_ += is_attack(fact) ? 1U : 0U;
  const uint32_t rule = number_of(*fact.rule);
  if (fact.same_line && line_.is_valid) {
    count_line_again(fact.time, is_attack(fact));
  } else {
    begin_line(fact);
  }
  count_rule(fact, rule);
  if (!fact.user.empty()) {
    count(Dimension::user, fact.user, 0, fact);
    line_.groups[static_cast<size_t>(Dimension::user)] = none;  // each rule may capture another one
  }
  timeline_.add(rules_[rule].timeline, fact.time);
  count_distinct();
  keep_within_budget();
}

void Aggregates::begin_line(const Fact& fact) {
  line_.groups.fill(none);
  line_.origin = count_origin(fact);
  count_owners(fact);
  count_texts(fact);
  line_.is_valid = true;
}

// All that is different was counted for the line's first hit.
void Aggregates::count_line_again(TimePoint time, bool attack) {
  for (size_t i = 0; i < dimension_count; ++i) {
    if (line_.groups[i] != none) {
      tables_[i]->add_again(line_.groups[i], time, attack);
    }
  }
}

Aggregates::Origin Aggregates::count_origin(const Fact& fact) {
  const AddressKey key(fact.address);
  Origin origin{.owner = {}, .is_new = false, .address = hash_of(key.text())};
  auto touched = table(Dimension::address).add(key.text(), fact.time, is_attack(fact));
  line_.groups[static_cast<size_t>(Dimension::address)] = touched.number;
  origin.is_new = touched.is_new;
  if (touched.is_new) {
    origin.owner = lookups_.owner(fact.address);
    touched.group.length = origin.owner.length;
    touched.group.facts = origin.owner.facts;
    if (owners_.size() <= origin.owner.facts) {
      owners_.resize(origin.owner.facts + 1);
    }
    owners_[origin.owner.facts] = {origin.owner.asn, origin.owner.country};
    all_addresses_.insert(origin.address, pool_);
  } else {
    const auto& [asn, country] = owners_[touched.group.facts];
    origin.owner = {.length = touched.group.length, .asn = asn, .country = country, .facts = touched.group.facts};
  }
  return origin;
}

void Aggregates::count(Dimension dimension, std::string_view key, uint32_t facts, const Fact& fact) {
  GroupTable& groups = table(dimension);
  const auto touched = groups.add(key, fact.time, is_attack(fact));
  line_.groups[static_cast<size_t>(dimension)] = touched.number;
  if (touched.is_new) {
    touched.group.facts = facts;
  }
  // Who is known is known to its owners, too, unless these have given way meanwhile.
  const bool of_owner = dimension == Dimension::route || dimension == Dimension::asn || dimension == Dimension::country;
  if (!of_owner || line_.origin.is_new || !groups.exact()) {
    note_distinct(groups.counts_of(touched.number));
  }
}

void Aggregates::count_rule(const Fact& fact, uint32_t rule) {
  RuleFacts& facts = rules_[rule];
  count_known(Dimension::attack_class, fact.rule->attack_class, 0, fact, facts.group_of_class);
  count_known(Dimension::rule, fact.rule->id, rule, fact, facts.group);
  GroupTable& classes = table(Dimension::attack_class);
  GroupTable& rules = table(Dimension::rule);
  if (facts.bit == 0 && bits_given_ < most_bits && ++facts.hits == enough_for_bit) {
    facts.bit = static_cast<uint8_t>(1U << bits_given_++);
  }
  // Sets of all offenders are large, and asking them is slow.
  uint8_t& seen = table(Dimension::address).at(line_.groups[static_cast<size_t>(Dimension::address)]).seen;
  if ((seen & facts.bit) == 0 || !classes.exact() || !rules.exact()) {
    note_distinct(classes.counts_of(facts.group_of_class));
    note_distinct(rules.counts_of(facts.group));
    seen |= facts.bit;
  }
}

void Aggregates::count_known(Dimension dimension, std::string_view key, uint32_t facts, const Fact& fact,
                             uint32_t& group) {
  if (group != none) {
    table(dimension).add_again(group, fact.time, is_attack(fact));
    return;
  }
  const auto touched = table(dimension).add(key, fact.time, is_attack(fact));
  touched.group.facts = facts;
  group = touched.number;
}

void Aggregates::note_distinct(DistinctCounts& counts) {
  counts.addresses.prepare(line_.origin.address, pool_);
  noted_.at(noted_count_++) = &counts;
}

void Aggregates::count_distinct() {
  const Origin& origin = line_.origin;
  for (DistinctCounts* const counts : std::span(noted_).first(std::exchange(noted_count_, 0))) {
    if (!counts->addresses.insert(origin.address, pool_)) {
      continue;  // so its route and AS are not new either
    }
    counts->routes.insert(origin.route, pool_);
    if (origin.asn != 0) {
      counts->asns.insert(origin.asn, pool_);
    }
  }
}

void Aggregates::count_owners(const Fact& fact) {
  Origin& origin = line_.origin;
  const RouteKey route(origin.owner.route(fact.address));
  origin.route = hash_of(route.text());
  const NumberKey asn(origin.owner.asn);
  origin.asn = origin.owner.asn == 0 ? 0 : hash_of(asn.text());
  count(Dimension::route, route.text(), origin.owner.facts, fact);
  if (origin.owner.asn != 0) {
    count(Dimension::asn, asn.text(), origin.owner.facts, fact);
  }
  if (origin.owner.country != 0) {
    count(Dimension::country, NumberKey(origin.owner.country).text(), origin.owner.facts, fact);
  }
}

void Aggregates::count_texts(const Fact& fact) {
  if (!fact.path.empty()) {
    count(Dimension::path, fact.path, 0, fact);
  }
  if (!fact.user_agent.empty()) {
    count(Dimension::user_agent, fact.user_agent, 0, fact);
  }
  const auto hour = std::chrono::floor<std::chrono::hours>(fact.time).time_since_epoch().count();
  // Signed: a log may hold any year.
  count(Dimension::hour, NumberKey(static_cast<uint32_t>(static_cast<int32_t>(hour))).text(), 0, fact);
}

uint32_t Aggregates::number_of(const model::Rule& rule) {
  const auto [it, is_new] = rule_numbers_.try_emplace(&rule, 0);
  if (is_new) {
    it->second = number_of(rule.id, rule.title, rule.attack_class);
    rules_[it->second].group_of_class = none;  // one of this id may have been of another class before
  }
  return it->second;
}

uint32_t Aggregates::number_of(const std::string& id, const std::string& title, std::string_view attack_class) {
  const auto known = std::ranges::find(rules_, id, &RuleFacts::id);
  if (known == rules_.end()) {
    rules_.push_back({.id = id, .title = title, .timeline = timeline_.number_of(attack_class)});
    return static_cast<uint32_t>(rules_.size() - 1);
  }
  return static_cast<uint32_t>(known - rules_.begin());
}

void Aggregates::merge(const Aggregates& other, std::span<const Dimension> dimensions,
                       const std::function<uint32_t(uint32_t)>& facts_of) {
  std::vector<uint32_t> rules;
  rules.reserve(other.rules_.size());
  for (const auto& rule : other.rules_) {
    rules.push_back(number_of(rule.id, rule.title, other.timeline_.name_of(rule.timeline)));
  }
  const auto owner_of = [&](uint32_t facts) {
    const uint32_t number = facts_of(facts);
    if (owners_.size() <= number) {
      owners_.resize(number + 1);
    }
    owners_[number] = facts < other.owners_.size() ? other.owners_[facts] : std::pair<uint32_t, uint16_t>{};
    return number;
  };
  for (const Dimension dimension : dimensions) {
    const bool of_owner = dimension == Dimension::address || dimension == Dimension::route ||
                          dimension == Dimension::asn || dimension == Dimension::country;
    table(dimension).merge(other.table(dimension), [&](uint32_t facts) {
      return dimension == Dimension::rule ? rules[facts] : of_owner ? owner_of(facts) : facts;
    });
  }
  timeline_.merge(other.timeline_);
  all_addresses_.merge(other.all_addresses_, other.pool_, pool_);
  hits_ += other.hits_;
  attacks_ += other.attacks_;
}

void Aggregates::keep_within_budget() {
  constexpr size_t step = 4096;  // groups; some hundred kilobytes
  if (group_count() < groups_checked_ + step) {
    return;
  }
  while (bytes() > budget_ && give_way()) {
  }
  if (room_follows_budget_) {
    pool_.set_room(budget_ - std::min(budget_, bytes() - pool_.bytes()));
  }
  groups_checked_ = group_count();
}

bool Aggregates::estimate_largest_sets() {
  const DistinctPool::Size size = pool_.largest();
  if (size == DistinctPool::Size::large) {
    return false;
  }
  const size_t before = pool_.large_bytes();
  for (const auto& table : tables_) {
    table->estimate_sets_of(size);
  }
  all_addresses_.estimate_set_of(size, pool_);
  return pool_.large_bytes() < before;
}

size_t Aggregates::group_count() const {
  return std::accumulate(tables_.begin(), tables_.end(), size_t{0},
                         [](size_t sum, const auto& each) { return sum + each->size(); });
}

bool Aggregates::shrink_largest() {
  auto& largest = *std::ranges::max_element(tables_, {}, [](const auto& each) { return each->bytes(); });
  const size_t before = bytes();
  largest->shrink();
  line_.is_valid = false;  // groups have other numbers now
  for (auto& rule : rules_) {
    rule.group = none;
    rule.group_of_class = none;
  }
  return bytes() + least_freed <= before;
}

uint64_t Aggregates::groups_in_all(Dimension dimension) const {
  const GroupTable& groups = table(dimension);
  return groups.exact() && groups.size() > 0 ? groups.size() : std::numeric_limits<uint64_t>::max();
}

uint64_t Aggregates::addresses() const {
  const GroupTable& addresses = table(Dimension::address);
  return addresses.exact() ? addresses.size() : all_addresses_.count(pool_);
}

double Aggregates::addresses_error() const { return table(Dimension::address).exact() ? 0 : all_addresses_.error(); }

std::vector<Dimension> Aggregates::approximate() const {
  std::vector<Dimension> result;
  std::ranges::copy_if(all_dimensions, std::back_inserter(result),
                       [this](Dimension dimension) { return !table(dimension).exact(); });
  return result;
}

size_t Aggregates::bytes() const {
  return std::accumulate(tables_.begin(), tables_.end(), pool_.bytes(),
                         [](size_t sum, const auto& each) { return sum + each->bytes(); });
}

std::vector<uint32_t> Aggregates::ranking(Dimension dimension, size_t most) const {
  const GroupTable& groups = table(dimension);
  std::vector<uint32_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto ahead = [&groups](uint32_t a, uint32_t b) {
    const Group& left = groups.at(a);
    const Group& right = groups.at(b);
    return left.attacks != right.attacks ? left.attacks > right.attacks
           : left.hits != right.hits     ? left.hits > right.hits
                                         : groups.key_of(left) < groups.key_of(right);
  };
  most = std::min(most, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(most), ahead);
  order.resize(most);
  return order;
}

std::vector<GroupRow> Aggregates::rows(Dimension dimension, size_t most) const {
  const auto order = ranking(dimension, most);
  std::vector<GroupRow> result;
  result.reserve(order.size());
  for (const uint32_t number : order) {
    result.push_back(row(dimension, number));
  }
  return result;
}

GroupRow Aggregates::row(Dimension dimension, uint32_t number) const {
  const GroupTable& groups = table(dimension);
  const Group& group = groups.at(number);
  const auto key = groups.key_of(group);
  GroupRow row{.key = std::string(key),
               .label = {},
               .hits = group.hits,
               .error = group.error,
               .attacks = group.attacks,
               .addresses = 1,
               .routes = 1,
               .asns = 0,
               .share = hits_ == 0 ? 0 : static_cast<double>(group.hits) / static_cast<double>(hits_),
               .first = group.first,
               .last = group.last};
  if (dimension == Dimension::address) {
    row.asns = owners_[group.facts].first == 0 ? 0 : 1;
  } else {
    const DistinctCounts& counts = groups.counts_of(number);
    // An estimate says no more than what is known for sure: there are no more than hits, nor than in all.
    const auto at_most = [&group](const Distinct& distinct, const DistinctPool& pool, uint64_t in_all) {
      const uint64_t count = distinct.count(pool);
      return distinct.error() > 0 ? std::min({count, group.hits, in_all}) : count;
    };
    row.addresses = at_most(counts.addresses, pool_, groups_in_all(Dimension::address));
    row.routes = at_most(counts.routes, pool_, groups_in_all(Dimension::route));
    row.asns = at_most(counts.asns, pool_, groups_in_all(Dimension::asn));
    row.addresses_error = counts.addresses.error();
    row.routes_error = counts.routes.error();
    row.asns_error = counts.asns.error();
    row.distinct_error = std::max({row.addresses_error, row.routes_error, row.asns_error});
  }
  describe_owner(dimension, group, key, row);
  return row;
}

// What a key is in words.
void Aggregates::describe_owner(Dimension dimension, const Group& group, std::string_view key, GroupRow& row) const {
  switch (dimension) {
    case Dimension::address:
    case Dimension::route: {
      const model::Route& owner = lookups_.facts(group.facts);
      if (dimension == Dimension::address) {
        const net::Address address = AddressKey::read(key);
        row.key = address.to_string();
        row.route = net::Prefix(address, group.length).to_string();
      } else {
        row.key = RouteKey::read(key).to_string();
        row.route = row.key;
      }
      row.asn = owner.asn ? owner.asn->to_string() : "";
      row.as_name = owner.as_name;
      row.country = owner.country;
      row.country_code = owner.country_code;
      break;
    }
    case Dimension::asn:
      row.key = net::Asn{NumberKey::read(key)}.to_string();
      row.label = lookups_.facts(group.facts).as_name;
      break;
    case Dimension::country: {
      const uint32_t letters = NumberKey::read(key);
      row.key = {static_cast<char>(letters >> 8U), static_cast<char>(letters & 0xffU)};
      row.label = lookups_.facts(group.facts).country;
      break;
    }
    case Dimension::rule:
      row.label = rules_[group.facts].title;
      break;
    case Dimension::hour:
      row.key = format_rfc3339(TimePoint(std::chrono::hours(static_cast<int32_t>(NumberKey::read(key)))));
      break;
    case Dimension::attack_class:
    case Dimension::path:
    case Dimension::user_agent:
    case Dimension::user:
      break;
  }
}

}  // namespace ipguard::report
