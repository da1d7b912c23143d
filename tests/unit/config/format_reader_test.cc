// [[format]], and the keys of [[source]] that say how its lines are understood.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/text_place.h"

namespace ipguard::config {
namespace {

Config parse_formats(std::string_view text, Diagnostics& diagnostics) {
  return parse_config(text, "c.toml", diagnostics);
}

// "LINE:COLUMN MESSAGE" of each problem but that there is no source.
std::string problems_of(std::string_view text) {
  Diagnostics diagnostics;
  (void)parse_formats(text, diagnostics);
  std::string result;
  for (const auto& problem : diagnostics.all()) {
    if (!problem.message.starts_with("no [[source]]")) {
      result += std::to_string(problem.location.line) + ":" + std::to_string(problem.location.column) + " " +
                problem.message + "\n";
    }
  }
  return result;
}

TEST(FormatReader, ReadsEachSyntax) {
  Diagnostics diagnostics;
  const auto config = parse_formats(R"toml(
[[format]]
name = "shop"
nginx = '$remote_addr "$request"'
escape = "json"
[[format]]
name = "old"
apache = '%h "%r"'
[[format]]
name = "app"
json = { address = "client.ip", path = "http.path", status = "http.status" }
[[source]]
name = "a"
paths = ["/x"]
)toml",
                                    diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  ASSERT_EQ(config.formats.size(), 3U);
  EXPECT_EQ(config.formats[0].text, "$remote_addr \"$request\"");
  EXPECT_TRUE(config.formats[0].json_escape);
  EXPECT_EQ(config.formats[0].text_location.line, 4U);
  EXPECT_EQ(config.formats[1].syntax, FormatSyntax::apache);
  ASSERT_EQ(config.formats[2].names.size(), 3U);
  EXPECT_EQ(json_fields[config.formats[2].names[0].field], "address");
  EXPECT_EQ(config.formats[2].names[0].path, "client.ip");
}

TEST(FormatReader, SaysWhatIsWrongAndWhere) {
  const struct {
    std::string_view text;
    std::string_view problems;
  } cases[] = {
      {"[[format]]\nnginx = 'x'\n", "1:1 a format needs a name\n"},
      {"[[format]]\nname = \"a\"\n", "1:1 a format needs nginx, apache or json\n"},
      {"[[format]]\nname = \"a\"\nnginx = ' '\n", "3:9 nginx: the format is empty\n"},
      {"[[format]]\nname = \"a\"\nnginx = 3\n", "3:9 nginx: expected a string, found integer\n"},
      {"[[format]]\nname = \"a\"\nnginx = 'x'\napache = 'y'\n", "4:10 a format has either nginx or apache or json\n"},
      {"[[format]]\nname = \"a\"\napache = 'x'\nescape = \"json\"\n",
       "4:10 escape: this is said of nginx's formats only\n"},
      {"[[format]]\nname = \"a\"\nnginx = 'x'\nescape = \"none\"\n", "4:10 escape: there is no 'none'\n"},
      {"[[format]]\nname = \"a\"\njson = { adress = \"x\", path = \"p\" }\n",
       "3:8 json: nothing says where the client's address stands\n3:10 json: a line has no 'adress'\n"},
      {"[[format]]\nname = \"a\"\njson = { address = 3, path = \"p\" }\n",
       "3:8 json: nothing says where the client's address stands\n3:20 json: address takes the name of a value\n"},
      {"[[format]]\nname = \"a\"\njson = { address = \"x\" }\n", "3:8 json: nothing says what was asked for\n"},
      {"[[format]]\nname = \"a\"\njson = \"x\"\n",
       "3:8 json: expected names of values such as { address = \"client.ip\" }, found string\n"},
      {"[[format]]\nname = \"a\"\nnginx = 'x'\n[[format]]\nname = \"a\"\nnginx = 'x'\n",
       "5:8 name: another format is called 'a' already\n"},
      {"[[format]]\nname = \"a\"\nnginx = 'x'\nregex = 'y'\n", "4:1 unknown key 'regex' in [[format]]\n"},
  };
  for (const auto& test : cases) {
    const auto found = problems_of(test.text);
    // In whatever order: the test is about what is said where.
    for (size_t begin = 0; begin < test.problems.size();) {
      const size_t end = test.problems.find('\n', begin) + 1;
      EXPECT_NE(found.find(test.problems.substr(begin, end - begin)), std::string::npos) << test.text << "\n" << found;
      begin = end;
    }
    EXPECT_EQ(std::ranges::count(found, '\n'), std::ranges::count(test.problems, '\n')) << test.text << "\n" << found;
  }
}

TEST(FormatReader, ReadsHowASourceIsUnderstood) {
  Diagnostics diagnostics;
  const auto config = parse_formats(R"toml(
[[source]]
name = "web"
paths = ["/x"]
format = "combined"
timezone = "Europe/Rome"
trusted_proxies = ["198.51.100.0/24", "2001:db8::/32"]
client_field = "quoted-4"
[protect]
proxies = ["203.0.113.0/24"]
)toml",
                                    diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  const auto& source = config.sources.at(0);
  EXPECT_EQ(source.timezone, "Europe/Rome");
  EXPECT_EQ(source.trusted_proxies.size(), 2U);
  EXPECT_EQ(source.client_field, "quoted-4");
  ASSERT_EQ(config.protect.proxies.size(), 3U) << "their packets are everybody's: none of them is ever banned";
  EXPECT_EQ(config.protect.proxies[1].to_string(), "198.51.100.0/24");
}

TEST(FormatReader, ProxiesAndTheirFieldBelongTogether) {
  const std::string head = "[[source]]\nname = \"web\"\npaths = [\"/x\"]\n";
  EXPECT_EQ(problems_of(head + "format = \"json\"\ntrusted_proxies = [\"198.51.100.1\"]\n"),
            "5:19 trusted_proxies: nothing says where these write the client\n");
  EXPECT_EQ(problems_of(head + "format = \"json\"\nclient_field = \"x\"\n"),
            "5:16 client_field: anybody could write an address there\n");
  EXPECT_EQ(problems_of(head + "trusted_proxies = [\"198.51.100.1\"]\nclient_field = \"x\"\n"),
            "5:16 client_field: which format's field that is has to be said\n");
  EXPECT_EQ(problems_of(head + "timezone = \"\"\ntrusted_proxies = []\nclient_field = \"\"\n"), "");
}

TEST(TextPlace, CountsWhatAStringSays) {
  const struct {
    std::string_view text;  // key = VALUE
    size_t offset;
    uint32_t line;
    uint32_t column;
  } cases[] = {
      {"k = 'abc'", 0, 1, 6},
      {"k = 'abc'", 2, 1, 8},
      {"k = \"a\\tb\\u00e9c\"", 5, 1, 16},  // a TAB b é(2 bytes) c
      {"k = \"\\\\\\\"x\"", 2, 1, 10},
      {"k = '''\nab\ncd'''", 3, 3, 1},
      {"k = \"\"\"a\\\n   b\"\"\"", 1, 1, 9},
      {"k = 'é€x'", 5, 1, 8},
      {"k = 'abc'", 99, 1, 10},
  };
  for (const auto& test : cases) {
    Diagnostics diagnostics;
    diagnostics.keep_text("f", test.text);
    const auto place = place_within(diagnostics, {.file = "f", .line = 1, .column = 5}, test.offset);
    EXPECT_EQ(place.line, test.line) << test.text;
    if (test.offset < 99) {
      EXPECT_EQ(place.column, test.column) << test.text;
    }
  }
  const Diagnostics nothing;
  EXPECT_EQ(place_within(nothing, {.file = "f", .line = 3, .column = 5}, 7).line, 3U);
}

}  // namespace
}  // namespace ipguard::config
