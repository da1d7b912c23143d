// links: http
// Any bytes to the HTTP server, over loopback: what reaches the handler is a request of the forms that it may get, for
// a host of ours; what comes back is HTTP.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/unique_fd.h"
#include "http/headers.h"
#include "http/server.h"
#include "loop/event_loop.h"
#include "net/endpoint.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

constexpr http::Limits limits{.body_bytes = 256,
                              .header_bytes = 8192,
                              .idle = std::chrono::seconds{2},
                              .request = std::chrono::milliseconds{2000},
                              .response = std::chrono::seconds{5}};

uint64_t handled = 0;

http::Reply handle(const http::Request& request) {
  ++handled;
  require(request.method == "GET" || request.method == "HEAD" || request.method == "POST");
  require(request.path.starts_with('/'));
  require(request.body.empty() || (request.method == "POST" && request.body.size() <= limits.body_bytes));
  if (request.path == "/pieces") {
    http::Response response;
    response.pieces = [left = 3]() mutable { return left-- > 0 ? std::optional(std::string("piece")) : std::nullopt; };
    return response;
  }
  if (request.path == "/later") {
    return http::Later{.work = [left = 2]() mutable -> std::optional<http::Response> {
                         return left-- > 0 ? std::nullopt : std::optional(http::Response{.body = "late"});
                       },
                       .pause = {}};
  }
  return http::Response{.body = request.path + request.body};
}

// What came back until the server closed or had nothing more to say for some turns of the loop: it waits for the rest
// of half a request.
std::string exchange(loop::EventLoop& loop, uint16_t port, std::string_view bytes) {
  constexpr int most_silent_turns = 12;
  UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const net::SocketAddress address(net::Endpoint{*net::Address::parse("127.0.0.1"), port});
  // Closed by a reset: thousands of connections a minute would leave no port that is not in TIME_WAIT (socket(7)).
  const linger none{.l_onoff = 1, .l_linger = 0};
  require(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0);
  while (::connect(client.get(), address.get(), address.length) != 0 && errno != EISCONN) {
    require(errno == EINTR || errno == EALREADY, std::strerror(errno));  // libFuzzer's alarm interrupts it
  }
  require(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  require(::shutdown(client.get(), SHUT_WR) == 0);
  std::string answer;
  std::array<char, 16384> room;
  for (int silent = 0; silent < most_silent_turns; ++silent) {
    loop.poll();
    const ssize_t count = ::recv(client.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
      break;
    }
    if (count > 0) {
      answer.append(room.data(), static_cast<size_t>(count));
      silent = 0;
    }
  }
  client.reset();
  loop.poll();
  loop.poll();
  return answer;
}

// Whether any line is a Host header (lines that go on in the next one put together) that names a host of ours; to
// libmicrohttpd, a NUL ends a value.
bool names_own_host(std::string_view bytes) {
  std::string unfolded(bytes);
  for (size_t at = 0; (at = unfolded.find('\n', at)) != std::string::npos; ++at) {
    if (at + 1 < unfolded.size() && (unfolded[at + 1] == ' ' || unfolded[at + 1] == '\t')) {
      unfolded.replace(at > 0 && unfolded[at - 1] == '\r' ? at - 1 : at, 1, " ");
      unfolded[at] = ' ';
    }
  }
  return std::ranges::any_of(split(unfolded, '\n'), [](std::string_view line) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    return colon != std::string_view::npos && name.size() >= 4 && (name[0] | 0x20) == 'h' && (name[1] | 0x20) == 'o' &&
           (name[2] | 0x20) == 's' && (name[3] | 0x20) == 't' && trim(name.substr(4)).empty() &&
           http::is_own_host(line.substr(0, line.find('\0')).substr(std::min(colon + 1, line.find('\0'))),
                             {"ipguard.example"});
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static loop::EventLoop loop;
  static http::Server server(loop, {"ipguard.example"}, handle, limits);
  static const bool listens = server.listen("127.0.0.1:0", 0600).has_value();
  require(listens);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  handled = 0;
  const auto before = server.counters().requests;
  const auto answer = exchange(loop, server.port(), bytes);
  require(server.counters().requests - before == handled);
  require(answer.empty() || answer.starts_with("HTTP/1."), "what comes back is not HTTP");
  // HTTP/1.0 knows requests without a host.
  require(handled == 0 || names_own_host(bytes) || bytes.find("HTTP/1.0") != std::string_view::npos,
          "a request for a foreign host was answered");
  return 0;
}
