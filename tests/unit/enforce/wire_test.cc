#include "enforce/wire.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "enforce/wire_bytes.h"

namespace ipguard::enforce::wire {
namespace {

TimePoint at(int64_t seconds) { return TimePoint(std::chrono::seconds(seconds)); }

model::SetElement element(std::string_view prefix, std::optional<TimePoint> until = {},
                          model::Scope scope = model::Scope::route) {
  return {scope, *net::Prefix::parse(prefix), until};
}

// A request's bytes up to its lists of elements.
std::string head(uint8_t verb) {
  Encoder to;
  to.put_u8(verb);
  to.put_time(at(1000));
  to.put_u64(0);
  to.put_address(net::Address());
  to.put_bool(false);
  return to.take();
}

// What is wrong with a request whose list of additions is one element of these bytes.
std::string problem_of(uint8_t scope, uint8_t length, std::string_view address, uint64_t until = UINT64_MAX) {
  Encoder to;
  to.put_u32(0);
  to.put_u32(1);
  to.put_u8(scope);
  to.put_u8(length);
  to.put_address(*net::Address::parse(address));
  to.put_u64(until);
  const auto request = decode_request(head(static_cast<uint8_t>(Verb::apply)) + to.take());
  return request ? "" : request.error().message;
}

TEST(Wire, ARequestComesOutAsItWentIn) {
  const std::vector<model::SetElement> remove = {element("192.0.2.7/32", {}, model::Scope::address)};
  const std::vector<model::SetElement> add = {element("198.51.100.0/24", at(2000)),
                                              element("2001:db8::/32", {}, model::Scope::asn)};
  const auto bytes = encode(Question{.verb = Verb::apply,
                                     .now = at(1000),
                                     .settings = 0x0123456789abcdef,
                                     .remove = remove,
                                     .add = add,
                                     .address = *net::Address::parse("203.0.113.1"),
                                     .look_again = true});
  const auto request = decode_request(bytes);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->verb, Verb::apply);
  EXPECT_EQ(request->now, at(1000));
  EXPECT_EQ(request->settings, 0x0123456789abcdefU);
  EXPECT_EQ(request->batch.remove, remove);
  EXPECT_EQ(request->batch.add, add);
  EXPECT_EQ(request->address, net::Address::parse("203.0.113.1"));
  EXPECT_TRUE(request->look_again);
}

TEST(Wire, ARequestThatIsCutOffAnywhereIsNone) {
  const std::vector<model::SetElement> add = {element("198.51.100.0/24", at(2000))};
  const auto bytes = encode(Question{.verb = Verb::apply, .now = at(1000), .add = add});
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto request = decode_request(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(request) << size;
    EXPECT_EQ(request.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(decode_request(bytes + "x")) << "nor one with something behind it";
}

TEST(Wire, VerbsThatThereAreNoneOfAreRefused) {
  const std::string lists(8, '\0');
  EXPECT_FALSE(decode_request(head(0) + lists));
  EXPECT_TRUE(decode_request(head(1) + lists));
  EXPECT_TRUE(decode_request(head(12) + lists));
  EXPECT_FALSE(decode_request(head(13) + lists));
  EXPECT_FALSE(decode_request(head(255) + lists));
}

TEST(Wire, MoreItemsThanBytesTakeNoMemory) {
  Encoder to;
  to.put_u32(0);
  to.put_u32(UINT32_MAX);
  const auto request = decode_request(head(static_cast<uint8_t>(Verb::apply)) + to.take());
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().message, "a message that is none: more items than bytes");
}

TEST(Wire, HostilePrefixesAreRefused) {
  EXPECT_EQ(problem_of(1, 24, "192.0.2.0"), "");
  EXPECT_EQ(problem_of(1, 24, "192.0.2.1"), "a message that is none: a prefix with host bits");
  EXPECT_EQ(problem_of(1, 32, "2001:db8::1"), "a message that is none: a prefix with host bits");
  EXPECT_EQ(problem_of(1, 33, "192.0.2.0"), "a message that is none: a prefix length that its family does not have");
  EXPECT_EQ(problem_of(1, 129, "2001:db8::"), "a message that is none: a prefix length that its family does not have");
  EXPECT_EQ(problem_of(1, 255, "2001:db8::"), "a message that is none: a prefix length that its family does not have");
  EXPECT_EQ(problem_of(1, 0, "0.0.0.0"), "a message that is none: a prefix that is the whole address space");
  EXPECT_EQ(problem_of(1, 0, "::"), "a message that is none: a prefix that is the whole address space");
  EXPECT_EQ(problem_of(4, 24, "192.0.2.0"), "a message that is none: a scope that there is none of");
  EXPECT_EQ(problem_of(1, 24, "192.0.2.0", UINT64_MAX - 1), "a message that is none: a time out of its range");
  EXPECT_EQ(problem_of(1, 24, "192.0.2.0", 1ULL << 62), "a message that is none: a time out of its range");
}

TEST(Wire, TimesAreKeptWithinWhatIsTaken) {
  const std::vector<model::SetElement> add = {element("192.0.2.0/24", TimePoint::max()),
                                              element("198.51.100.0/24", TimePoint::min())};
  const auto request = decode_request(encode(Question{.verb = Verb::apply, .now = TimePoint::max(), .add = add}));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->batch.add[0].until, request->now);
  EXPECT_EQ(request->batch.add[1].until, TimePoint());
}

template <typename T>
T there_and_back(T value) {
  const auto reply = decode_reply(encode(Reply{.standing = {}, .body = Body(std::move(value))}));
  EXPECT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(reply->body);
  EXPECT_TRUE(std::holds_alternative<T>(*reply->body));
  return std::get<T>(*reply->body);
}

TEST(Wire, EveryKindOfAnswerComesOutAsItWentIn) {
  const std::vector<model::SetElement> elements = {element("192.0.2.0/24", at(5)), element("2001:db8::/32")};
  EXPECT_EQ(there_and_back(elements), elements);
  EXPECT_TRUE(there_and_back(true));
  SetCounters counters{};
  counters[7] = {.packets = 3, .bytes = UINT64_MAX};
  EXPECT_EQ(there_and_back(counters)[7].bytes, UINT64_MAX);
  const auto each =
      there_and_back(std::vector<std::optional<DropCounters>>{{}, DropCounters{.packets = 1, .bytes = 2}});
  ASSERT_EQ(each.size(), 2U);
  EXPECT_FALSE(each[0]);
  EXPECT_EQ(each[1]->bytes, 2U);
  const auto peers = there_and_back(std::vector<ProtectedPrefix>{{*net::Prefix::parse("192.0.2.7"), "SSH session"}});
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].prefix.to_target(), "192.0.2.7");
  EXPECT_EQ(peers[0].reason, "SSH session");
  const auto report = there_and_back(model::ApplyReport{.added = 1,
                                                        .removed = 2,
                                                        .failures = {{elements[0], "loopback", true, false},
                                                                     {elements[1], "no room", true, true},
                                                                     {elements[1], "loopback", false, false}}});
  EXPECT_EQ(report.added, 1U);
  EXPECT_EQ(report.removed, 2U);
  ASSERT_EQ(report.failures.size(), 3U);
  EXPECT_EQ(report.failures[0].reason, "loopback");
  EXPECT_TRUE(report.failures[0].refused);
  EXPECT_TRUE(report.failures[1].for_room);
  EXPECT_EQ(report.failures[2].reason, "loopback");
  EXPECT_EQ(report.failures[2].element, elements[1]);
  const auto repair = there_and_back(Repair{.table = true, .added = 1, .removed = 2, .rewritten = 3, .failures = {}});
  EXPECT_TRUE(repair.table);
  EXPECT_EQ(repair.rewritten, 3U);
}

TEST(Wire, ErrorsAndTheStandingComeAlong) {
  const Standing standing{.enforced = 7,
                          .repairs = {.times = 1, .added = 2, .removed = 3},
                          .connections = {.ended = 4, .skipped = 5, .problem = "why not"},
                          .watched = true};
  const auto reply =
      decode_reply(encode(Reply{.standing = standing, .body = fail(Errc::busy, std::string(9000, 'x'))}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->standing.enforced, 7U);
  EXPECT_EQ(reply->standing.repairs.removed, 3U);
  EXPECT_EQ(reply->standing.connections.problem, "why not");
  EXPECT_TRUE(reply->standing.watched);
  ASSERT_FALSE(reply->body);
  EXPECT_EQ(reply->body.error().code, Errc::busy);
  EXPECT_EQ(reply->body.error().message.size(), longest_text);
}

TEST(Wire, TheFingerprintIsOfEverythingThatProtects) {
  config::EnforceConfig enforce;
  config::ProtectConfig protect;
  std::vector<net::Prefix> allowlist = {*net::Prefix::parse("192.0.2.0/24")};
  const auto before = fingerprint(enforce, protect, allowlist);
  EXPECT_EQ(fingerprint(enforce, protect, allowlist), before);
  enforce.mode = config::Mode::dry_run;
  EXPECT_EQ(fingerprint(enforce, protect, allowlist), before) << "what only a start takes over";
  EXPECT_NE(fingerprint(enforce, protect, {}), before);
  const auto other = [&](auto change) {
    auto changed_enforce = enforce;
    auto changed_protect = protect;
    change(changed_enforce, changed_protect);
    return fingerprint(changed_enforce, changed_protect, allowlist);
  };
  EXPECT_NE(other([](auto& e, auto&) { e.hook = config::Hook::forward; }), before);
  EXPECT_NE(other([](auto& e, auto&) { e.priority = 0; }), before);
  EXPECT_NE(other([](auto& e, auto&) { e.keep_on_stop = false; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.own_addresses = false; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.gateways = false; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.resolvers = false; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.ssh_sessions = false; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.ssh_ports.push_back(2222); }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.proxies.push_back(*net::Prefix::parse("198.51.100.0/24")); }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.widest_ipv4 = 0; }), before);
  EXPECT_NE(other([](auto&, auto& p) { p.largest_share = 100; }), before);
}

}  // namespace
}  // namespace ipguard::enforce::wire
