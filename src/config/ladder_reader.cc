// [ladder.route], [ladder.asn] and [ban].
#include <string>

#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr Range evidence_range{.min = 0, .max = 1'000'000, .remark = "0 = never"};
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
  keep(ban.forget, table.duration("forget", {}));
  table.finish();
}

}  // namespace

void read_ladders(TableReader& root, Config& config, ReadContext& context) {
  read_growth(root, config.ban, context);

  TableReader ladder(root.table("ladder"), "[ladder]", context);
  TableReader route(ladder.table("route"), "[ladder.route]", context);
  keep(config.route_ladder.addresses, route.integer("addresses", evidence_range));
  keep(config.route_ladder.window, route.duration("window", window_range));
  keep(config.route_ladder.ban, route.ban_time("ban"));
  keep(config.route_ladder.budget_addresses, route.integer("budget_addresses", budget_range));
  keep(config.route_ladder.budget_ipv6_64s, route.integer("budget_ipv6_64s", budget_64s_range));
  fit_under_longest(route, config.route_ladder.ban, config.ban.longest);
  route.finish();

  TableReader asn(ladder.table("asn"), "[ladder.asn]", context);
  keep(config.asn_ladder.routes, asn.integer("routes", evidence_range));
  config.asn_ladder.routes_location = location_of(asn, "routes");
  keep(config.asn_ladder.window, asn.duration("window", window_range));
  keep(config.asn_ladder.ban, asn.ban_time("ban"));
  keep(config.asn_ladder.budget_addresses, asn.integer("budget_addresses", budget_range));
  keep(config.asn_ladder.budget_ipv6_64s, asn.integer("budget_ipv6_64s", budget_64s_range));
  fit_under_longest(asn, config.asn_ladder.ban, config.ban.longest);
  asn.finish();
  ladder.finish();
}

}  // namespace ipguard::config
