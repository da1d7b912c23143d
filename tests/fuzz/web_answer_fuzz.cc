// links: transfer net
// What the server of a webhook answers, any bytes, over loopback: the client is told once what became of its request,
// with numbers in their range and a text that is safe to show.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/unique_fd.h"
#include "loop/event_loop.h"
#include "net/endpoint.h"
#include "net/listen.h"
#include "require.h"
#include "transfer/web_client.h"

namespace {

using namespace ipguard;
using fuzz::require;

// Takes one connection at a time, answers when it has sent its request, and closes.
class AnsweringServer {
 public:
  explicit AnsweringServer(loop::EventLoop& loop)
      : listener_(net::listen_tcp(*net::Endpoint::parse("127.0.0.1:0")).value()),
        on_client_(loop, [this](unsigned) { accept(); }),
        on_request_(loop, [this](unsigned) { read(); }) {
    on_client_.start(listener_.get(), loop::IoWatcher::readable);
  }

  [[nodiscard]] std::string url() const {
    net::SocketAddress own;
    ::getsockname(listener_.get(), own.get(), &own.length);
    return "http://user:secret@" + own.endpoint()->to_string() + "/hook?key=secret";
  }
  void set_answer(std::string_view bytes) { answer_ = bytes; }

 private:
  void accept() {
    on_request_.stop();
    client_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    request_.clear();
    if (client_.valid()) {
      on_request_.start(client_.get(), loop::IoWatcher::readable);
    }
  }
  void read() {
    std::array<char, 4096> room{};
    const ssize_t count = ::recv(client_.get(), room.data(), room.size(), 0);
    request_.append(room.data(), count > 0 ? static_cast<size_t>(count) : 0);
    if (count > 0 && !request_.ends_with("{}")) {
      return;
    }
    static_cast<void>(::send(client_.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL));
    on_request_.stop();
    client_.reset();
  }

  UniqueFd listener_;
  UniqueFd client_;
  std::string request_;
  std::string_view answer_;
  loop::IoWatcher on_client_;
  loop::IoWatcher on_request_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static loop::EventLoop loop;
  static AnsweringServer server(loop);
  static transfer::WebClient client(loop);
  server.set_answer({reinterpret_cast<const char*>(data), size});
  int told = 0;
  client.post(
      {.url = server.url(), .token = "0123456789", .type = "text/plain", .body = "{}", .timeout = Seconds{2}},
      [&](const transfer::PostOutcome& outcome) {
        ++told;
        require(outcome.status >= 0 && outcome.status < 1000);
        require((outcome.status == 0) == !outcome.error.empty(), "neither a status nor a reason");
        require(outcome.retry_after >= std::chrono::seconds{0} && outcome.retry_after <= transfer::longest_retry_after);
        require(outcome.error.find("secret") == std::string::npos, "a secret in a message");
        require(std::ranges::none_of(outcome.error, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
      });
  while (told == 0) {
    loop.run_once();
  }
  require(told == 1);
  return 0;
}
