#include "whois/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_directory.h"
#include "whois/bulk.h"

namespace ipguard::whois::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string answer(std::string_view line, const Directory& directory) {
  std::string text;
  append_answer(text, parse_query(line), directory);
  return text;
}

std::string ask(std::string_view line) { return answer(line, fake_directory()); }

TEST(Query, Kinds) {
  struct Case {
    std::string_view line;
    Query::Kind kind;
    std::string_view target;
  };
  for (const auto& [line, kind, target] : std::vector<Case>{
           {"8.8.8.8", Query::Kind::address, "8.8.8.8"},
           {" \t8.8.8.8 . ", Query::Kind::invalid, ""},
           {"  8.8.8.8  \r", Query::Kind::address, "8.8.8.8"},
           {"8.8.8.8.", Query::Kind::address, "8.8.8.8"},
           {"::ffff:8.8.8.8", Query::Kind::address, "8.8.8.8"},
           {"2001:DB8::1", Query::Kind::address, "2001:db8::1"},
           {"-v 8.8.8.8", Query::Kind::address, "8.8.8.8"},
           {"-vf 8.8.8.8", Query::Kind::address, "8.8.8.8"},
           {"192.0.2.0/24", Query::Kind::prefix, "192.0.2.0/24"},
           {"192.0.2.1/24", Query::Kind::invalid, ""},
           {"AS64496", Query::Kind::asn, "AS64496"},
           {"as64496", Query::Kind::asn, "AS64496"},
           {"64496", Query::Kind::invalid, ""},
           {"AS0", Query::Kind::invalid, ""},
           {"help", Query::Kind::help, ""},
           {"?", Query::Kind::help, ""},
           {"BEGIN", Query::Kind::bulk, ""},
           {"", Query::Kind::invalid, ""},
           {".", Query::Kind::invalid, ""},
           {"-x 8.8.8.8", Query::Kind::invalid, ""},
           {"-", Query::Kind::invalid, ""},
           {"example.com", Query::Kind::invalid, ""},
           {"8.8.8.8\n1.1.1.1", Query::Kind::invalid, ""},
           {std::string_view("8.8.8.8\0", 8), Query::Kind::invalid, ""},
       }) {
    const auto query = parse_query(line);
    EXPECT_EQ(query.kind, kind) << line;
    EXPECT_EQ(query.kind == Query::Kind::invalid, !query.error.empty()) << line;
    if (kind == Query::Kind::address) {
      EXPECT_EQ(query.address.to_string(), target) << line;
    } else if (kind == Query::Kind::prefix) {
      EXPECT_EQ(query.prefix.to_string(), target) << line;
    } else if (kind == Query::Kind::asn) {
      EXPECT_EQ(query.asn.to_string(), target) << line;
    }
  }
}

TEST(Answer, OfAnAddress) {
  EXPECT_EQ(ask("192.0.2.7"),
            "route: 192.0.2.0/24\r\nas_name: Example | Net\r\nasn: AS64496\r\nnote: one\\x0d\\x0atwo\\x1b[31m\r\n"
            "dbstatus: ok - data found\r\n");
  EXPECT_EQ(ask("127.0.0.1"), "route: 127.0.0.0/8\r\ndbstatus: warning - no data available\r\n");
  EXPECT_EQ(ask("no\x1b such"), "error: 'no\\x1b such' is no IPv4 or IPv6 address, no prefix and no AS number\r\n");
}

TEST(Answer, OwnKnowledgeStandsBeforeTheStatus) {
  auto directory = fake_directory();
  directory.own_knowledge = [](const net::Address& one) {
    return std::vector<std::pair<std::string, std::string>>{{"ipguard-ban", "none " + one.to_string()}};
  };
  EXPECT_EQ(answer("127.0.0.1", directory),
            "route: 127.0.0.0/8\r\nipguard-ban: none 127.0.0.1\r\ndbstatus: warning - no data available\r\n");
}

TEST(Answer, OfPrefixesAndSystems) {
  const auto routes = ask("192.0.0.0/16");
  EXPECT_THAT(routes, StartsWith("prefix: 192.0.0.0/16\r\n\r\nroute: 192.0.2.0/24\r\nas_name: "));
  EXPECT_THAT(routes, EndsWith("\r\n\r\ndbstatus: ok - data found\r\n"));
  EXPECT_THAT(ask("0.0.0.0/0"), HasSubstr("remark: only the first 1000 routes are shown\r\n"));
  EXPECT_EQ(ask("198.51.100.0/24"), "prefix: 198.51.100.0/24\r\n\r\ndbstatus: warning - no data available\r\n");
  EXPECT_EQ(ask("AS64496"),
            "asn: AS64496\r\nas_name: Example | Net\r\nipv4_addresses: 256\r\nipv6_64s: 4294967296\r\n"
            "prefix: 192.0.2.0/24\r\nprefix: 2001:db8::/32\r\ndbstatus: ok - data found\r\n");
  EXPECT_EQ(ask("AS64497"), "asn: AS64497\r\ndbstatus: warning - no data available\r\n");
}

TEST(Answer, RowsAsTeamCymruWritesThem) {
  EXPECT_EQ(ask("-v 192.0.2.7"),
            "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\r\n"
            "64496   | 192.0.2.7        | 192.0.2.0/24        | NL | ripencc  | NA         | Example   Net\r\n");
  EXPECT_EQ(ask("-vf 2001:db9::1"),
            "NA      | 2001:db9::1      | NA                  | NA | NA       | NA         | NA\r\n");
  EXPECT_EQ(ask("-f 192.0.2.7"), "64496   | 192.0.2.7        | Example   Net\r\n");
  EXPECT_EQ(ask("-v AS64496"), "AS Name\r\nExample   Net\r\n");
}

TEST(Bulk, AnswersInOrderHoweverTheBytesCome) {
  const std::string input =
      "verbose\n192.0.2.1 and a comment\r\n\n# nothing\nnonsense\n10.0.0.1\nnoverbose\n2001:db8::1\nend\n8.8.8.8\n";
  const std::string expected =
      "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\r\n"
      "64496   | 192.0.2.1        | 192.0.2.0/24        | NL | ripencc  | NA         | Example   Net\r\n"
      "error: line 5: 'nonsense' is no IPv4 or IPv6 address\r\n"
      "NA      | 10.0.0.1         | NA                  | NA | ripencc  | NA         | NA\r\n"
      "64496   | 2001:db8::1      | Example   Net\r\n";
  const auto directory = fake_directory();
  for (size_t piece = 1; piece <= input.size(); ++piece) {
    BulkSession session(directory);
    std::string output;
    bool more = true;
    for (size_t at = 0; more && at < input.size(); at += piece) {
      more = session.feed(std::string_view(input).substr(at, piece), output);
    }
    EXPECT_FALSE(more);
    EXPECT_EQ(output, expected) << piece;
  }
}

TEST(Bulk, LinesAreBounded) {
  const auto directory = fake_directory();
  BulkSession session(directory);
  std::string output;
  EXPECT_TRUE(session.feed("192.0.2.1\n" + std::string(200, 'x'), output));
  EXPECT_FALSE(session.feed(std::string(200, 'x'), output));
  EXPECT_THAT(output, HasSubstr("64496   | 192.0.2.1"));
  EXPECT_THAT(output, EndsWith("error: a line is longer than 255 bytes\r\n"));
  EXPECT_EQ(session.greeting(), "Bulk mode; ipguard [2026-02-25T04:30:17Z]\r\n");
}

}  // namespace
}  // namespace ipguard::whois::testing
