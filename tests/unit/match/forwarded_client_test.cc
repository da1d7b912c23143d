// What trusted proxies say of the client, wherever a format has it.
#include "match/forwarded_client.h"

#include "format_fixture.h"

namespace ipguard::match {
namespace {

net::PrefixSet proxies() {
  net::PrefixSet set;
  for (const auto* const text : {"198.51.100.0/24", "2001:db8:f::/48"}) {
    set[*net::Prefix::parse(text)];
  }
  return set;
}

std::string client(std::string_view peer, std::optional<std::string_view> list) {
  const auto found = client_behind(proxies(), *net::Address::parse(peer), list);
  return found ? found->to_string() : "none";
}

TEST(ForwardedClient, IsTheRightmostThatIsNoTrustedProxy) {
  const struct {
    std::string_view peer;
    std::string_view list;
    std::string_view client;
  } cases[] = {
      {"198.51.100.1", "192.0.2.7", "192.0.2.7"},
      {"203.0.113.1", "192.0.2.7", "203.0.113.1"},  // nobody's word
      {"203.0.113.1", "garbage", "203.0.113.1"},
      {"198.51.100.1", "203.0.113.66, 192.0.2.7", "192.0.2.7"},  // the left one is the client's own
      {"198.51.100.1", "x\"<>, 192.0.2.7, 198.51.100.9,2001:db8:f::1", "192.0.2.7"},
      {"2001:db8:f::7", "2001:db8::1", "2001:db8::1"},
      {"198.51.100.1", "192.0.2.7:51234", "192.0.2.7"},
      {"198.51.100.1", "[2001:db8::1]:443, 198.51.100.3:80", "2001:db8::1"},
      {"198.51.100.1", "::ffff:192.0.2.7", "192.0.2.7"},
      {"198.51.100.1", "192.0.2.7, ::ffff:198.51.100.8", "192.0.2.7"},  // a proxy in other clothes
      {"198.51.100.1", "198.51.100.2, 198.51.100.3", "198.51.100.2"},   // all of them proxies
      {"198.51.100.1", "", "198.51.100.1"},
      {"198.51.100.1", "-", "198.51.100.1"},
      {"198.51.100.1", "192.0.2.7,", "none"},
      {"198.51.100.1", "192.0.2.7, unknown", "none"},
      {"198.51.100.1", "192.000.002.007", "none"},
      {"198.51.100.1", "192.0.2.7 198.51.100.2", "none"},
      {"198.51.100.1", "for=192.0.2.7", "none"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(client(test.peer, test.list), test.client) << test.peer << " says " << test.list;
  }
  EXPECT_EQ(client("198.51.100.1", std::nullopt), "none") << "it is missing";
  EXPECT_EQ(client("203.0.113.1", std::nullopt), "203.0.113.1");
  EXPECT_EQ(client("198.51.100.1", std::string(100'000, ',') + "192.0.2.7"), "192.0.2.7");
}

class ForwardedLine : public FormatTest {
 protected:
  // "ADDRESS", of a line of that format.
  std::string read(std::string_view name, const std::string& line, const ForwardedClient& forwarded, bool cut = false) {
    const ParseContext context{.now = test_now, .scratch = &scratch_, .named = true, .forwarded = &forwarded};
    EXPECT_TRUE(find_format(name)->parse({.text = line, .truncated = cut}, context, event_)) << line;
    return address();
  }

 private:
  ParseScratch scratch_;
};

TEST_F(ForwardedLine, InAQuotedColumnOfACombinedLine) {
  const ForwardedClient fourth{.proxies = proxies(), .quoted = 4};
  const std::string behind = " - - [25/Feb/2026:04:30:17 +0000] \"GET / HTTP/1.1\" 404 1 \"-\" \"ua \\\" x\"";
  EXPECT_EQ(read("combined", "198.51.100.1" + behind + " \"192.0.2.7\"", fourth), "192.0.2.7");
  EXPECT_EQ(read("combined", "198.51.100.1" + behind + " 0.001 \"203.0.113.66, 192.0.2.7\" \"x\"", fourth),
            "192.0.2.7");
  EXPECT_EQ(read("combined", "203.0.113.1" + behind + " \"192.0.2.7\"", fourth), "203.0.113.1");
  EXPECT_EQ(read("combined", "198.51.100.1" + behind + " \"-\"", fourth), "198.51.100.1");
  EXPECT_EQ(read("combined", "198.51.100.1" + behind, fourth), "none") << "there is no such column";
  EXPECT_EQ(read("combined", "198.51.100.1" + behind + " \"192.0.2.7", fourth, true), "none");
  EXPECT_EQ(read("combined", "198.51.100.1 - - [25/Feb/2026:04:30:17 +0000] \"GET /aaaa", fourth, true), "none");
  EXPECT_EQ(read("vhost-combined", "h:443 198.51.100.1" + behind + " \"192.0.2.7\"", fourth), "192.0.2.7");
}

TEST_F(ForwardedLine, InAJsonValue) {
  const ForwardedClient caddy{.proxies = proxies(), .value = "request.headers.X-Forwarded-For"};
  const std::string line = R"({"request":{"remote_ip":"198.51.100.1","client_ip":"203.0.113.66","method":"GET",)"
                           R"("uri":"/","host":"h","headers":{)";
  const std::string tail = R"(}},"status":404})";
  EXPECT_EQ(read("json", line + R"("X-Forwarded-For":["192.0.2.9","192.0.2.7, 198.51.100.2"])" + tail, caddy),
            "192.0.2.7");
  EXPECT_EQ(read("json", line + R"("X-Forwarded-For":["192.0.2.9","198.51.100.2"])" + tail, caddy), "192.0.2.9");
  EXPECT_EQ(read("json", line + R"("X-Forwarded-For":["192.0.2.9","nonsense"])" + tail, caddy), "none");
  EXPECT_EQ(read("json", line + R"("X-Forwarded-For":"192.0.2.9","X-Forwarded-For":"192.0.2.8")" + tail, caddy),
            "none");
  EXPECT_EQ(read("json", line + tail, caddy), "198.51.100.1") << "the proxy's own request";
  const ForwardedClient by_caddy{.proxies = proxies(), .value = "request.client_ip"};
  EXPECT_EQ(read("json", line + tail, by_caddy), "203.0.113.66");
}

}  // namespace
}  // namespace ipguard::match
