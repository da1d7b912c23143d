// W3C logs whose #Fields directive says what the columns are.
#include "format_fixture.h"
#include "match/formats/w3c_order.h"
#include "match/source_reading.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

constexpr std::string_view directive =
    "#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status time-taken";
constexpr std::string_view columns = "2026-02-25 04:30:17 GET /wp-login.php - 192.0.2.7 curl/8 404 15";

std::shared_ptr<const RuleSet> rules() { return test::compiled({test::path_rule("t/path", "^/wp-login\\.php$")}); }

std::string block_of(std::initializer_list<std::string_view> lines) {
  std::string block;
  for (const auto line : lines) {
    block.append(line).append("\r\n");
  }
  return block;
}

// "ADDRESS, …" of the lines that hit.
std::string addresses(Matcher& matcher, std::string_view block, const LineOptions& options = {}, uint64_t offset = 0,
                      model::SourceId source = 0) {
  std::string text;
  matcher.scan_block(block, offset, source, options, test::noon, [&](const model::RawLine&, const LineResult& result) {
    text += (text.empty() ? "" : ", ") + (result.event.address ? result.event.address->to_string() : "none");
  });
  return text;
}

TEST(W3cFields, AreReadByTheirNames) {
  const auto order = parse_w3c_fields(std::string(directive) + "\r");
  ASSERT_TRUE(order);
  EXPECT_EQ(order->columns, 9U);
  EXPECT_EQ(order->client, 5U);
  EXPECT_EQ(order->stem, 3U);
  EXPECT_EQ(order->status, 7U);
  EXPECT_EQ(order->referer, W3cOrder::nowhere);
  EXPECT_EQ(parse_w3c_fields("#Fields: time c-ip cs(X-Forwarded-For) cs-uri-stem", "cs(X-Forwarded-For)")->forwarded,
            2U);
  for (const auto* const line : {"", "#Fields:", "#Fields: date time", "#Software: IIS", " #Fields: c-ip cs-uri-stem",
                                 "#Fields: date time cs-uri-stem"}) {
    EXPECT_FALSE(parse_w3c_fields(line).has_value()) << line;
  }
  std::string many = "#Fields: c-ip cs-uri-stem";
  for (int i = 0; i < 100; ++i) {
    many += " x";
  }
  EXPECT_FALSE(parse_w3c_fields(many).has_value());
  EXPECT_TRUE(is_w3c_directive("#Date: 2026-02-25 00:00:00"));
  EXPECT_FALSE(is_w3c_directive("#Dates"));
}

TEST(W3cFields, MayStandBehindAByteOrderMark) {
  const std::string mark = "\xef\xbb\xbf";
  Matcher matcher(rules());
  EXPECT_EQ(addresses(matcher, mark + block_of({directive, columns})), "192.0.2.7");
  EXPECT_EQ(addresses(matcher, mark + test::access_line("/wp-login.php") + "\n", {}, 0, 1), "192.0.2.7");
  EXPECT_EQ(addresses(matcher, mark + test::access_line("/wp-login.php") + "\n", {}, 100, 2), "")
      << "elsewhere it is part of the line";
  std::string address;
  matcher.match_line({.text = mark + test::access_line("/wp-login.php"), .source = 3}, {}, test::noon,
                     [&](const model::RawLine& line, const LineResult& result) {
                       address = result.event.address ? result.event.address->to_string() : "none";
                       EXPECT_EQ(line.offset, 3U);
                     });
  EXPECT_EQ(address, "192.0.2.7");
}

TEST(W3cFields, TellHowTheLinesBehindThemAreRead) {
  Matcher matcher(rules());
  const auto block =
      block_of({"#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0",
                "#Date: 2026-02-25 00:00:00", directive, columns, "#Fields: c-ip date time sc-status cs-uri-stem",
                "198.51.100.9 2026-02-25 04:30:17 404 /wp-login.php"});
  EXPECT_EQ(addresses(matcher, block), "192.0.2.7, 198.51.100.9");
  EXPECT_EQ(matcher.counters().unread, 0U) << "directives are no lines of requests";
  // The directive of an earlier block holds on.
  EXPECT_EQ(addresses(matcher, block_of({"198.51.100.8 2026-02-25 04:30:17 404 /wp-login.php"}), {}, 1000),
            "198.51.100.8");
  // Another source has columns of its own.
  EXPECT_EQ(
      addresses(matcher, block_of({"198.51.100.8 2026-02-25 04:30:17 404 /wp-login.php"}), {.format = "w3c"}, 0, 1),
      "");
  EXPECT_EQ(matcher.counters().unread, 1U);
}

TEST(W3cFields, AreTheSameForSingleLines) {
  Matcher matcher(rules());
  const auto block = block_of({directive, columns, "#Fields: c-ip sc-status cs-uri-stem",
                               "198.51.100.9 404 /wp-login.php", "198.51.100.9 404 /other"});
  Matcher judge(rules());
  const LineOptions options{.format = "w3c"};
  EXPECT_EQ(test::scan(matcher, block, options), test::judge_lines(judge, block, options));
  EXPECT_EQ(judge.counters().hits, 2U);
}

TEST(W3cFields, OfAFileThatIsReadFromItsMiddle) {
  Matcher matcher(rules());
  const LineOptions options{.format = "w3c"};
  const auto line = block_of({columns});
  EXPECT_TRUE(matcher.wants_beginning(7, options));
  EXPECT_FALSE(matcher.wants_beginning(7, options)) << "once";
  matcher.take_beginning(block_of({"#Fields: c-ip cs-uri-stem", directive}), 7, options);
  EXPECT_EQ(addresses(matcher, line, options, 5000, 7), "192.0.2.7");
  EXPECT_FALSE(matcher.wants_beginning(8, {.format = "combined"}));
  EXPECT_TRUE(matcher.wants_beginning(9, {})) << "who knows";
}

TEST(W3cFields, SayWhereTheProxiesWriteTheClient) {
  SourceReading reading;
  reading.format = find_format("w3c");
  reading.forwarded = ForwardedClient{.value = "cs(X-Forwarded-For)"};
  reading.forwarded->proxies[*net::Prefix::parse("198.51.100.0/24")];
  const LineOptions options{.format = "w3c", .reading = &reading};
  Matcher matcher(rules());
  EXPECT_EQ(addresses(matcher,
                      block_of({"#Fields: date time c-ip cs(X-Forwarded-For) cs-method cs-uri-stem sc-status",
                                "2026-02-25 04:30:17 198.51.100.1 203.0.113.66,+192.0.2.7 GET /wp-login.php 404",
                                "2026-02-25 04:30:17 203.0.113.1 192.0.2.7 GET /wp-login.php 404",
                                "2026-02-25 04:30:17 198.51.100.1 rubbish GET /wp-login.php 404"}),
                      options),
            "192.0.2.7, 203.0.113.1");
  EXPECT_EQ(matcher.counters().doubtful, 1U);
}

}  // namespace
}  // namespace ipguard::match
