#include "decide/good_clients.h"

#include <gtest/gtest.h>

#include <random>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::prefix;

// "192.0.2.7/32 login, …": who is good inside the prefixes.
std::string inside(const GoodClients& clients, std::initializer_list<std::string_view> prefixes, int64_t now = 0) {
  std::vector<net::Prefix> list;
  for (const auto text : prefixes) {
    list.push_back(prefix(text));
  }
  std::string text;
  for (const auto& found : clients.inside(list, at(now))) {
    text += (text.empty() ? "" : ", ") + found.client.to_target() + " " + std::string(model::to_string(found.kind));
  }
  return text;
}

TEST(GoodClients, KnowsWhoIsGoodAndHow) {
  GoodClients clients({.remember = Seconds(1000)});
  clients.visited(address("192.0.2.1"), true, at(0));
  clients.visited(address("192.0.2.2"), true, at(0));
  clients.visited(address("192.0.2.2"), false, at(1));  // a 404: no longer 2xx and 3xx only
  clients.visited(address("192.0.2.3"), false, at(0));
  clients.visited(address("192.0.2.3"), true, at(1));  // in whatever order
  clients.visited(address("192.0.2.4"), true, at(0));
  clients.hit(address("192.0.2.4"), at(2));
  clients.used(address("192.0.2.5"), at(0));
  clients.visited(address("192.0.2.5"), false, at(1));  // users may mistype a page
  clients.logged_in(address("192.0.2.6"), at(0));
  clients.used(address("192.0.2.6"), at(0));
  clients.logged_in(address("192.0.2.7"), at(0));
  clients.offended(address("192.0.2.7"), at(1));
  clients.visited(address("192.0.2.7"), true, at(2));
  clients.logged_in(address("2001:db8::1:2:3:4"), at(0));
  clients.hit(address("192.0.2.9"), at(0));  // not known
  EXPECT_EQ(inside(clients, {"192.0.2.0/24"}, 10), "192.0.2.1 visit, 192.0.2.5 user, 192.0.2.6 login");
  EXPECT_EQ(inside(clients, {"2001:db8::/32"}, 10), "2001:db8::/64 login") << "of an IPv6 client the /64";
  EXPECT_EQ(inside(clients, {"2001:db8::ffff"}, 10), "2001:db8::/64 login") << "also hit by a part of it";
  EXPECT_EQ(inside(clients, {"192.0.2.0/24"}, 1100), "") << "too long ago";
  EXPECT_FALSE(clients.find(address("192.0.2.9")));
  clients.logged_in(address("192.0.2.7"), at(5));
  EXPECT_EQ(inside(clients, {"192.0.2.7"}, 10), "192.0.2.7 login") << "a login after the offence counts again";
}

TEST(GoodClients, FindsTheSameOneByOneAndAllAtOnce) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    GoodClients clients({});
    std::vector<net::Address> all;
    for (int i = 0; i < 60; ++i) {
      all.push_back(net::Address::from_ipv4(0xc0000200U + static_cast<uint32_t>(random() % 512)));
      clients.logged_in(all.back(), at(0));
    }
    // Disjoint prefixes of any length; one alone is looked up, many are walked through.
    std::vector<net::Prefix> prefixes;
    for (uint32_t start = 0; start < 512;) {
      const auto bits = static_cast<unsigned>(random() % 5);
      const net::Prefix candidate(net::Address::from_ipv4(0xc0000200U + start), 32 - bits);
      if (candidate.address().ipv4() == 0xc0000200U + start && random() % 2 == 0) {
        prefixes.push_back(candidate);
        start += 1U << bits;
      } else {
        ++start;
      }
    }
    std::ranges::shuffle(prefixes, random);
    std::set<net::Prefix> expected;
    for (const auto& one : all) {
      if (std::ranges::any_of(prefixes, [&](const net::Prefix& p) { return p.contains(one); })) {
        expected.emplace(one);
      }
    }
    std::set<net::Prefix> together;
    for (const auto& found : clients.inside(prefixes, at(0))) {
      together.insert(found.client);
    }
    std::set<net::Prefix> singly;
    for (const auto& one : prefixes) {
      for (const auto& found : clients.inside({one}, at(0))) {
        singly.insert(found.client);
      }
    }
    EXPECT_EQ(together, expected);
    EXPECT_EQ(singly, expected);
  }
}

TEST(GoodClients, ForgetsVisitorsBeforeUsers) {
  GoodClients clients({.remember = Seconds(1000), .clients = 3});
  clients.logged_in(address("192.0.2.1"), at(0));
  clients.used(address("192.0.2.2"), at(1));
  for (int i = 0; i < 100; ++i) {
    clients.visited(net::Address::from_ipv4(0xc6336400U + static_cast<uint32_t>(i)), true, at(2 + i));
  }
  EXPECT_EQ(clients.size(), 3U);
  EXPECT_EQ(clients.forgotten(), 99U);
  EXPECT_EQ(inside(clients, {"0.0.0.0/0"}, 102), "192.0.2.1 login, 192.0.2.2 user, 198.51.100.99 visit");
  clients.logged_in(address("192.0.2.3"), at(200));
  clients.logged_in(address("192.0.2.4"), at(201));
  EXPECT_EQ(inside(clients, {"0.0.0.0/0"}, 201), "192.0.2.2 user, 192.0.2.3 login, 192.0.2.4 login")
      << "the one not heard of for longest goes when all are known";
  clients.reconfigure({.remember = Seconds(1000), .clients = 1});
  EXPECT_EQ(inside(clients, {"0.0.0.0/0"}, 201), "192.0.2.4 login");
}

TEST(GoodClients, TellsTheStoreWhatIsNew) {
  GoodClients clients({});
  const auto changes = [&] {
    std::string text;
    for (const auto& client : clients.take_changes()) {
      text += client.client.to_target() + " ";
    }
    return text;
  };
  clients.visited(address("192.0.2.1"), true, at(0));
  clients.logged_in(address("192.0.2.2"), at(0));
  EXPECT_EQ(changes(), "192.0.2.1 192.0.2.2 ");
  clients.visited(address("192.0.2.1"), true, at(3599));
  EXPECT_EQ(changes(), "") << "nothing new within the hour";
  clients.visited(address("192.0.2.1"), true, at(3599 + 3600));
  clients.visited(address("192.0.2.2"), false, at(10));
  EXPECT_EQ(changes(), "192.0.2.1 192.0.2.2 ");
  clients.offended(address("192.0.2.2"), at(20));
  const auto all = clients.take_changes();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].login, std::nullopt);
  EXPECT_EQ(all[0].spoiled, at(20));

  GoodClients again({});
  again.restore(all[0]);
  EXPECT_TRUE(again.take_changes().empty()) << "the store has it";
  EXPECT_EQ(inside(again, {"192.0.2.0/24"}, 30), "");
}

}  // namespace
}  // namespace ipguard::decide
