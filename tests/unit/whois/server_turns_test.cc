// What takes long is done in turns: nobody waits for others' bulk queries, and what clients do not take has an end.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "server_fixture.h"

namespace ipguard::whois::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string lines_of(std::string_view line, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += line;
  }
  return text;
}

class ServerTurnsTest : public ServerTest {
 protected:
  // Counts what is asked of the directory.
  Directory counting() {
    auto directory = fake_directory();
    directory.rows = [this, rows = directory.rows](std::span<const net::Address> addresses,
                                                   std::span<model::RouteRow> answers) {
      rows_ += addresses.size();
      rows(addresses, answers);
    };
    directory.records_within = [this, within = directory.records_within](const net::Prefix& prefix, size_t most) {
      ++prefixes_;
      return within(prefix, most);
    };
    return directory;
  }
  // Clients that ask, and read nothing.
  std::vector<UniqueFd> clients(size_t count, const std::string& text) {
    std::vector<UniqueFd> result;
    for (size_t i = 0; i < count; ++i) {
      result.push_back(connect());
      send_some(result.back(), text);
    }
    return result;
  }
  size_t turns_until_answered(std::string_view query) {
    const auto client = connect();
    send(client, query);
    std::array<char, 4096> buffer;
    for (size_t turns = 1; turns < 10'000; ++turns) {
      loop_.poll();
      if (::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
        return turns;
      }
    }
    return SIZE_MAX;
  }

  size_t rows_ = 0;
  size_t prefixes_ = 0;
};

TEST_F(ServerTurnsTest, PlainQueriesDoNotWaitForBulkClients) {
  listen({.rows_a_turn = 500}, counting());
  const auto bulk = clients(48, "begin\nverbose\n" + lines_of("::\n", 20'000));
  size_t most = 0;
  size_t all = 0;
  for (int i = 0; i < 200; ++i) {
    rows_ = 0;
    loop_.poll();
    most = std::max(most, rows_);
    all += rows_;
    if (i % 20 == 0) {
      EXPECT_LE(turns_until_answered("127.0.0.1\r\n"), 2U);
    }
  }
  EXPECT_LE(most, 500U);
  EXPECT_GT(all, 10'000U) << "they are served all the same";
  // In turns: each of them has got something.
  std::array<char, 512> buffer;
  for (const auto& client : bulk) {
    EXPECT_GT(::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT), 100);
  }
}

TEST_F(ServerTurnsTest, PrefixesCountAsWhatTheyCost) {
  listen({}, counting());
  const auto asking = clients(64, "0.0.0.0/0\r\n");
  size_t most = 0;
  while (server_->counters().queries < 64) {
    const size_t before = prefixes_;
    loop_.poll();
    most = std::max(most, prefixes_ - before);
    if (prefixes_ == 32) {
      EXPECT_LE(turns_until_answered("127.0.0.1\r\n"), 2U);
    }
  }
  EXPECT_LE(most, 2U);
  EXPECT_THAT(receive(asking.back()),
              EndsWith("only the first 1000 routes are shown\r\ndbstatus: ok - data found\r\n"));
}

TEST_F(ServerTurnsTest, WhatNobodyTakesHasAnEnd) {
  constexpr size_t bound = size_t{1} << 20;
  listen({.kept_bytes = bound}, counting());
  const auto silent = clients(40, "begin\nverbose\n" + lines_of("::\n", 40'000));
  size_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    loop_.poll();
    most = std::max(most, server_->kept_bytes());
  }
  EXPECT_GT(most, bound / 2);
  EXPECT_LE(most, bound);
  EXPECT_GT(server_->counters().displaced, 0U);
  // Who takes what is answered is not the one that is closed.
  const auto reader = connect();
  send(reader, "begin\n" + lines_of("192.0.2.1\n", 5000) + "end\n");
  EXPECT_EQ(std::ranges::count(receive(reader), '\n'), 5002);
}

TEST_F(ServerTurnsTest, SystemsWaitForTheIndexAndNobodyElseDoes) {
  auto directory = fake_directory();
  bool ready = false;
  int asked = 0;
  directory.systems_ready = [&ready, &asked] {
    ++asked;
    return ready;
  };
  directory.system = [&ready, system = directory.system](net::Asn asn) {
    EXPECT_TRUE(ready);
    return system(asn);
  };
  listen({.patience = std::chrono::hours(1)}, std::move(directory));
  const auto single = connect();
  send(single, "AS64496\r\n");
  const auto bulk = connect();
  send(bulk, "begin\nnoheader\nAS64496\n192.0.2.1\nend\n");
  for (int i = 0; i < 100; ++i) {
    loop_.poll();
  }
  EXPECT_LE(asked, 4) << "the loop does not spin";
  EXPECT_EQ(server_->connections(), 2U);
  EXPECT_LE(turns_until_answered("127.0.0.1\r\n"), 2U);
  ready = true;
  server_->resume();
  EXPECT_THAT(receive(single), HasSubstr("asn: AS64496\r\nas_name: Example | Net\r\n"));
  EXPECT_THAT(receive(bulk), EndsWith("64496   | NA               | Example   Net\r\n"
                                      "64496   | 192.0.2.1        | Example   Net\r\n"));
}

}  // namespace
}  // namespace ipguard::whois::testing
