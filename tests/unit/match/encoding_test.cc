// Bytes that are no text, and addresses in every clothing, wherever an address is read.
#include "format_fixture.h"
#include "match/formats/own_formats.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace std::string_literals;

struct Written {
  std::string text;
  std::string address;  // "none": nothing may come of it
};

// As a column or a value may hold them.
const std::vector<Written>& addresses() {
  static const std::vector<Written> all = {
      {"192.0.2.1", "192.0.2.1"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::ffff:c000:201", "192.0.2.1"},
      {"fe80::1%eth0", "fe80::1"},
      {"192.000.002.001", "none"},  // neither 192.0.2.1 nor octal
      {"192.0.2.010", "none"},
      {"::ffff:192.000.002.001", "none"},
      {"0xc0000201", "none"},
      {"3221225985", "none"},
      {"192.0.2", "none"},
      {"192.0.2.1.", "none"},
      {"192.0.2.256", "none"},
      {"192.0.2.1\0"s, "none"},
      {"192.0.2.1\x1b[0m", "none"},
      {"192.0.2.\xb9", "none"},
      {"fe80::1%", "none"},
      {"2001:db8::1::2", "none"},
  };
  return all;
}

// The same with a port, or in brackets: where a port may stand.
const std::vector<Written>& with_ports() {
  static const std::vector<Written> all = {
      {"192.0.2.1:1234", "192.0.2.1"},
      {"[2001:db8::1]:443", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"[fe80::1%eth0]:443", "fe80::1"},
      {"[::ffff:192.0.2.1]:443", "192.0.2.1"},
      {"192.0.2.1:99999", "none"},
      {"192.0.2.1:", "none"},
      {"192.000.002.001:80", "none"},
      {"[192.0.2.1]:80", "none"},
      {"[2001:db8::1]443", "none"},
      {"[2001:db8::1", "none"},
  };
  return all;
}

class Encoding : public FormatTest {
 protected:
  // What comes of the address in `before` ADDRESS `behind`, as that format.
  void expect_all(std::string_view format, const std::string& before, const std::string& behind, bool ports = true) {
    std::vector<Written> all = addresses();
    if (ports) {
      all.insert(all.end(), with_ports().begin(), with_ports().end());
    }
    for (const auto& [text, expected] : all) {
      const bool parsed = parse_as(format, before + text + behind);
      EXPECT_EQ(parsed ? address() : "none", expected)
          << format << ": " << testing::PrintToString(before + text + behind);
    }
  }
};

TEST_F(Encoding, OfAddressesByPosition) {
  expect_all("combined", "", R"( - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "-")");
  expect_all("vhost-combined", "www.example.org:443 ",
             R"( - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "-")");
  expect_all("combined-variant", "", R"( - - [25/Feb/2026:04:30:17] "GET / HTTP/1.1" 404 1)");
  expect_all("w3c", "2026-02-25 04:30:17 192.0.2.99 GET / - 80 - ", " curl - 404 0 0 15");
  expect_all("nginx-error",
             "2026/02/25 04:30:17 [error] 1#1: *1 open() \"/x\" failed (2: No such file or directory), client: ",
             ", server: _, request: \"GET / HTTP/1.1\"");
  expect_all("json", R"({"remote_addr":")", R"(","status":404,"request":"GET / HTTP/1.1"})", false);
  expect_all("apache-error", "[Tue Feb 25 04:30:17 2026] [error] [client ", "] File does not exist: /x");
}

TEST_F(Encoding, OfAddressesBehindWhichAPortStands) {
  for (const auto& [text, expected] : addresses()) {
    if (text.find('\0') != std::string::npos) {
      continue;
    }
    const bool haproxy =
        parse_as("haproxy", text +
                                ":51234 [25/Feb/2026:04:30:17.123] in back/s1 0/0/0/1/1 404 9 - - ---- "
                                "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"");
    EXPECT_EQ(haproxy ? address() : "none", expected) << text;
    const bool alb =
        parse_as("aws-alb", "http 2026-02-25T04:30:17.1Z app/x " + text +
                                ":51234 - 0.1 0.1 0.1 404 - 34 366 \"GET http://h:80/ HTTP/1.1\" \"curl\" - -");
    EXPECT_EQ(alb ? address() : "none", expected) << text;
  }
}

TEST_F(Encoding, OfAddressesInCaptures) {
  const auto set = test::compiled({test::message_rule("t/m", "^refused (?P<address>\\S+)$")});
  auto all = addresses();
  all.insert(all.end(), with_ports().begin(), with_ports().end());
  for (const auto& [text, expected] : all) {
    const auto hits = test::hits_of(set, "refused " + text, {.format = "message"});
    const std::string found = hits.empty() ? "none" : hits.front().substr(4, hits.front().size() - 5);
    EXPECT_EQ(found, expected) << testing::PrintToString(text);
  }
}

// A vhost column may hold any of the client's words: then none of them is the client.
TEST_F(Encoding, APortMakesNoClientOutOfAHostHeader) {
  const std::string rest = R"( - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "-")";
  for (const auto* const host : {"198.51.100.66:80", "[2001:db8::66]:80", "198.51.100.66"}) {
    recognise_line(std::string(host) + " 192.0.2.7:51234" + rest);
    EXPECT_EQ(address(), "192.0.2.7") << host;
    recognise_line(std::string(host) + " - - 192.0.2.7:51234" + rest);
    EXPECT_EQ(address(), "none") << host;
  }
}

TEST_F(Encoding, BytesThatAreNoText) {
  const auto set = test::from_toml(R"toml(
[defaults]
service = "http"
class = "probe"
threshold = 1
window = "10m"
ban = "1h"
scope = "address"
[[rule]]
id = "t/path"
title = "p"
log = "access"
path = ['/wp-login\.php$']
[[rule]]
id = "t/pass"
title = "s"
log = "syslog"
program = ["sshd"]
message = ['^Failed password for .* from (?P<address>\S+) port \d+ ssh2$']
)toml");
  for (const auto& dirt :
       {"\xff\xfe\x80"s, "\0\0"s, "\x1b[31mred\x1b[0m"s, "\xed\xa0\x80"s, "\xf5\x80\x80\x80"s, "\x7f\x9b"s}) {
    const std::string block = "192.0.2.7 - " + dirt + " [25/Feb/2026:04:30:17 +0000] \"GET /" + dirt +
                              "/wp-login.php HTTP/1.1\" 404 1 \"" + dirt + "\" \"" + dirt + "\"\n" +
                              "Feb 25 04:30:17 host sshd[12]: Failed password for " + dirt +
                              " from 192.0.2.8 port 22 ssh2\n" + dirt + "\n";
    Matcher scanner(set);
    Matcher judge(set);
    const LineOptions options{.format = "auto", .accept_message = true};
    const auto found = test::scan(scanner, block, options);
    ASSERT_EQ(found.size(), 2U) << testing::PrintToString(dirt);
    EXPECT_EQ(found[0].hits, std::vector<std::string>{"t/path 192.0.2.7 " + dirt});
    EXPECT_EQ(found[1].hits, std::vector<std::string>{"t/pass 192.0.2.8 "});
    EXPECT_EQ(found, test::judge_lines(judge, block, options));
  }
}

TEST_F(Encoding, LinesOfTenMegabytes) {
  const std::string padding(10U << 20, 'a');
  const std::string quotes(10U << 20, '"');
  const std::string escapes = [] {
    std::string text;
    while (text.size() < (10U << 20)) {
      text += "\\\\\"% [";
    }
    return text;
  }();
  for (const auto& fill : {padding, quotes, escapes}) {
    for (const auto& line :
         {"192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] \"GET /" + fill + " HTTP/1.1\" 404 1 \"-\" \"-\"",
          "{\"a\":\"" + fill + "\"}", "Feb 25 04:30:17 host sshd[1]: " + fill, fill + " 192.0.2.7"}) {
      recognise_line(line);
      recognise_line(line, true);
    }
  }
  Positions positions{.name = "own"};
  positions.segments = {
      {.left = {{.shape = Shape::address, .role = Role::address}, {.literal = " - "}},
       .text = Piece{.role = Role::user},
       .right = {{.literal = " ["}, {.shape = Shape::fixed, .length = 26, .role = Role::time}, {.literal = "] "}},
       .end = '"'},
      {.text = Piece{.role = Role::request}, .end = '"'}};
  positions.open_end = true;
  const auto own = make_position_format(positions);
  ParseScratch scratch;
  for (const auto& fill : {padding, quotes, escapes}) {
    const auto line = "192.0.2.7 - " + fill + " [25/Feb/2026:04:30:17 +0000] \"GET / HTTP/1.1\"";
    if (own->parse({.text = line}, {.now = test_now, .scratch = &scratch}, event_)) {
      EXPECT_EQ(address(), "192.0.2.7");
    }
  }
}

}  // namespace
}  // namespace ipguard::match
