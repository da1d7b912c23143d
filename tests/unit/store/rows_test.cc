// Rows are foreign bytes: what write() cannot have put there is refused.
#include "store/rows.h"

#include <gtest/gtest.h>

#include <functional>

#include "samples.h"

namespace ipguard::store {
namespace {

std::vector<net::Prefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<net::Prefix> result;
  for (const char* text : texts) {
    result.push_back(net::Prefix::parse(text).value());
  }
  return result;
}

TEST(Rows, PrefixesComeBack) {
  const auto all = prefixes({"0.0.0.0/0", "192.0.2.0/24", "192.0.2.7", "128.0.0.0/1", "10.32.0.0/11", "::/0",
                             "2001:db8::/32", "2001:db8:8000::/33", "2001:db8::1", "::/96"});
  const auto bytes = encode_prefixes(all);
  EXPECT_EQ(decode_prefixes(bytes), all);
  EXPECT_EQ(encode_prefixes(prefixes({"192.0.2.0/24"})).size(), 4U) << "compact";
  EXPECT_EQ(decode_prefixes(""), std::vector<net::Prefix>{});
}

TEST(Rows, PrefixesOfAnotherFormAreRefused) {
  using namespace std::string_literals;
  const std::string mapped = "\xc0"s + std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x07"s;
  for (const auto& bytes : {
           "\x21\xc0\x00\x02\x07\x00"s,  // IPv4 with 33 bits
           "\x3f"s,                      // 63: neither family
           "\xc1"s,                      // IPv6 with 129 bits
           "\x18\xc0\x00"s,              // cut off
           "\x17\xc0\x00\x03"s,          // host bit set
           "\x41\x40"s,                  // IPv6 /1, host bit set
           mapped,                       // ::ffff:192.0.2.7/128 would be IPv4
           "\x00\x18"s,                  // a whole entry, then half of one
       }) {
    EXPECT_FALSE(decode_prefixes(bytes)) << testing::PrintToString(bytes);
  }
}

TEST(Rows, TargetsHaveOneSpelling) {
  for (const char* text : {"192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "AS64500", "NL"}) {
    const auto target = target_of(text);
    EXPECT_EQ(target_from(model::to_string(target.scope), target_key(target)), target) << text;
  }
  struct Case {
    const char* scope;
    const char* key;
  };
  for (const auto& each : std::vector<Case>{{"address", "192.0.2.7"},
                                            {"address", "192.0.2.0/24"},
                                            {"address", "AS64500"},
                                            {"route", "192.0.2.1/24"},
                                            {"route", "2001:DB8::/32"},
                                            {"asn", "64500"},
                                            {"asn", "as64500"},
                                            {"asn", "AS0"},
                                            {"asn", "192.0.2.7/32"},
                                            {"country", "nl"},
                                            {"country", "NLD"},
                                            {"country", "192.0.2.7/32"},
                                            {"", ""}}) {
    EXPECT_FALSE(target_from(each.scope, each.key)) << each.scope << " " << each.key;
  }
}

TEST(Rows, TimesOutsideOfTheCalendarAreRefused) {
  EXPECT_EQ(to_time(from_time(at(0))), at(0));
  EXPECT_EQ(from_time(TimePoint::min()), from_time(from_civil(1, 1, 1, 0, 0, 0)));
  EXPECT_TRUE(to_time(from_time(TimePoint::min())));
  EXPECT_TRUE(to_time(from_time(TimePoint::max())));
  EXPECT_FALSE(to_time(INT64_MAX));
  EXPECT_FALSE(to_time(INT64_MIN));
  EXPECT_FALSE(to_time(std::nullopt));
}

TEST(Rows, ADecisionWithAnythingWrongIsNone) {
  const auto good = [] {
    return DecisionRow{.scope = "route",
                       .target = "192.0.2.0/24",
                       .prefixes = "\x19\xc0\x00\x02\x80",  // 192.0.2.128/25: the rest is on the allowlist
                       .route = "192.0.2.0/24",
                       .route_found = 1,
                       .asn = 64500,
                       .as_name = "",
                       .as_domain = "",
                       .country = "",
                       .country_code = "",
                       .continent = "",
                       .continent_code = "",
                       .rule = "",
                       .reason = "",
                       .issuer = "ladder",
                       .since = 0,
                       .until = 1,
                       .repeat = 0,
                       .covered = 128,
                       .confirm_by = {},
                       .confirm_by_is_null = true,
                       .good_logins = 1,
                       .good_users = 2,
                       .good_visitors = 3,
                       .left_out = ""};
  };
  // The view must not end at the NUL inside.
  const std::string half("\x19\xc0\x00\x02\x80", 5);
  const std::string outside("\x19\xc0\x00\x03\x80", 5);
  const std::string text(max_text_bytes + 1, 'x');
  auto row = good();
  row.prefixes = half;
  const auto decision = to_decision(row);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->prefixes, prefixes({"192.0.2.128/25"}));
  EXPECT_EQ(decision->issuer, "ladder");

  const std::vector<std::pair<const char*, std::function<void(DecisionRow&)>>> damages = {
      {"no scope", [](auto& r) { r.scope.reset(); }},
      {"a confirmation at no time", [](auto& r) { r.confirm_by_is_null = false; }},
      {"a confirmation before the calendar", [](auto& r) { r.confirm_by_is_null = false, r.confirm_by = INT64_MIN; }},
      {"fewer than no logins", [](auto& r) { r.good_logins = -1; }},
      {"too many users", [](auto& r) { r.good_users = int64_t{1} << 32; }},
      {"no number of visitors", [](auto& r) { r.good_visitors.reset(); }},
      {"nobody left out, of another type", [](auto& r) { r.left_out.reset(); }},
      {"half a client left out", [](auto& r) { r.left_out = "\x20\xc0"; }},
      {"another scope", [](auto& r) { r.scope = "world"; }},
      {"no target", [](auto& r) { r.target.reset(); }},
      {"target of another scope", [](auto& r) { r.scope = "asn"; }},
      {"no prefixes", [](auto& r) { r.prefixes.reset(); }},
      {"prefixes outside of the target", [&](auto& r) { r.prefixes = outside; }},
      {"no route", [](auto& r) { r.route.reset(); }},
      {"route with host bits", [](auto& r) { r.route = "192.0.2.1/24"; }},
      {"found is neither", [](auto& r) { r.route_found = 2; }},
      {"asn of another type", [](auto& r) { r.asn.reset(); }},
      {"asn 0", [](auto& r) { r.asn = 0; }},
      {"asn too large", [](auto& r) { r.asn = 1LL << 32; }},
      {"name too long", [&](auto& r) { r.as_name = text; }},
      {"no country", [](auto& r) { r.country.reset(); }},
      {"reason too long", [&](auto& r) { r.reason = text; }},
      {"no issuer", [](auto& r) { r.issuer.reset(); }},
      {"no since", [](auto& r) { r.since.reset(); }},
      {"since out of range", [](auto& r) { r.since = INT64_MAX; }},
      {"until of another type", [](auto& r) { r.until.reset(); }},
      {"until out of range", [](auto& r) { r.until = INT64_MIN; }},
      {"repeat negative", [](auto& r) { r.repeat = -1; }},
      {"repeat too large", [](auto& r) { r.repeat = 1LL << 32; }},
      {"no covered", [](auto& r) { r.covered.reset(); }},
  };
  for (const auto& [name, damage] : damages) {
    auto damaged = good();
    damaged.prefixes = half;
    damage(damaged);
    EXPECT_FALSE(to_decision(damaged)) << name;
  }
  auto permanent = good();
  permanent.prefixes = half;
  permanent.until.reset();
  permanent.until_is_null = true;
  permanent.asn.reset();
  permanent.asn_is_null = true;
  ASSERT_TRUE(to_decision(permanent));
  EXPECT_FALSE(to_decision(permanent)->until);
}

TEST(Rows, GoodClientsAreChecked) {
  const auto good = [] {
    return GoodClientRow{.client = "192.0.2.7/32", .visit = 5, .user = {}, .login = {}, .spoiled = {}};
  };
  ASSERT_TRUE(to_good_client(good()));
  EXPECT_EQ(to_good_client(good())->visit, to_time(5));
  for (const char* client : {"192.0.2.7", "192.0.2.0/24", "2001:db8::1/128", "2001:DB8::/64", "x", ""}) {
    auto row = good();
    row.client = client;
    EXPECT_FALSE(to_good_client(row)) << client;
  }
  auto row = good();
  row.client = "2001:db8::/64";
  EXPECT_TRUE(to_good_client(row));
  row.login = INT64_MAX;
  EXPECT_FALSE(to_good_client(row)) << "beyond the calendar";
}

TEST(Rows, EvidenceAndCursorsAreChecked) {
  const std::string text(max_evidence_bytes + 1, 'x');
  EXPECT_TRUE(to_evidence({.path = "p", .text = "t", .offset = 1, .time = 0}));
  EXPECT_FALSE(to_evidence({.path = "p", .text = text, .offset = 1, .time = 0}));
  EXPECT_FALSE(to_evidence({.path = text, .text = "t", .offset = 1, .time = 0}));
  EXPECT_FALSE(to_evidence({.path = "p", .text = std::nullopt, .offset = 1, .time = 0}));
  EXPECT_FALSE(to_evidence({.path = "p", .text = "t", .offset = std::nullopt, .time = 0}));
  EXPECT_FALSE(to_evidence({.path = "p", .text = "t", .offset = 1, .time = INT64_MAX}));

  const CursorColumns good{.path = "p",
                           .device = 1,
                           .inode = 2,
                           .fingerprint = 3,
                           .offset = 4,
                           .tail_fingerprint = 6,
                           .seen_size = 7,
                           .fingerprint_length = 5,
                           .tail_length = 8,
                           .journal_cursor = ""};
  EXPECT_TRUE(to_cursor(good));
  auto bad = good;
  bad.fingerprint_length = -1;
  EXPECT_FALSE(to_cursor(bad));
  bad = good;
  bad.tail_length = int64_t{1} << 32;
  EXPECT_FALSE(to_cursor(bad));
  bad = good;
  bad.journal_cursor.reset();
  EXPECT_FALSE(to_cursor(bad));
  bad = good;
  bad.offset.reset();
  EXPECT_FALSE(to_cursor(bad));
  bad = good;
  bad.path = text;
  EXPECT_FALSE(to_cursor(bad));
}

}  // namespace
}  // namespace ipguard::store
