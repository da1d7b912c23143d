// links: input
// The syslog listener: messages a second over UDP, TCP and Unix sockets on this machine, from a sender as fast as it
// can be beside it, up to the lines that are handed out. `lost` is the share of the messages that never arrived (UDP
// alone loses: its sender is not held back), `counted` what of these the kernel told of and status shows.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"
#include "input/syslog_listener.h"
#include "net/endpoint.h"

namespace {

using namespace ipguard;
using namespace ipguard::input;
using Transport = config::ListenEndpoint::Transport;

constexpr uint64_t messages = 200'000;
constexpr std::string_view message =
    "<86>Feb 25 04:30:17 host sshd[1234]: Failed password for invalid user admin from 192.0.2.7 port 40022 ssh2";

// A port that was free a moment ago.
net::Endpoint free_port(int type) {
  const net::SocketAddress any(*net::Endpoint::parse("127.0.0.1:0"));
  const UniqueFd fd(::socket(AF_INET, type, 0));
  net::SocketAddress own;
  if (::bind(fd.get(), any.get(), any.length) != 0 || ::getsockname(fd.get(), own.get(), &own.length) != 0) {
    std::abort();
  }
  return *own.endpoint();
}

bool is_stream(Transport transport) { return transport == Transport::tcp || transport == Transport::unix_stream; }

UniqueFd connect(const config::ListenEndpoint& to) {
  const int type = is_stream(to.transport) ? SOCK_STREAM : SOCK_DGRAM;
  if (to.is_unix()) {
    UniqueFd fd(::socket(AF_UNIX, type, 0));
    return connect_to(fd.get(), *unix_address(to.path, "socket")) == 0 ? std::move(fd) : UniqueFd{};
  }
  const net::SocketAddress address(to.endpoint);
  UniqueFd fd(::socket(address.storage.ss_family, type, 0));
  return ::connect(fd.get(), address.get(), address.length) == 0 ? std::move(fd) : UniqueFd{};
}

// All of them, blocking: a stream and a Unix socket hold their sender back.
void send_all(const UniqueFd& fd, bool stream) {
  constexpr uint64_t at_once = 64;  // of a stream, as a syslog daemon's buffer
  std::string text;
  for (uint64_t i = 0; i < (stream ? at_once : 1); ++i) {
    text += message;
    text += stream ? "\n" : "";
  }
  for (uint64_t sent = 0; sent < messages; sent += stream ? at_once : 1) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = ::send(fd.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (count < 0) {
        return;
      }
      at += static_cast<size_t>(count);
    }
  }
}

void listen(benchmark::State& state, Transport transport) {
  set_log_level(LogLevel::error);
  std::string folder = (std::filesystem::temp_directory_path() / "ipguard-listener-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::abort();
  }
  config::SourceConfig config;
  config.name = "bench";
  config.kind = config::SourceKind::listener;
  config.senders = {*net::Prefix::parse("127.0.0.0/8")};
  config.listen = {{.transport = transport, .path = folder + "/socket"}};
  if (!config.listen[0].is_unix()) {
    config.listen[0].endpoint = free_port(is_stream(transport) ? SOCK_STREAM : SOCK_DGRAM);
  }
  loop::EventLoop loop;
  uint64_t lines = 0;
  const auto input = make_syslog_listener(loop, config, 1, [&lines](const Block& block) {
    const auto count = static_cast<uint64_t>(std::ranges::count(block.bytes, '\n'));
    lines += count;
    return Follower::Consumed{.lines = count};
  });
  input->start();
  uint64_t sent = 0;
  for (auto _ : state) {
    std::atomic<bool> done = false;
    const std::jthread sender([&] {
      const UniqueFd fd = connect(config.listen[0]);
      send_all(fd, is_stream(transport));
      done = true;
    });
    do {
      loop.poll();
    } while (!done || !input->caught_up());
    loop.poll();
    sent += messages;
  }
  state.SetItemsProcessed(static_cast<int64_t>(lines));
  state.counters["lost"] = static_cast<double>(sent - std::min(sent, lines)) / static_cast<double>(sent);
  state.counters["counted"] = static_cast<double>(input->status()[0].lost_messages) / static_cast<double>(sent);
  std::filesystem::remove_all(folder);
}

BENCHMARK_CAPTURE(listen, udp, Transport::udp)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(listen, tcp, Transport::tcp)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(listen, unix_datagram, Transport::unix_datagram)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(listen, unix_stream, Transport::unix_stream)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
