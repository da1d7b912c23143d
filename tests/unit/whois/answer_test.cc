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
           {"-v AS64496", Query::Kind::asn, "AS64496"},
           {"-v begin", Query::Kind::bulk, ""},
           {"-v 192.0.2.0/24", Query::Kind::invalid, ""},
           {"-f help", Query::Kind::invalid, ""},
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

TEST(Answer, AddressesThatEndLikeIpv4AreWrittenInHexadecimal) {
  auto directory = fake_directory();
  directory.record = [](const net::Address& one, const model::TakeField&) {
    return model::RecordHead{.route = net::Prefix(one, 120), .found = false};
  };
  for (const auto& [query, route] :
       std::vector<std::pair<std::string_view, std::string>>{{"::8.8.8.8", "::808:800/120"},
                                                             {"::127.0.0.1", "::7f00:0/120"},
                                                             {"::1", "::/120"},
                                                             {"2001:db8::1", "2001:db8::/120"}}) {
    EXPECT_EQ(answer(query, directory), "route: " + route + "\r\ndbstatus: warning - no data available\r\n");
  }
}

TEST(Answer, ATerminalHasNothingToObey) {
  auto directory = fake_directory();
  std::string value;
  directory.record = [&value](const net::Address& one, const model::TakeField& take) {
    take("note", value);
    return model::RecordHead{.route = net::Prefix(one), .found = true};
  };
  for (const auto& [text, shown] : std::vector<std::pair<std::string, std::string>>{
           {"Zürich \xe2\x82\xac", "Zürich \xe2\x82\xac"},
           {"\xc2\x9b"
            "31m",
            "\\xc2\\x9b31m"},  // CSI in one character
           {"a\x9b"
            "31m",
            "a\\x9b31m"},  // … and in one byte
           {"\xc2\xa0\xe9", "\xc2\xa0\xe9"},
           {"\xe2\x9b", "\xe2\\x9b"},
           {"tab\tdel\x7f\\", "tab\\x09del\\x7f\\"},
       }) {
    value = text;
    EXPECT_EQ(answer("192.0.2.7", directory),
              "route: 192.0.2.7/32\r\nnote: " + shown + "\r\ndbstatus: ok - data found\r\n");
  }
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

TEST(Answer, OfManyRoutesSaysThatThereAreMore) {
  auto directory = fake_directory();
  model::RecordList list{.records = {{.route = prefix("192.0.2.0/24"), .found = true, .fields = {{"as_name", "x"}}}},
                         .cut = true};
  directory.records_within = [&list](const net::Prefix&, size_t) { return list; };
  EXPECT_THAT(answer("192.0.0.0/16", directory), HasSubstr("remark: only the first 1 routes are shown\r\n"));
  list.cut = false;
  EXPECT_THAT(answer("192.0.0.0/16", directory), ::testing::Not(HasSubstr("remark: ")));
  // Records may be large: the answer has an end by bytes, too.
  list.records.front().fields.front().second.assign(10'000, 'x');
  list.records.assign(1000, list.records.front());
  const auto large = answer("192.0.0.0/16", directory);
  EXPECT_LT(large.size(), most_answer_bytes + 20'000);
  EXPECT_THAT(large, HasSubstr("remark: only the first 53 routes are shown\r\n"));
}

TEST(Answer, RowsAsTeamCymruWritesThem) {
  EXPECT_EQ(ask("-v 192.0.2.7"),
            "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\r\n"
            "64496   | 192.0.2.7        | 192.0.2.0/24        | NL | ripencc  | NA         | Example   Net\r\n");
  EXPECT_EQ(ask("-vf 2001:db9::1"),
            "NA      | 2001:db9::1      | NA                  | NA | NA       | NA         | NA\r\n");
  EXPECT_EQ(ask("-f 192.0.2.7"), "64496   | 192.0.2.7        | Example   Net\r\n");
  EXPECT_EQ(
      ask("-v AS64496"),
      "AS      | CC | Registry | Allocated  | AS Name\r\n64496   | NL | ripencc  | NA         | Example   Net\r\n");
  EXPECT_EQ(ask("-vf as64497."), "64497   | NA | NA       | NA         | NA\r\n");
  EXPECT_EQ(ask("-f AS64496"), "Example   Net\r\n");
}

// All of `input`, in pieces of this size; at most so many lines are answered at a time.
std::string in_bulk(std::string_view input, size_t piece, size_t most_rows, const Directory& directory) {
  BulkBatch batch;
  BulkSession session(directory, batch);
  std::string output;
  std::string left;
  using State = BulkSession::Fed::State;
  State state = State::hungry;
  for (size_t at = 0; state != State::over && at < input.size(); at += piece) {
    left += input.substr(at, piece);
    do {
      const auto fed = session.feed(left, most_rows, output);
      EXPECT_LE(fed.rows, most_rows + system_row_cost);
      left.erase(0, fed.taken);
      state = fed.state;
    } while (state == State::paused);
  }
  EXPECT_EQ(state, State::over);
  return output;
}

TEST(Bulk, AnswersInOrderHoweverTheBytesCome) {
  const std::string input =
      "Verbose\n192.0.2.1 and a comment\r\n\n# nothing\nnonsense\n10.0.0.1.\nas64496\nNOVERBOSE\n2001:db8::1\n"
      "AS64497\n.\nEND\n8.8.8.8\n";
  const std::string expected =
      "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\r\n"
      "64496   | 192.0.2.1        | 192.0.2.0/24        | NL | ripencc  | NA         | Example   Net\r\n"
      "error: line 5: 'nonsense' is no IPv4 or IPv6 address and no AS number\r\n"
      "NA      | 10.0.0.1         | NA                  | NA | ripencc  | NA         | NA\r\n"
      "64496   | NA               | NA                  | NL | ripencc  | NA         | Example   Net\r\n"
      "64496   | 2001:db8::1      | Example   Net\r\n"
      "64497   | NA               | NA\r\n"
      "error: line 11: '' is no IPv4 or IPv6 address and no AS number\r\n";
  const auto directory = fake_directory();
  for (const size_t most_rows : {size_t{1}, size_t{3}, size_t{1000}}) {
    for (size_t piece = 1; piece <= input.size(); ++piece) {
      EXPECT_EQ(in_bulk(input, piece, most_rows, directory), expected) << piece << ", " << most_rows;
    }
  }
}

TEST(Bulk, LinesAreBounded) {
  const auto directory = fake_directory();
  const std::string longest(255, 'x');
  EXPECT_THAT(in_bulk("noheader\n" + longest + "\r\n192.0.2.1\nend\n", 1000, 1000, directory),
              EndsWith("64496   | 192.0.2.1        | Example   Net\r\n"));
  for (const size_t piece : {size_t{1}, size_t{1000}}) {
    for (const auto* end : {"\n", "\r\n", ""}) {
      const auto output = in_bulk("192.0.2.1\n" + longest + "xx" + end, piece, 1000, directory);
      EXPECT_THAT(output, HasSubstr("64496   | 192.0.2.1"));
      EXPECT_THAT(output, EndsWith("error: a line is longer than 255 bytes\r\n"));
    }
  }
  BulkBatch batch;
  EXPECT_EQ(BulkSession(directory, batch).greeting(), "Bulk mode; ipguard [2026-02-25T04:30:17Z]\r\n");
}

TEST(Bulk, OneCallAnswersWithinItsBounds) {
  const auto directory = fake_directory();
  BulkBatch batch;
  BulkSession session(directory, batch, true);
  std::string lines;
  for (int i = 0; i < 10'000; ++i) {
    lines += "::\n";
  }
  std::string output;
  const auto few = session.feed(lines, 100, output);
  EXPECT_EQ(few.rows, 100U);
  EXPECT_EQ(few.taken, 300U);
  EXPECT_EQ(few.state, BulkSession::Fed::State::paused);
  output.clear();
  const auto many = session.feed(lines, 100'000, output);
  EXPECT_EQ(many.state, BulkSession::Fed::State::paused);
  EXPECT_GT(output.size(), BulkSession::most_output);
  EXPECT_LT(output.size(), 2 * BulkSession::most_output);
}

TEST(Bulk, ASystemWaitsUntilItCanBeTold) {
  auto directory = fake_directory();
  bool ready = false;
  directory.systems_ready = [&ready] { return ready; };
  BulkBatch batch;
  BulkSession session(directory, batch, false, false);
  std::string output;
  constexpr std::string_view lines = "192.0.2.1\nAS64496\nend\n";
  const auto first = session.feed(lines, 1000, output);
  EXPECT_EQ(first.state, BulkSession::Fed::State::waiting);
  EXPECT_EQ(first.taken, 10U);
  EXPECT_EQ(output, "64496   | 192.0.2.1        | Example   Net\r\n");
  ready = true;
  const auto second = session.feed(lines.substr(first.taken), 1000, output);
  EXPECT_EQ(second.state, BulkSession::Fed::State::over);
  EXPECT_THAT(output, EndsWith("64496   | NA               | Example   Net\r\n"));
}

}  // namespace
}  // namespace ipguard::whois::testing
