// Posting: beside the loop, which a TLS library that reads every trusted certificate would hold up; and given up at
// once.
#include "transfer/web_client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "net/listen.h"
#include "transfer/curl_options.h"

namespace ipguard::transfer {
namespace {

// A server in a thread of its own, for one request; `answer` empty = it says nothing.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : listener_(net::listen_tcp(*net::Endpoint::parse("127.0.0.1:0")).value()), answer_(std::move(answer)) {
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int blocking = ::fcntl(listener_.get(), F_GETFL) & ~O_NONBLOCK;
    ::fcntl(listener_.get(), F_SETFL, blocking);
    thread_ = std::jthread([this] { serve(); });
  }
  [[nodiscard]] std::string url() const {
    net::SocketAddress own;
    ::getsockname(listener_.get(), own.get(), &own.length);
    return "http://" + own.endpoint()->to_string() + "/hook";
  }
  // What was asked for, once it was answered; "" if nothing came for 20 s.
  std::string request() {
    thread_.join();
    return request_;
  }

 private:
  void serve() {
    client_.reset(::accept(listener_.get(), nullptr, nullptr));
    std::array<char, 4096> room{};
    while (client_.valid() && !request_.ends_with("{}")) {
      const ssize_t count = ::recv(client_.get(), room.data(), room.size(), 0);
      if (count <= 0) {
        return;
      }
      request_.append(room.data(), static_cast<size_t>(count));
    }
    static_cast<void>(::send(client_.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL));
  }

  UniqueFd listener_;
  UniqueFd client_;
  std::string answer_;
  std::string request_;
  std::jthread thread_;
};

Post to(const std::string& url) {
  return {.url = url, .token = {}, .type = "text/plain", .body = "{}", .timeout = std::chrono::seconds{20}};
}

TEST(WebClient, PostsWhileTheLoopDoesSomethingElse) {
  loop::EventLoop loop;
  WebClient client(loop);
  OneAnswer server("HTTP/1.1 204 No Content\r\n\r\n");
  int status = -1;
  client.post(to(server.url()), [&](const PostOutcome& outcome) { status = outcome.status; });
  EXPECT_TRUE(server.request().starts_with("POST /hook HTTP/1.1\r\n")) << "and the loop has not turned";
  EXPECT_EQ(status, -1) << "told in the loop alone";
  while (status < 0) {
    loop.run_once();
  }
  EXPECT_EQ(status, 204);
}

TEST(WebClient, IsGivenUpAtOnce) {
  loop::EventLoop loop;
  OneAnswer server("");
  const auto begin = std::chrono::steady_clock::now();
  {
    WebClient client(loop);
    client.post(to(server.url()), [](const PostOutcome&) { ADD_FAILURE() << "nobody is told"; });
    EXPECT_NE(server.request(), "");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  loop.poll();
}

// Once is enough of one and the same problem; and a URL's path may be a secret.
TEST(WebClient, NamesTheServerThatCannotBeAsked) {
  loop::EventLoop loop;
  const auto error_of = [&loop](const std::string& url) {
    std::string error;
    WebClient client(loop);
    client.post(to(url), [&](const PostOutcome& outcome) { error = outcome.error; });
    while (error.empty()) {
      loop.run_once();
    }
    return error;
  };
  const OneAnswer other("SSH-2.0-x\r\n");
  EXPECT_THAT(error_of(other.url()), testing::MatchesRegex("127.0.0.1 port [0-9]+: what answers there speaks no HTTP"));
  const auto bound = net::bind_internet(*net::Endpoint::parse("127.0.0.1:0"), SOCK_STREAM, "nobody");
  net::SocketAddress nobody;
  ::getsockname(bound->get(), nobody.get(), &nobody.length);
  EXPECT_THAT(error_of("http://" + nobody.endpoint()->to_string() + "/hook"),
              testing::MatchesRegex("127.0.0.1 port [0-9]+: .*connect.*"));
}

TEST(UrlProblem, TellsWhatNothingCanBePostedTo) {
  for (const auto* good :
       {"https://hooks.example/ipguard", "http://127.0.0.1:9999/hook?key=x", "https://u:p@[::1]:8443/"}) {
    EXPECT_EQ(url_problem(good), "") << good;
  }
  for (const auto* bad :
       {"https://", "http://a b/ c", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://[::1/", "http://h:x/"}) {
    EXPECT_NE(url_problem(bad), "") << bad;
  }
}

// Hundreds of files for each connection, where one has them all.
TEST(BundleIn, IsTheOneFileWithAllCertificates) {
  const auto folder = testing::TempDir() + "bundle_test_" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  EXPECT_EQ(bundle_in(nullptr), "");
  EXPECT_EQ(bundle_in(folder.c_str()), "");
  std::ofstream(folder + "/ca-certificates.crt") << "x";
  EXPECT_EQ(bundle_in(folder.c_str()), folder + "/ca-certificates.crt");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ipguard::transfer
