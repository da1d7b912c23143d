#include "report/balance.h"

#include <algorithm>
#include <functional>
#include <span>
#include <tuple>
#include <utility>

#include "model/coverage.h"
#include "report/group_key.h"

namespace ipguard::report {
namespace {

std::span<const net::Prefix> prefixes_of(const auto& kept) {
  return kept.more == nullptr ? std::span(&kept.target.prefix, 1) : std::span<const net::Prefix>(kept.more->prefixes);
}

}  // namespace

void Balance::begin(const model::Decision& decision, std::span<const net::Prefix> good_clients) {
  if (const Kept* kept = keep(decision)) {
    count_begun(*kept, good_clients);
    keep_within_bytes();
  }
}

void Balance::adopt(const model::Decision& decision) {
  if (keep(decision) != nullptr) {
    keep_within_bytes();
  }
}

// With what the indexes take.
size_t Balance::bytes_of(const Kept& kept) {
  constexpr size_t indexed = sizeof(Kept) + 16;
  constexpr size_t a_cover = sizeof(Cover) + 16;
  const size_t more = kept.more == nullptr ? 0 : sizeof(Particulars) + kept.more->prefixes.size() * sizeof(net::Prefix);
  return indexed + kept.reason.size() + prefixes_of(kept).size() * a_cover + more;
}

uint64_t Balance::addresses_covered(const Kept& kept) {
  return kept.more != nullptr ? kept.more->addresses_covered : model::Coverage::of({kept.target.prefix}).ipv4_addresses;
}

uint64_t Balance::ipv6_64s_covered(const Kept& kept) {
  return kept.more != nullptr ? kept.more->ipv6_64s_covered : model::Coverage::of({kept.target.prefix}).ipv6_64s;
}

uint32_t Balance::place_of(const model::Target& target) const {
  return by_target_.find(std::hash<model::Target>{}(target),
                         [&](uint32_t place) { return kept_[place].target == target; });
}

Balance::Kept Balance::kept_of(const model::Decision& decision) {
  const model::Route& route = decision.route;
  Kept kept{.target = decision.target,
            .known = true,
            .active = true,
            .rule = rule_number(decision.rule),
            .words = words_.add({.asn = route.asn ? route.asn->to_string() : "",
                                 .as_name = route.as_name,
                                 .country = route.country,
                                 .country_code = route.country_code,
                                 .issuer = decision.issuer}),
            .since = decision.since,
            .until = decision.end(),
            .stopped = 0,
            .good_clients = decision.good_clients.all(),
            .turned_away = 0,
            .turned_away_clients = {},
            .first_turned_away = nullptr,
            .reason = decision.reason,
            .more = nullptr};
  const bool whole = model::is_network(decision.target.scope) && decision.prefixes.size() == 1 &&
                     decision.prefixes.front() == decision.target.prefix;
  if (whole && route.prefix.contains(decision.target.prefix)) {
    kept.route_length = static_cast<uint8_t>(route.prefix.length());
  } else {
    kept.more = std::make_unique<Particulars>(Particulars{.route = route.prefix,
                                                          .prefixes = decision.prefixes,
                                                          .addresses_covered = decision.addresses_covered,
                                                          .ipv6_64s_covered = decision.ipv6_64s_covered});
  }
  return kept;
}

void Balance::write_row(const Kept& kept, DecisionRow& row) const {
  const Words& words = words_[kept.words];
  const auto prefixes = prefixes_of(kept);
  row.target = kept.target;
  row.route = kept.more == nullptr ? net::Prefix(kept.target.prefix.address(), kept.route_length) : kept.more->route;
  row.asn = words.asn;
  row.as_name = words.as_name;
  row.country = words.country;
  row.country_code = words.country_code;
  row.rule = sums_.rules[kept.rule].figures.name;
  row.reason = kept.reason;
  row.issuer = words.issuer;
  row.since = kept.since;
  row.until = kept.until.optional();
  row.stopped = kept.stopped;
  row.good_clients = kept.good_clients;
  row.turned_away = kept.turned_away;
  row.turned_away_clients = kept.first_turned_away == nullptr ? std::vector<net::Address>() : *kept.first_turned_away;
  row.prefixes.assign(prefixes.begin(), prefixes.end());
  row.addresses_covered = addresses_covered(kept);
  row.ipv6_64s_covered = ipv6_64s_covered(kept);
}

Balance::Kept* Balance::keep(const model::Decision& decision) {
  if (const uint32_t known = place_of(decision.target); known != HashIndex::none) {
    kept_[known].until = decision.end();  // renewed
    return nullptr;
  }
  const uint32_t place = free_place();
  Kept& kept = kept_[place];
  kept = kept_of(decision);
  if (fits_) {
    DecisionRow row;
    write_row(kept, row);
    kept.fits = fits_(row);
  }
  by_target_.add(std::hash<model::Target>{}(kept.target), place);
  index(place);
  row_bytes_ += bytes_of(kept);
  return &kept;
}

void Balance::count_begun(const Kept& kept, std::span<const net::Prefix> good_clients) {
  const uint64_t covered = addresses_covered(kept);
  const uint64_t networks = ipv6_64s_covered(kept);
  for (auto* sum : {&sums_.all, &sums_.rules[kept.rule], &sums_.scopes.at(static_cast<size_t>(kept.target.scope))}) {
    ++sum->figures.decisions;
    sum->figures.addresses_covered += covered;
    sum->figures.ipv6_64s_covered += networks;
  }
  for (const auto& client : good_clients) {
    sums_.add_client(&BalanceSums::Row::good_clients, kept.rule, kept.target.scope,
                     hash_of(AddressKey(client.address()).text()));
  }
  fitting_ += kept.fits ? 1 : 0;
}

void Balance::forget_ended(TimePoint before) {
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known && !kept_[i].active && kept_[i].until < model::Until(before)) {
      let_go(i);
    }
  }
}

void Balance::end(const model::Target& target, TimePoint at) {
  const uint32_t place = place_of(target);
  if (place == HashIndex::none) {
    return;
  }
  deactivate(place);
  kept_[place].active = false;
  kept_[place].until = std::min(kept_[place].until, model::Until(at));
  if (++ended_ > limits_.ended * 2) {
    let_go_of_least_ended();
  }
}

// Nothing that still comes concerns it.
void Balance::deactivate(uint32_t place) {
  kept_[place].turned_away_clients.clear(pool_);
  unindex(place);
  by_target_.remove(std::hash<model::Target>{}(kept_[place].target), place);
}

uint32_t Balance::free_place() {
  if (free_.empty()) {
    kept_.emplace_back();
    return static_cast<uint32_t>(kept_.size() - 1);
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

void Balance::index(uint32_t place) {
  for (const auto& prefix : prefixes_of(kept_[place])) {
    uint32_t number = static_cast<uint32_t>(covers_.size());
    if (free_covers_.empty()) {
      covers_.emplace_back();
    } else {
      number = free_covers_.back();
      free_covers_.pop_back();
    }
    covers_[number] = {.prefix = prefix, .place = place};
    by_prefix_.add(std::hash<net::Prefix>{}(prefix), number);
    lengths_.add(prefix);
  }
}

void Balance::unindex(uint32_t place) {
  for (const auto& prefix : prefixes_of(kept_[place])) {
    const uint64_t hash = std::hash<net::Prefix>{}(prefix);
    const uint32_t number = by_prefix_.find(
        hash, [&](uint32_t each) { return covers_[each].place == place && covers_[each].prefix == prefix; });
    by_prefix_.remove(hash, number);
    lengths_.remove(prefix);
    free_covers_.push_back(number);
  }
}

void Balance::let_go(uint32_t place) {
  Kept& kept = kept_[place];
  row_bytes_ -= bytes_of(kept);
  words_.drop(kept.words);
  if (kept.active) {
    deactivate(place);
    ++given_up_;
  } else {
    --ended_;
  }
  kept = {};
  free_.push_back(place);
}

// Half of all goes at once, so that a decision costs no search for the least.
void Balance::keep_within_bytes() {
  if (bytes() <= limits_.bytes) {
    return;
  }
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known) {
      order.push_back(i);
    }
  }
  const auto rank = [this](uint32_t place) {
    const Kept& kept = kept_[place];
    return std::tuple(kept.active, kept.stopped, kept.since, place);
  };
  std::ranges::sort(order, {}, rank);
  for (const uint32_t place : order) {
    if (bytes() <= limits_.bytes / 2) {
      break;
    }
    let_go(place);
  }
}

void Balance::let_go_of_least_ended() {
  std::vector<uint32_t> ended;
  for (uint32_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].known && !kept_[i].active) {
      ended.push_back(i);
    }
  }
  const auto ahead = [this](uint32_t a, uint32_t b) {
    const Kept& left = kept_[a];
    const Kept& right = kept_[b];
    return std::tuple(right.stopped, left.since, left.target) < std::tuple(left.stopped, right.since, right.target);
  };
  std::ranges::nth_element(ended, ended.begin() + static_cast<std::ptrdiff_t>(limits_.ended), ahead);
  for (size_t i = limits_.ended; i < ended.size(); ++i) {
    let_go(ended[i]);
  }
}

template <typename Act>
void Balance::each_covering(const net::Address& address, TimePoint time, const Act& act) {
  lengths_.any_upwards(address.family(), address.bits(), [&](unsigned length) {
    const net::Prefix prefix(address, length);
    const auto all = [&](uint32_t number) {
      const Cover& cover = covers_[number];
      Kept& kept = kept_[cover.place];
      if (cover.prefix == prefix && kept.since <= time && model::Until(time) < kept.until) {
        act(kept, cover.place);
      }
      return false;
    };
    static_cast<void>(by_prefix_.find(std::hash<net::Prefix>{}(prefix), all));
    return false;
  });
}

bool Balance::hit(uint32_t rule, const net::Address* address, TimePoint time, bool same_line) {
  ++sums_.rules[rule].figures.hits;
  if (same_line) {
    return line_stopped_;
  }
  line_stopped_ = false;
  if (address != nullptr) {
    // Wider bans stand around narrower ones, often of the same rule: the line counts once for each rule and scope.
    rules_of_line_.clear();
    std::array<bool, model::scope_count> scopes{};
    bool fits = false;
    each_covering(*address, time, [&](Kept& kept, uint32_t /*place*/) {
      line_stopped_ = true;
      fits = fits || kept.fits;
      ++kept.stopped;
      if (std::ranges::find(rules_of_line_, kept.rule) == rules_of_line_.end()) {
        rules_of_line_.push_back(kept.rule);
        ++sums_.rules[kept.rule].figures.stopped;
      }
      const auto scope = static_cast<size_t>(kept.target.scope);
      sums_.scopes.at(scope).figures.stopped += std::exchange(scopes.at(scope), true) ? 0U : 1U;
    });
    fitting_stopped_ += fits ? 1 : 0;
  }
  sums_.all.figures.stopped += line_stopped_ ? 1 : 0;
  return line_stopped_;
}

void Balance::good_client(const net::Address& address, TimePoint time) {
  const uint64_t client = hash_of(AddressKey(address).text());
  each_covering(address, time, [&](Kept& kept, uint32_t /*place*/) {
    sums_.add_client(&BalanceSums::Row::turned_away, kept.rule, kept.target.scope, client);
    const uint64_t before = kept.turned_away_clients.count(pool_);
    if (!kept.turned_away_clients.insert(client, pool_)) {
      return;
    }
    const uint64_t more = kept.turned_away_clients.count(pool_) - before;
    kept.turned_away += more;
    if (more > 0) {
      keep_turned_away(kept, address);
    }
  });
}

void Balance::keep_turned_away(Kept& kept, const net::Address& client) {
  constexpr size_t enough = 5;
  if (kept.first_turned_away == nullptr) {
    kept.first_turned_away = std::make_unique<std::vector<net::Address>>();
  }
  if (kept.first_turned_away->size() < enough) {
    kept.first_turned_away->push_back(client);
  }
}

uint32_t Balance::rule_number(std::string_view rule) {
  if (const auto known = rule_numbers_.find(rule); known != rule_numbers_.end()) {
    return known->second;
  }
  sums_.rules.push_back({.figures = {.name = std::string(rule)}});
  const auto number = static_cast<uint32_t>(sums_.rules.size() - 1);
  rule_numbers_.emplace(std::string(rule), number);
  return number;
}

BalanceResult Balance::result(size_t most) const {
  std::vector<uint32_t> places;
  for (uint32_t place = 0; place < kept_.size(); ++place) {
    if (kept_[place].known && kept_[place].fits) {
      places.push_back(place);
    }
  }
  auto result = result_of(std::move(places), most, sums_);
  result.fitting = fitting_;
  result.fitting_stopped = fitting_stopped_;
  return result;
}

BalanceResult Balance::result_of(std::vector<uint32_t> places, size_t most, const BalanceSums& sums) const {
  BalanceResult result{.total = sums.total(), .decisions = {}, .fitting = places.size(), .rules = {}, .scopes = {}};
  for (const auto& row : sums.rules) {
    result.rules.push_back(sums.counted(row));
  }
  if (places.size() > most) {
    std::ranges::stable_sort(places, std::ranges::greater{}, [this](uint32_t place) { return kept_[place].stopped; });
    places.resize(most);
  }
  std::ranges::sort(places, {}, [this](uint32_t place) { return std::tie(kept_[place].since, kept_[place].target); });
  for (const uint32_t place : places) {
    write_row(kept_[place], result.decisions.emplace_back());
  }
  std::ranges::sort(result.rules, [](const BalanceRow& a, const BalanceRow& b) {
    return a.stopped != b.stopped ? a.stopped > b.stopped : a.hits != b.hits ? a.hits > b.hits : a.name < b.name;
  });
  for (const auto scope : model::all_scopes) {
    BalanceRow row = sums.counted(sums.scopes.at(static_cast<size_t>(scope)));
    row.name = model::to_string(scope);
    result.scopes.push_back(std::move(row));
  }
  return result;
}

}  // namespace ipguard::report
