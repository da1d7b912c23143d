// What of requests' heads is read: targets, headers that may come once, hosts that are ours, tokens, and which
// exposition is wanted.
#include "http/headers.h"

#include <gtest/gtest.h>

namespace ipguard::http {
namespace {

TEST(Headers, ATargetHasNoNulAndNoBlank) {
  for (const auto* sound : {"/", "/v1/bans?ended=1", "/a%20b", "/a%2500", "*", "", "/caf\xc3\xa9", "/%", "/%0"}) {
    EXPECT_EQ(fault_of_target(sound), "") << sound;
  }
  for (const auto* odd : {"/v1/lookup/192.0.2.130%00x", "/%00", "/x?a=%00", "/%%00", "/a b", "/a\tb", "/a\x7f", "/ "}) {
    EXPECT_NE(fault_of_target(odd), "") << odd;
  }
}

TEST(Headers, KnowsWhichMayComeOnce) {
  const auto fault = [](std::initializer_list<std::string_view> names) {
    HeaderCheck check;
    for (const auto name : names) {
      check.see(name);
    }
    return check.fault();
  };
  EXPECT_EQ(fault({"Host", "Accept", "Accept", "Authorization", "X-Forwarded-For", "Content-Length"}), "");
  EXPECT_EQ(fault({"Host", "Accept", "HOST"}), "there is more than one header Host");
  EXPECT_EQ(fault({"authorization", "Authorization"}), "there is more than one header Authorization");
  EXPECT_EQ(fault({"Content-Length", "Content-Length"}), "there is more than one header Content-Length");
  EXPECT_EQ(fault({"Host", "transfer-encoding", "Accept"}), "");
  EXPECT_EQ(fault({"Content-Length", "transfer-encoding"}), "there is a Content-Length and a Transfer-Encoding");
  for (const auto name : {"Host ", "", "a b", "a\x01", "H\xc3\xb6st"}) {
    EXPECT_EQ(fault({name}), "the name of a header holds what no name may hold") << name;
  }
  HeaderCheck check;
  check.see("Accept");
  EXPECT_FALSE(check.has_host());
  check.see("hOST");
  EXPECT_TRUE(check.has_host());
}

TEST(Headers, TellsTheHost) {
  EXPECT_EQ(host_of("localhost:9147"), "localhost");
  EXPECT_EQ(host_of(" LocalHost "), "localhost");
  EXPECT_EQ(host_of("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(host_of("[::1]:9147"), "::1");
  EXPECT_EQ(host_of("example.org:"), "example.org");
  for (const auto* none : {"", ":80", "[::1", "[127.0.0.1]", "[::1]x", "localhost:99999", "localhost:9147:1", "::1",
                           "local host", "localhost\n:80", "caf\xc3\xa9"}) {
    EXPECT_EQ(host_of(none), std::nullopt) << none;
  }
  EXPECT_EQ(host_of(std::string(400, 'a')), std::nullopt);
}

TEST(Headers, KnowsItsOwnHosts) {
  const std::vector<std::string> names = {"metrics.example"};
  for (const auto* own :
       {"localhost", "127.0.0.1:9147", "[::1]", "192.0.2.1", "metrics.example", "METRICS.example:443"}) {
    EXPECT_TRUE(is_own_host(own, names)) << own;
  }
  for (const auto* foreign :
       {"", "attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example",
        "metrics.example.attacker.example", "metrics.example@attacker.example", "127.1", "2130706433"}) {
    EXPECT_FALSE(is_own_host(foreign, names)) << foreign;
  }
}

TEST(Headers, TellsTheBearersToken) {
  EXPECT_EQ(bearer_of("Bearer abc"), "abc");
  EXPECT_EQ(bearer_of("  bearer   abc  "), "abc");
  EXPECT_EQ(bearer_of("Basic abc"), "");
  EXPECT_EQ(bearer_of("Bearer"), "");
  EXPECT_EQ(bearer_of(""), "");
}

TEST(Headers, ChoosesTheExpositionByQuality) {
  using enum Exposition;
  EXPECT_EQ(exposition_for(""), text);
  EXPECT_EQ(exposition_for("*/*"), text);
  EXPECT_EQ(exposition_for("application/openmetrics-text"), open_metrics);
  // As Prometheus 2.42 asks.
  EXPECT_EQ(
      exposition_for("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      open_metrics);
  EXPECT_EQ(exposition_for("application/openmetrics-text;q=0.1, text/plain;q=0.9"), text);
  EXPECT_EQ(exposition_for("application/openmetrics-text;q=0"), text);
  EXPECT_EQ(exposition_for("application/openmetrics-text;q=nan, ;;,,"), text);
}

}  // namespace
}  // namespace ipguard::http
