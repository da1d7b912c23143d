#include "control/server.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>

#include "harness.h"

namespace ipguard::control {
namespace {

using testing::HasSubstr;

// Answers with the request's own arguments.
Result<Json> echo(const Request& request, const Peer& /*peer*/, bool /*may_change*/) {
  return Json{{"command", request.command}, {"arguments", request.arguments}};
}

size_t lines_in(const std::string& text) { return static_cast<size_t>(std::ranges::count(text, '\n')); }

TEST(Server, AnswersACall) {
  Harness harness(echo);
  const auto reply = harness.call_server({.command = "explain", .arguments = {{"address", "192.0.2.7"}}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->dump(), R"({"command":"explain","arguments":{"address":"192.0.2.7"}})");
  EXPECT_TRUE(harness.turn_until([&] { return harness.server().connections() == 0; })) << "the client has gone";
}

TEST(Server, PassesErrorsOn) {
  Harness harness(
      [](const Request&, const Peer&, bool) -> Result<Json> { return fail(Errc::not_found, "no ban on it"); });
  const auto reply = harness.call_server({.command = "unban"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::not_found);
  EXPECT_EQ(reply.error().message, "no ban on it");
}

TEST(Server, ArgumentsOfAnotherTypeAreTheClientsError) {
  Harness harness([](const Request& request, const Peer&, bool) -> Result<Json> {
    return Json(request.arguments.at("for").get<int>());
  });
  for (const auto& arguments : {Json::object(), Json{{"for", "2h"}}}) {
    const auto reply = harness.call_server({.command = "ban", .arguments = arguments});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::invalid);
    EXPECT_THAT(reply.error().message, HasSubstr("the arguments of 'ban' are not of its form"));
  }
}

TEST(Server, TellsWhoAsks) {
  Peer seen;
  bool changes = false;
  Harness harness([&](const Request&, const Peer& peer, bool may_change) -> Result<Json> {
    seen = peer;
    changes = may_change;
    return Json();
  });
  ASSERT_TRUE(harness.call_server({.command = "status"}));
  EXPECT_EQ(seen.pid, ::getpid());
  EXPECT_EQ(seen.uid, ::geteuid());
  EXPECT_EQ(seen.gid, ::getegid());
  EXPECT_TRUE(changes);
}

TEST(Server, AMemberOfTheGroupMayAskButNotChange) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  bool changes = true;
  uid_t user = 0;
  Harness harness([&](const Request&, const Peer& peer, bool may_change) -> Result<Json> {
    user = peer.uid;
    changes = may_change;
    return Json();
  });
  // The folder for temporary files may be closed to others.
  std::filesystem::permissions(std::filesystem::path(harness.path()).parent_path(), std::filesystem::perms(0755));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool other = ::setresuid(65534, 65534, 65534) == 0;  // the group stays
    ::_exit(other && call(harness.path(), {.command = "status"}, 20) ? 0 : 1);
  }
  int status = -1;
  ASSERT_TRUE(harness.turn_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }));
  EXPECT_EQ(status, 0);
  EXPECT_EQ(user, 65534U);
  EXPECT_FALSE(changes);
}

// What a process of another user and group, with one more group, is answered by a server whose readers are group 4711.
std::string answer_to_stranger(gid_t group, gid_t more) {
  Harness harness(echo, std::chrono::seconds(30), gid_t{4711});
  struct stat file{};
  EXPECT_EQ(::stat(harness.path().c_str(), &file), 0);
  EXPECT_EQ(file.st_gid, 4711U);
  EXPECT_EQ(file.st_mode & 0777U, 0660U);
  std::filesystem::permissions(std::filesystem::path(harness.path()).parent_path(), std::filesystem::perms(0755));
  std::filesystem::permissions(harness.path(), std::filesystem::perms(0666));
  const auto told = harness.path() + ".told";
  const pid_t child = ::fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    std::ofstream out(told);
    if (::setgroups(1, &more) == 0 && ::setresgid(group, group, group) == 0 && ::setresuid(65534, 65534, 65534) == 0) {
      const auto reply = call(harness.path(), {.command = "status"}, 20);
      out << (reply ? "an answer" : reply.error().message);
    }
    out.close();
    ::_exit(0);
  }
  int status = -1;
  EXPECT_TRUE(harness.turn_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }));
  std::string text;
  std::getline(std::ifstream(told), text);
  return text;
}

TEST(Server, ReadersAreOfTheGroupByNameOrBesides) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  EXPECT_EQ(answer_to_stranger(4711, 65534), "an answer");
  EXPECT_EQ(answer_to_stranger(65534, 4711), "an answer");
  EXPECT_THAT(answer_to_stranger(65534, 65534), HasSubstr("members of the group ipguard; you are none of them"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Harness harness(echo);
  const auto client = harness.connect_raw();
  std::string requests;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    requests += format_request({.command = "explain", .arguments = {{"n", i}}});
    expected += R"({"ok":true,"result":{"command":"explain","arguments":{"n":)" + std::to_string(i) + "}}}\n";
  }
  ASSERT_TRUE(send_all(client, requests));
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return lines_in(received.text) >= 500;
  }));
  EXPECT_EQ(received.text, expected);
  EXPECT_FALSE(received.closed);
}

TEST(Server, TakesARequestByteByByte) {
  Harness harness(echo);
  const auto client = harness.connect_raw();
  const std::string request = format_request({.command = "status"});
  Received received;
  for (const char c : request) {
    EXPECT_TRUE(received.text.empty());
    ASSERT_TRUE(send_all(client, {&c, 1}));
    harness.turn_until([&, turns = 0]() mutable {
      receive(client, received);
      return ++turns > 2;
    });
  }
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return !received.text.empty();
  }));
  EXPECT_EQ(received.text, "{\"ok\":true,\"result\":{\"command\":\"status\",\"arguments\":{}}}\n");
}

TEST(Server, ABadRequestDoesNotEndTheConnection) {
  Harness harness(echo);
  const auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, "GET / HTTP/1.1\r\n\n{\"command\":\"status\"}\n"));
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return lines_in(received.text) >= 3;
  }));
  EXPECT_THAT(
      received.text,
      HasSubstr(R"({"ok":false,"error":{"code":"invalid","message":"the request is no valid JSON at byte 1"}})"));
  EXPECT_THAT(received.text, HasSubstr(R"({"ok":true,)"));
}

TEST(Server, WritesLargeRepliesWhole) {
  // As many bans as a large list has: some 20 MB.
  Json bans = Json::array();
  for (int i = 0; i < 100'000; ++i) {
    bans.push_back({{"target", "192.0.2." + std::to_string(i % 256)}, {"reason", std::string(150, 'r')}, {"n", i}});
  }
  Harness harness([&](const Request&, const Peer&, bool) -> Result<Json> { return bans; });
  const auto reply = harness.call_server({.command = "bans"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply, bans);
}

TEST(Server, TakesLargeRequests) {
  Harness harness([](const Request& request, const Peer&, bool) -> Result<Json> {
    return Json(request.arguments["targets"].size());
  });
  Json targets = Json::array();
  for (int i = 0; i < 1'000'000; ++i) {
    targets.push_back("192.0.2.200");
  }
  const auto reply = harness.call_server({.command = "import", .arguments = {{"targets", std::move(targets)}}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply, 1'000'000);
}

TEST(Server, RefusesARequestOverTheBoundAndCloses) {
  Harness harness(echo);
  const auto client = harness.connect_raw();
  const std::string chunk(1U << 20, 'x');
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    // More than it takes; what does not fit into the socket is sent the next time.
    static_cast<void>(::send(client.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    receive(client, received);
    return received.closed;
  }));
  EXPECT_EQ(received.text,
            "{\"ok\":false,\"error\":{\"code\":\"invalid\",\"message\":\"the request is larger than 16.0 MiB\"}}\n");
}

TEST(Server, DropsWhoStopsInTheMiddleOfARequestAndNobodyElse) {
  Harness harness(echo, std::chrono::milliseconds(30));
  const auto idle = harness.connect_raw();
  const auto stuck = harness.connect_raw();
  ASSERT_TRUE(send_all(stuck, R"({"command")"));
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(stuck, received);
    return received.closed;
  }));
  EXPECT_TRUE(received.text.empty());
  ASSERT_TRUE(send_all(idle, "{\"command\":\"status\"}\n"));
  ASSERT_TRUE(harness.turn_until([&] {
    receive(idle, received);
    return !received.text.empty();
  })) << "between requests a client may wait as long as it likes";
}

TEST(Server, DropsWhoDoesNotReadItsReply) {
  Harness harness([](const Request&, const Peer&, bool) -> Result<Json> { return Json(std::string(16U << 20, 'x')); },
                  std::chrono::milliseconds(30));
  const auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, "{\"command\":\"status\"}\n"));
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 1; }));
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 0; }));
}

TEST(Server, SurvivesClientsThatLeaveAtAnyPoint) {
  Harness harness([](const Request&, const Peer&, bool) -> Result<Json> { return Json(std::string(8U << 20, 'x')); });
  for (const char* sent : {"", "{\"comm", "{\"command\":\"status\"}\n", "{\"command\":\"status\"}\n{\"comm"}) {
    auto client = harness.connect_raw();
    ASSERT_TRUE(send_all(client, sent));
    ASSERT_TRUE(harness.turn_until([&, turns = 0]() mutable { return ++turns > 3; }));
    client.reset();
    ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 0; })) << sent;
  }
}

TEST(Server, MakesRoomByClosingWhoHasBeenIdleLongest) {
  Harness harness(echo);
  std::vector<UniqueFd> clients(64);
  std::ranges::generate(clients, [&] { return harness.connect_raw(); });
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 64; }));
  // The first one asks something: now the second has been idle longest.
  ASSERT_TRUE(send_all(clients[0], "{\"command\":\"status\"}\n"));
  Received first;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(clients[0], first);
    return !first.text.empty();
  }));
  EXPECT_TRUE(harness.call_server({.command = "status"}));
  EXPECT_EQ(harness.server().turned_away(), 1U);
  Received second;
  receive(clients[1], second);
  receive(clients[0], first);
  EXPECT_TRUE(second.closed);
  EXPECT_FALSE(first.closed);
}

TEST(Server, TurnsAwayWhenEverybodyIsAtWork) {
  Harness harness(echo);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(harness.connect_raw());
    ASSERT_TRUE(send_all(clients.back(), "{"));
  }
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 64; }));
  ASSERT_TRUE(harness.turn_until([&, turns = 0]() mutable { return ++turns > 5; })) << "every request has begun";
  const auto reply = harness.call_server({.command = "status"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::busy);
  EXPECT_EQ(harness.server().turned_away(), 1U);
  EXPECT_EQ(harness.server().connections(), 64U);
}

// A connection of another user, who may only read: by the credentials that this thread has meanwhile.
UniqueFd connect_as(uid_t user, Harness& harness) {
  constexpr auto unchanged = static_cast<uid_t>(-1);
  EXPECT_EQ(::syscall(SYS_setresuid, unchanged, user, unchanged), 0);
  auto fd = harness.connect_raw();
  EXPECT_EQ(::syscall(SYS_setresuid, unchanged, 0, unchanged), 0);
  return fd;
}

class ServerAndReaders : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "needs root to become another user";
    }
    std::filesystem::permissions(std::filesystem::path(harness_.path()).parent_path(), std::filesystem::perms(0755));
    std::filesystem::permissions(harness_.path(), std::filesystem::perms(0666));
  }
  // So many connections of the user, each in the middle of a request.
  void begin_requests(uid_t user, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      clients_.push_back(connect_as(user, harness_));
      ASSERT_TRUE(send_all(clients_.back(), "{"));
    }
    ASSERT_TRUE(harness_.turn_until([&, turns = 0]() mutable { return ++turns > 100; }));
  }

  Harness harness_{echo, std::chrono::seconds(30), gid_t{0}};
  std::vector<UniqueFd> clients_;
};

TEST_F(ServerAndReaders, CannotKeepRootOut) {
  for (const uid_t user : {1000U, 1001U, 1002U, 1003U}) {
    begin_requests(user, 16);
  }
  ASSERT_EQ(harness_.server().connections(), 64U);
  EXPECT_TRUE(harness_.call_server({.command = "unban"}));
  EXPECT_EQ(harness_.server().turned_away(), 1U);
  Received first;
  receive(clients_.front(), first);
  EXPECT_TRUE(first.closed);
}

TEST_F(ServerAndReaders, CannotKeepEachOtherOut) {
  begin_requests(1000, 40);
  EXPECT_EQ(harness_.server().connections(), 16U);
  begin_requests(1001, 1);
  EXPECT_EQ(harness_.server().connections(), 17U);
}

}  // namespace
}  // namespace ipguard::control
