// The inside of the syslog listener: its ports and the connections to them.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/source.h"
#include "input/listen_socket.h"
#include "input/syslog_framing.h"
#include "input/syslog_listener.h"
#include "loop/acceptor.h"
#include "net/endpoint.h"
#include "net/prefix.h"

namespace ipguard::input {

[[nodiscard]] inline bool is_stream(const config::ListenEndpoint& endpoint) {
  using Transport = config::ListenEndpoint::Transport;
  return endpoint.transport == Transport::tcp || endpoint.transport == Transport::unix_stream;
}
// Whether a read would not wait.
[[nodiscard]] bool is_readable(int fd);

// One address that is listened on.
struct ListenedPort {
  config::ListenEndpoint endpoint;
  model::SourceStatus status;
  uint64_t cut_off = 0;  // datagrams that the kernel had dropped, or that nobody had read, when the socket was closed
  std::optional<ListenSocket> socket;
  bool told_of_strangers = false;
  std::unique_ptr<loop::IoWatcher> watcher;  // of datagrams
  std::unique_ptr<loop::Acceptor> acceptor;  // of streams
};

struct StreamConnection {
  ListenedPort* port = nullptr;
  UniqueFd fd;
  std::string sender;
  SyslogFramer framer;
  std::unique_ptr<loop::IoWatcher> watcher;
};

class SyslogListener final : public LineInput {
 public:
  SyslogListener(loop::EventLoop& loop, const config::SourceConfig& config, model::SourceId id,
                 Follower::BlockCallback on_block, ListenerLimits limits)
      : loop_(loop),
        config_(&config),
        id_(id),
        on_block_(std::move(on_block)),
        limits_(limits),
        retry_timer_(loop, [this] { open_all(); }) {
    set_ports();
  }

  void start() override {
    started_ = true;
    open_all();
  }

  bool reconfigure(const config::SourceConfig& config) override;
  bool caught_up() const override;
  std::vector<model::SourceStatus> status() const override;
  model::Losses losses() const override;
  void restore() override { open_all(); }
  void drain() override;
  void stop() override;

 private:
  using Port = ListenedPort;
  using Connections = std::list<StreamConnection>;

  void set_ports();
  void open_all();
  bool open(Port& port);  // false: it cannot be had yet
  static void watch(Port& port);
  static void ignore(Port& port);
  void read_datagrams(Port& port);
  void take_connections(Port& port, std::vector<loop::Accepted>& accepted);
  void add_connection(Port& port, UniqueFd fd, std::string sender);
  bool read_stream(Connections::iterator connection);  // false: it was closed
  void close(Connections::iterator connection);
  void drain(Port& port);
  void cut_off(Port& port);
  void close_socket(Port& port);
  [[nodiscard]] bool is_sender(const Port& port, const net::SocketAddress& peer) const;
  [[nodiscard]] bool may_send(Port& port, const net::SocketAddress& peer, std::string& sender);
  void take(Port& port, std::string_view message, bool cut, std::string_view sender);
  void flush(Port& port);
  void hand_out(Port& port, std::string_view bytes, bool truncated);
  [[nodiscard]] static model::SourceStatus status_of(const Port& port);

  loop::EventLoop& loop_;
  const config::SourceConfig* config_;
  model::SourceId id_;
  Follower::BlockCallback on_block_;
  ListenerLimits limits_;
  bool started_ = false;
  mode_t socket_mode_ = 0;  // that Unix sockets were made with
  std::vector<net::Prefix> senders_;
  std::list<Port> ports_;    // in the order of the configuration
  model::Losses dropped_;    // of ports that are no more
  Connections connections_;  // the one that has been quiet for longest first
  std::string buffer_;
  std::string lines_;  // complete ones, not handed out yet; of one port
  std::string sender_;
  loop::Timer retry_timer_;
};

}  // namespace ipguard::input
