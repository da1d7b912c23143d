// [ladder.*], [collateral] and [ban].
#include <string>

#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr Range evidence_range{.min = 0, .max = 1'000'000, .remark = "0 = never"};
constexpr Range density_range{.min = 0, .max = 1LL << 31, .remark = "0 = however few"};
// All of IPv4; a wider ban cannot be. Zero would refuse every ban: that is what "0 = never" is for.
constexpr Range budget_range{.min = 1, .max = 1LL << 32, .remark = "it counts IPv4 addresses"};
// All of IPv6.
constexpr Range budget_64s_range{.min = 1, .max = INT64_MAX, .remark = "it counts IPv6 /64 networks"};
constexpr DurationRange window_range{.max = Seconds{52LL * 7 * 24 * 3600}, .remark = "it is a span of log time"};

// A ladder's ban must fit under [ban] longest. Written down, the contradiction is an error (law 4); a default gives
// way.
void fit_under_longest(TableReader& table, Seconds& ban, Seconds longest) {
  if (ban <= longest) {
    return;
  }
  if (const auto* written = table.find("ban")) {
    table.error(*written, "ban",
                "'" + written->text + "' is longer than longest = \"" + format_duration(longest) + "\" in [ban]",
                "raise longest, shorten this ban, or write \"permanent\"");
    return;
  }
  ban = longest;
}

void read_growth(TableReader& root, BanGrowth& ban, ReadContext& context) {
  TableReader table(root.table("ban"), "[ban]", context);
  keep(ban.growth, table.number("growth", 1, 100));
  keep(ban.longest, table.duration("longest", {.remark = "a \"permanent\" ban stays permanent"}));
  keep(ban.decay, table.duration("decay", {.min = Seconds{0}, .remark = "0 = only `forget` forgives"}));
  keep(ban.forget, table.duration("forget", {}));
  table.finish();
}

void read_budget(TableReader& table, Budget& budget) {
  keep(budget.addresses, table.integer("budget_addresses", budget_range));
  keep(budget.ipv6_64s, table.integer("budget_ipv6_64s", budget_64s_range));
  keep(budget.good_clients, table.integer("budget_good_clients", {.min = 0, .max = 1'000'000}));
  keep(budget.visitors, table.integer("budget_visitors", {.min = 0, .max = 1'000'000}));
}

// What all steps have: RouteLadder, AsnLadder, CountryLadder.
template <typename Step>
void read_step(TableReader& table, Step& step, Seconds longest) {
  keep(step.window, table.duration("window", window_range));
  keep(step.ban, table.ban_time("ban"));
  read_budget(table, step.budget);
  fit_under_longest(table, step.ban, longest);
  table.finish();
}

void read_country_ladder(TableReader& ladder, Config& config, ReadContext& context) {
  TableReader country(ladder.table("country"), "[ladder.country]", context);
  keep(config.country_ladder.asns, country.integer("asns", evidence_range));
  config.country_ladder.asns_location = location_of(country, "asns");
  read_step(country, config.country_ladder, config.ban.longest);
}

void read_collateral(TableReader& root, CollateralConfig& collateral, ReadContext& context) {
  TableReader table(root.table("collateral"), "[collateral]", context);
  keep(collateral.remember, table.duration("remember", {}));
  keep(collateral.clients, table.integer("clients", {.min = 1'000, .max = 1'000'000}));
  keep(collateral.leave_out,
       table.integer("leave_out", {.min = 0, .max = 100'000, .remark = "0 = refuse every ban that is over budget"}));
  table.finish();
}

}  // namespace

void read_ladders(TableReader& root, Config& config, ReadContext& context) {
  read_growth(root, config.ban, context);

  TableReader ladder(root.table("ladder"), "[ladder]", context);
  TableReader route(ladder.table("route"), "[ladder.route]", context);
  keep(config.route_ladder.addresses, route.integer("addresses", evidence_range));
  keep(config.route_ladder.one_in, route.integer("one_in", density_range));
  read_step(route, config.route_ladder, config.ban.longest);

  TableReader asn(ladder.table("asn"), "[ladder.asn]", context);
  keep(config.asn_ladder.routes, asn.integer("routes", evidence_range));
  keep(config.asn_ladder.one_in, asn.integer("one_in", density_range));
  config.asn_ladder.routes_location = location_of(asn, "routes");
  read_step(asn, config.asn_ladder, config.ban.longest);
  read_country_ladder(ladder, config, context);
  ladder.finish();
  read_collateral(root, config.collateral, context);
}

}  // namespace ipguard::config
