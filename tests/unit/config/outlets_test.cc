// [http] and [[notify]]: what is read, and what is refused, with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ipguard::config {
namespace {

using testing::HasSubstr;

Config read(std::string_view text, Diagnostics& diagnostics) { return parse_config(text, "test.toml", diagnostics); }

TEST(OutletConfig, IsOffByDefault) {
  Diagnostics diagnostics;
  const auto config = read("", diagnostics);
  EXPECT_EQ(config.http.listen, "");
  EXPECT_TRUE(config.notifies.empty());
}

TEST(OutletConfig, ReadsHttp) {
  Diagnostics diagnostics;
  const auto http = read(
                        "[http]\nlisten = \"unix:/run/x.sock\"\ntoken_file = \"/etc/token\"\ntoken_for = \"api\"\n"
                        "hosts = [\"metrics.example\"]\nsocket_mode = \"0600\"\n",
                        diagnostics)
                        .http;
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_EQ(http.listen, "unix:/run/x.sock");
  EXPECT_EQ(http.token_file, "/etc/token");
  EXPECT_EQ(http.token_location.line, 3U);
  EXPECT_EQ(http.token_for, TokenFor::api);
  EXPECT_EQ(http.hosts, std::vector<std::string>{"metrics.example"});
  EXPECT_EQ(http.socket_mode, 0600U);
}

TEST(OutletConfig, ReadsNotify) {
  Diagnostics diagnostics;
  const auto notifies =
      read(
          "[[notify]]\nname = \"a\"\ntype = \"file\"\npath = \"/var/log/a\"\nkinds = [\"ban\", \"problem\"]\n"
          "rules = \"web/\"\nscopes = [\"asn\"]\nissuers = [\"ladder\"]\n"
          "[[notify]]\nname = \"b\"\ntype = \"webhook\"\nurl = \"https://hooks.example\"\ntimeout = \"3s\"\n"
          "[[notify]]\nname = \"c\"\ntype = \"exec\"\ncommand = [\"/bin/x\", \"$(y)\"]\n"
          "[[notify]]\nname = \"d\"\ntype = \"journal\"\n[[notify]]\nname = \"e\"\ntype = \"syslog\"\n",
          diagnostics)
          .notifies;
  EXPECT_EQ(diagnostics.to_string(), "");
  ASSERT_EQ(notifies.size(), 5U);
  EXPECT_EQ(notifies[0].kinds, (std::vector{EventKind::ban, EventKind::problem}));
  ASSERT_EQ(notifies[0].rules.size(), 1U);
  EXPECT_EQ(notifies[0].rules[0].word, "web/");
  EXPECT_EQ(notifies[0].rules[0].location.line, 6U);
  EXPECT_EQ(notifies[0].scopes, std::vector{model::Scope::asn});
  EXPECT_EQ(notifies[0].issuers, std::vector<std::string>{"ladder"});
  EXPECT_EQ(notifies[1].timeout, Seconds{3});
  EXPECT_EQ(notifies[2].command, (std::vector<std::string>{"/bin/x", "$(y)"}));
  EXPECT_EQ(notifies[4].type, NotifyType::syslog);
}

struct Case {
  std::string text;
  std::string place;
  std::string message;
};

class OutletProblem : public testing::TestWithParam<Case> {};

TEST_P(OutletProblem, IsToldAtItsPlace) {
  Diagnostics diagnostics;
  (void)read(GetParam().text, diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("test.toml:" + GetParam().place + ":"));
  EXPECT_THAT(diagnostics.to_string(), HasSubstr(GetParam().message));
}

const std::string outlet_head = "[[notify]]\nname = \"a\"\n";

INSTANTIATE_TEST_SUITE_P(
    All, OutletProblem,
    testing::Values(Case{"[http]\nlisten = \"0.0.0.0:9147\"", "2:10", "is reached by other hosts"},
                    Case{"[http]\nlisten = \"192.0.2.1:9147\"", "2:10", "is reached by other hosts"},
                    Case{"[http]\nlisten = \"localhost:9147\"", "2:10", "is no address with a port"},
                    Case{"[http]\nlisten = \"127.0.0.1:0\"", "2:10", "is no address with a port"},
                    Case{"[http]\nlisten = \"unix:run/x\"", "2:10", "has no whole path"},
                    Case{"[http]\nlisten = \"unix:/" + std::string(120, 'x') + "\"", "2:10", "longer than 107 bytes"},
                    Case{"[http]\ntoken_file = \"token\"", "2:14", "is no whole path"},
                    Case{"[http]\ntoken_for = \"api\"", "2:13", "there is no token"},
                    Case{"[http]\ntoken_for = \"nothing\"", "2:13", "token_for"},
                    Case{"[http]\nhosts = [\"a.example:80\"]", "2:10", "is no name of a host"},
                    Case{"[http]\nsocket_mode = \"660\"", "2:15", "is no mode"},
                    Case{"[http]\nlisen = \"\"", "2:1", "lisen"}, Case{"[[notify]]\ntype = \"journal\"", "1:1", "name"},
                    Case{outlet_head, "1:1", "needs a type"}, Case{outlet_head + "type = \"mail\"", "3:8", "mail"},
                    Case{outlet_head + "type = \"file\"", "1:1", "needs a path"},
                    Case{outlet_head + "type = \"file\"\npath = \"x\"", "4:8", "no whole path"},
                    Case{outlet_head + "type = \"webhook\"", "1:1", "needs a url"},
                    Case{outlet_head + "type = \"webhook\"\nurl = \"file:///etc/passwd\"", "4:7",
                         "neither with https://"},
                    Case{outlet_head + "type = \"exec\"", "1:1", "needs a command"},
                    Case{outlet_head + "type = \"exec\"\ncommand = [\"logger\"]", "4:11", "no whole path"},
                    Case{outlet_head + "type = \"exec\"\ncommand = []", "4:11", "command"},
                    Case{outlet_head + "type = \"journal\"\npath = \"/x\"", "4:8", "has no such key"},
                    Case{outlet_head + "type = \"file\"\npath = \"/x\"\ntimeout = \"3s\"", "5:11", "has no such key"},
                    Case{outlet_head + "type = \"journal\"\nkinds = [\"bans\"]", "4:10", "is none of its words"},
                    Case{outlet_head + "type = \"journal\"\nscopes = [\"as\"]", "4:11", "is none of its words"},
                    Case{outlet_head + "type = \"journal\"\nissuers = [\"me\"]", "4:12", "is none of its words"},
                    Case{outlet_head + "type = \"journal\"\n" + outlet_head + "type = \"syslog\"", "5:8", "a"}));

}  // namespace
}  // namespace ipguard::config
