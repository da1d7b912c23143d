// [enforce] and [protect]: every value, and what is said to wrong ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ipguard::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Config parse_keys(const std::string& text, Diagnostics& diagnostics) {
  return parse_config("[[source]]\nname = \"web\"\npaths = \"/var/log/web.log\"\n" + text, "t.toml", diagnostics);
}

TEST(EnforceKeys, AreRead) {
  const struct {
    const char* name;
    Hook hook;
  } hooks[] = {{"input-and-forward", Hook::input_and_forward},
               {"input", Hook::input},
               {"forward", Hook::forward},
               {"prerouting", Hook::prerouting}};
  for (const auto& [name, hook] : hooks) {
    Diagnostics diagnostics;
    const auto config = parse_keys("[enforce]\nhook = \"" + std::string(name) +
                                       "\"\naction = \"reject\"\n"
                                       "end_connections = false\nelement_counters = true\n",
                                   diagnostics);
    EXPECT_EQ(diagnostics.to_string(), "");
    EXPECT_EQ(config.enforce.hook, hook);
    EXPECT_EQ(config.enforce.action, Verdict::reject);
    EXPECT_FALSE(config.enforce.end_connections);
    EXPECT_TRUE(config.enforce.element_counters);
  }
}

TEST(ProtectKeys, ProxiesAndTheLargestShareAreRead) {
  Diagnostics diagnostics;
  const auto config =
      parse_keys("[protect]\nproxies = [\"198.51.100.0/24\", \"2001:db8::7\"]\nlargest_share = 7\n", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_THAT(config.protect.proxies,
              ElementsAre(*net::Prefix::parse("198.51.100.0/24"), *net::Prefix::parse("2001:db8::7")));
  EXPECT_EQ(config.protect.largest_share, 7);
}

TEST(EnforceKeys, WrongOnesAreErrorsAtTheirPlace) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"[enforce]\naction = \"refuse\"\n", "t.toml:5:10: error: action: there is no 'refuse'"},
      {"[enforce]\nhook = \"output\"\n", "t.toml:5:8: error: hook: there is no 'output'"},
      {"[enforce]\nend_connections = 1\n", "t.toml:5:19: error: end_connections"},
      {"[protect]\nlargest_share = 0\n", "t.toml:5:17: error: largest_share"},
      {"[protect]\nlargest_share = 101\n", "write a number from 1 to 100; per cent"},
      {"[protect]\nproxies = [\"198.51.100.7/24\"]\n", "198.51.100.0/24"},
      {"[protect]\nproxies = [\"cdn.example\"]\n", "t.toml:5:12: error: proxies"},
  };
  for (const auto& [text, error] : cases) {
    Diagnostics diagnostics;
    (void)parse_keys(text, diagnostics);
    EXPECT_TRUE(diagnostics.has_errors()) << text;
    EXPECT_THAT(diagnostics.to_string(), HasSubstr(error)) << text;
  }
}

}  // namespace
}  // namespace ipguard::config
