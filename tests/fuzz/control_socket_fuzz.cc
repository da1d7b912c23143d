// links: control
// Any bytes over the control socket, in pieces: every line gets its reply, in order, whether it comes at once, after
// some work or in portions; half a line gets none. The first byte seeds the pieces.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "control/connection.h"
#include "control/protocol.h"
#include "loop/event_loop.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::control;
using fuzz::require;

// The reply to a request, in whichever of the three ways its name's length says.
Answer answer(const Request& request) {
  switch (request.command.size() % 3) {
    case 0:
      return Result<Json>(request.arguments);
    case 1:
      return Work([left = 2, arguments = request.arguments]() mutable -> std::optional<Result<Json>> {
        return left-- > 0 ? std::nullopt : std::optional(Result<Json>(arguments));
      });
    default:
      return Items([left = 2,
                    item = format_item(request.arguments)]() mutable -> std::optional<std::vector<std::string>> {
        return left-- > 0 ? std::optional(std::vector<std::string>(static_cast<size_t>(left + 1), item)) : std::nullopt;
      });
  }
}

std::string expected_reply(std::string_view line) {
  const auto request = parse_request(line);
  if (!request) {
    return format_reply(std::unexpected(request.error()));
  }
  if (request->command.size() % 3 != 2) {
    return format_reply(Result<Json>(request->arguments));
  }
  const auto item = format_item(request->arguments);
  return std::string(list_begin) + item + ',' + item + ',' + item + std::string(list_end);
}

std::string expected_replies(std::string_view bytes) {
  std::string replies;
  for (size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;) {
    replies += expected_reply(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return replies;
}

void take_what_came(int fd, std::string& into) {
  std::array<char, 65536> room;
  for (ssize_t count = 0; (count = ::recv(fd, room.data(), room.size(), MSG_DONTWAIT)) > 0;) {
    into.append(room.data(), static_cast<size_t>(count));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  static loop::EventLoop loop;
  static uint64_t uses = 0;
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
  const UniqueFd client(ends[0]);
  bool closed = false;
  Connection connection(
      loop, UniqueFd(ends[1]), {}, std::chrono::seconds(10), uses,
      [](const Request& request, const Peer&) { return answer(request); }, [&] { closed = true; });
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::minstd_rand cuts(data[0] + 1U);
  std::string replies;
  for (auto left = bytes; !left.empty();) {
    const auto piece = left.substr(0, 1 + cuts() % 512);
    const ssize_t sent = ::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    require(sent > 0 || errno == EAGAIN);
    left.remove_prefix(sent > 0 ? static_cast<size_t>(sent) : 0);
    loop.poll();
    take_what_came(client.get(), replies);
  }
  require(::shutdown(client.get(), SHUT_WR) == 0);
  while (!closed) {
    loop.poll();
    take_what_came(client.get(), replies);
  }
  take_what_came(client.get(), replies);
  require(replies == expected_replies(bytes));
  return 0;
}
