// The server over real sockets: what it answers, what it turns away, and who cannot hold it up.
#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>

#include "base/log.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"

namespace ipguard::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  ServerTest() { set_log_level(LogLevel::error); }

  void serve(Server::Handler handler, Limits limits = {}) {
    server.emplace(loop, std::vector<std::string>{"metrics.example"}, std::move(handler), limits);
    const auto listening = server->listen("127.0.0.1:0", 0660);
    ASSERT_TRUE(listening) << listening.error().message;
    ASSERT_NE(server->port(), 0);
  }
  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // Until the server closes the connection.
  std::string exchange(const UniqueFd& fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string answer;
    std::array<char, 65536> buffer;
    while (true) {
      const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count > 0) {
        answer.append(buffer.data(), static_cast<size_t>(count));
      } else if (count == 0 || errno != EAGAIN) {
        return answer;
      } else {
        loop.run_once();
      }
    }
  }
  std::string ask(const std::string& bytes) { return exchange(connect(), bytes); }
  static std::string get(const std::string& target, const std::string& host = "localhost") {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  }
  static Reply echo(const Request& request) {
    std::string text = request.method + ' ' + request.path;
    for (const auto& [name, value] : request.query) {
      text += " " + name + "=" + value;
    }
    return Response{.body = text + " [" + request.body + "] " + request.accept + '|' + request.authorization};
  }

  loop::EventLoop loop;
  std::optional<Server> server;
};

TEST_F(ServerTest, HandsOverTheRequest) {
  serve(echo);
  const auto answer =
      ask("POST /a%20b?x=1&y=%26&z HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAccept: text/plain\r\nAuthorization: Bearer t\r\n"
          "Content-Length: 4\r\nConnection: close\r\n\r\nbody");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("POST /a b x=1 y=& z= [body] text/plain|Bearer t"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_EQ(server->counters().requests, 1U);
}

TEST_F(ServerTest, AnswersItsOwnNamesAlone) {
  serve(echo);
  EXPECT_THAT(ask(get("/", "metrics.example:443")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(get("/", "[::1]:9147")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(get("/", "attacker.example")), StartsWith("HTTP/1.1 421 "));
  EXPECT_EQ(server->counters().requests, 2U);
  EXPECT_EQ(server->counters().foreign_hosts, 1U);
}

// RFC 9112, 3.2: whichever of two is read, somebody between may have read the other one.
TEST_F(ServerTest, RefusesTwoHosts) {
  serve(echo);
  for (const auto* hosts :
       {"Host: localhost\r\nHost: attacker.example", "Host: attacker.example\r\nHost: localhost",
        "Host: localhost\r\nX: y\r\nhOST: localhost", "Host: localhost\r\nHost : attacker.example"}) {
    EXPECT_THAT(ask("GET / HTTP/1.1\r\n" + std::string(hosts) + "\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 400 "))
        << hosts;
  }
  EXPECT_EQ(server->counters().requests, 0U);
}

// A health check of HTTP/1.0 is no browser's, whose name could lead elsewhere.
TEST_F(ServerTest, AnswersHttp10WithoutAHost) {
  serve(echo);
  EXPECT_THAT(ask("GET /healthz HTTP/1.0\r\n\r\n"), HasSubstr("GET /healthz "));
  EXPECT_EQ(server->counters().requests, 1U);
  EXPECT_THAT(ask("GET / HTTP/1.0\r\nHost: attacker.example\r\n\r\n"), HasSubstr(" 421 "));
  EXPECT_THAT(ask("GET / HTTP/1.0\r\nHost:\r\n\r\n"), HasSubstr(" 421 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(server->counters().requests, 1U);
}

TEST_F(ServerTest, AnEncodedNulEndsNoPath) {
  serve(echo);
  for (const auto* target :
       {"/v1/lookup/192.0.2.130%00x", "/v1/bans%00", "/v1/bans?ended%00=1", "/v1/bans?ended=1%00"}) {
    EXPECT_THAT(ask(get(target)), StartsWith("HTTP/1.1 400 ")) << target;
  }
  EXPECT_THAT(ask(get("/a b")), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(server->counters().requests, 0U);
  EXPECT_THAT(ask(get("/a%2500")), HasSubstr("GET /a%00 ")) << "that is a percent sign";
  // The next request of a connection is judged by its own path.
  const auto answer = ask("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/2%00"));
  EXPECT_THAT(answer, HasSubstr("GET /1 "));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 400 "));
}

// ipguardd(8): an error is {"error": "..."}. What libmicrohttpd cannot read is answered by itself.
TEST_F(ServerTest, ErrorsAreJson) {
  serve(
      [](const Request&) -> Reply {
        return Later{.work = []() -> std::optional<Response> { throw std::runtime_error("a bug"); }};
      },
      {.body_bytes = 10});
  const auto request = [](const std::string& line, const std::string& headers = "Host: localhost\r\n",
                          const std::string& body = "") {
    return line + "\r\n" + headers + "Connection: close\r\n\r\n" + body;
  };
  const std::pair<std::string, int> cases[] = {
      {request("DELETE /v1/bans HTTP/1.1"), 405},
      {request("PUT /v1/bans HTTP/1.1", "Host: localhost\r\nContent-Length: 2\r\n", "{}"), 405},
      {request("OPTIONS * HTTP/1.1"), 405},
      {request("TRACE /v1/bans HTTP/1.1"), 405},
      {request("POST /v1/ban HTTP/1.1", "Host: localhost\r\nContent-Length: 11\r\n", "01234567890"), 413},
      {request("POST /v1/ban HTTP/1.1", "Host: localhost\r\nTransfer-Encoding: chunked\r\n",
               "b\r\n01234567890\r\n0\r\n\r\n"),
       413},
      {request("GET / HTTP/1.1", "Host: attacker.example\r\n"), 421},
      {request("GET / HTTP/1.1", ""), 400},
      {request("GET http://localhost/ HTTP/1.1"), 400},
      {request("GET /a b HTTP/1.1"), 400},
      {request("GET /%00 HTTP/1.1"), 400},
      {request("GET / HTTP/1.1"), 500},
  };
  for (const auto& [bytes, status] : cases) {
    const auto answer = ask(bytes);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + ' ')) << bytes;
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n")) << bytes;
    EXPECT_THAT(answer, testing::ContainsRegex("\r\n\r\n\\{\"error\":\"[^\"]+\"\\}\n$")) << bytes;
  }
}

// RFC 9112, 6.1. It does not wait for the end of what it cannot read.
TEST_F(ServerTest, RefusesTransferCodingsThatItDoesNotKnow) {
  serve(echo);
  const auto with = [this](const std::string& headers) {
    return ask("POST / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n2\r\n{}\r\n0\r\n\r\n");
  };
  for (const auto* coding : {"gzip", "gzip, chunked", "identity", ""}) {
    const auto answer = with("Transfer-Encoding: " + std::string(coding) + "\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 501 ")) << coding;
    EXPECT_THAT(answer, HasSubstr(R"({"error":)")) << coding;
  }
  EXPECT_THAT(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(server->counters().requests, 0U);
  EXPECT_THAT(with("Transfer-Encoding: Chunked\r\nConnection: close\r\n"), HasSubstr("POST / [{}]"));
}

TEST_F(ServerTest, TellsWhoAsksWithTooManyArguments) {
  serve(echo);
  const auto arguments = [](size_t count) {
    std::string text = "/v1/bans?x0";
    for (size_t i = 1; i < count; ++i) {
      text += "&x" + std::to_string(i);
    }
    return text;
  };
  EXPECT_THAT(ask(get(arguments(64))), HasSubstr(" x0= x1= "));
  for (const size_t count : {65U, 150U}) {
    const auto answer = ask(get(arguments(count)));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << count;
    EXPECT_THAT(answer, HasSubstr("at most 64 arguments")) << count;
  }
  EXPECT_EQ(server->counters().requests, 1U);
}

TEST_F(ServerTest, TurnsAwayWhatItDoesNotTake) {
  serve(echo, {.body_bytes = 10});
  EXPECT_THAT(ask("DELETE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nConnection: close\r\n\r\n01234567890"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                  "20\r\n01234567890123456789012345678901\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(64U << 10, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(ask("GET http://attacker.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("no http at all\r\n\r\n\r\n"), testing::Not(HasSubstr("200 OK")));
  EXPECT_EQ(server->counters().requests, 0U);
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  serve(echo);
  const auto answer = ask("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

// RFC 9110, 9.3.2; 8.6: a length of 0 would be no GET's.
TEST_F(ServerTest, AnswersHeadWithoutPieces) {
  serve([](const Request&) {
    Response response;
    response.pieces = [n = 0]() mutable { return n++ == 0 ? std::optional<std::string>("[]") : std::nullopt; };
    return Reply(std::move(response));
  });
  const auto answer = ask("HEAD /v1/bans HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(answer.find("\r\n\r\n"), answer.size() - 4) << answer;
  EXPECT_THAT(answer, testing::Not(HasSubstr("Content-Length")));
}

TEST_F(ServerTest, WritesPiecesAsTheyAreMade) {
  serve([](const Request&) {
    Response response;
    response.pieces = [n = 0]() mutable -> std::optional<std::string> {
      return n == 500 ? std::nullopt : std::optional(n++ % 2 == 0 ? std::string() : std::string(1000, 'x'));
    };
    return Reply(std::move(response));
  });
  const auto answer = ask(get("/"));
  EXPECT_EQ(std::ranges::count(answer.substr(answer.find("\r\n\r\n")), 'x'), 250'000);
  EXPECT_THAT(answer, testing::EndsWith("0\r\n\r\n"));
}

TEST_F(ServerTest, WaitsForWhatComesLater) {
  serve([](const Request&) {
    return Reply(Later{.work = [n = 0]() mutable -> std::optional<Response> {
                         return ++n < 5 ? std::nullopt : std::optional(Response{.status = 404, .body = "in the end"});
                       },
                       .pause = std::chrono::milliseconds{1}});
  });
  const auto answer = ask(get("/"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer, HasSubstr("in the end"));
}

TEST_F(ServerTest, StopsWhileSomebodyWaits) {
  serve([](const Request&) { return Reply(Later{.work = []() -> std::optional<Response> { return std::nullopt; }}); });
  const auto fd = connect();
  const auto request = get("/");
  ASSERT_GT(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
  for (int i = 0; i < 20; ++i) {
    loop.poll();
  }
  EXPECT_EQ(server->counters().requests, 1U);
  server.reset();
}

TEST_F(ServerTest, SurvivesAHandlerThatThrows) {
  serve([](const Request& request) -> Reply {
    if (request.path == "/throw") {
      throw std::runtime_error("a bug");
    }
    return Response{.body = "well"};
  });
  set_log_level(LogLevel::error);
  EXPECT_THAT(ask(get("/throw")), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(ask(get("/")), HasSubstr("well"));
}

TEST_F(ServerTest, KeepsAConnectionForTheNextRequest) {
  serve(echo);
  const auto answer = ask("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/2"));
  EXPECT_THAT(answer, HasSubstr("GET /1 "));
  EXPECT_THAT(answer, HasSubstr("GET /2 "));
}

TEST_F(ServerTest, CutsWhoDribbles) {
  serve(echo, {.request = std::chrono::milliseconds{200}});
  const auto fd = connect();
  EXPECT_EQ(exchange(fd, "GET / HT"), "");
  EXPECT_EQ(server->counters().timed_out, 1U);
  EXPECT_THAT(ask(get("/")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, BoundsItsConnections) {
  serve(echo, {.connections = 4});
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(connect());
    loop.poll();
  }
  EXPECT_LE(server->connections(), 4U);
  silent.clear();
  EXPECT_THAT(ask(get("/")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ServesOnAUnixSocketWithTheRightsAskedFor) {
  const auto path = testing::TempDir() + "http_server_test.sock";
  server.emplace(loop, std::vector<std::string>{}, echo);
  const auto listening = server->listen("unix:" + path, 0600);
  ASSERT_TRUE(listening) << listening.error().message;
  struct stat file{};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect_to(fd.get(), unix_address(path, "socket").value()), 0);
  EXPECT_THAT(exchange(fd, get("/x")), HasSubstr("GET /x "));
  EXPECT_TRUE(server->in_place());
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServerTest, AUnixSocketsFolderIsNotMade) {
  const auto folder = testing::TempDir() + "http_server_test_none";
  Server other(loop, {}, echo);
  const auto listening = other.listen("unix:" + folder + "/http.sock", 0660);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, Errc::not_found);
  EXPECT_EQ(listening.error().message,
            "cannot create the HTTP socket " + folder + "/http.sock: No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(ServerTest, RefusesAPortThatIsTaken) {
  serve(echo);
  Server other(loop, {}, echo);
  const auto listening = other.listen("127.0.0.1:" + std::to_string(server->port()), 0660);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, Errc::busy);
}

}  // namespace
}  // namespace ipguard::http
