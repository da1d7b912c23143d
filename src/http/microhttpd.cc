// Server (server.h): libmicrohttpd and what keeps its clients within bounds.
#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "config/outlets.h"
#include "http/headers.h"
#include "http/microhttpd_request.h"
#include "http/microhttpd_response.h"
#include "http/server.h"
#include "net/listen.h"

namespace ipguard::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds sweep_interval{1000};

// One request from its headers to the end of its response.
struct Exchange {
  Request request;
  std::optional<Response> early;  // the request is refused; said when all of it was read
  Later later;
  std::optional<Response> ready;  // what `later` came to
};

}  // namespace

struct Server::Impl {
  // A connection and until when it may stay as it is.
  struct Client {
    int fd = -1;
    Clock::time_point deadline;
    bool asked = false;  // its request is whole, and being answered
    bool cut = false;
    std::string_view target_fault = {};  // of the request that it is at (headers.h)
  };
  struct Waiting {
    MHD_Connection* connection;
    Exchange* exchange;
  };

  Impl(loop::EventLoop& loop, std::vector<std::string> host_names, Handler request_handler, Limits bounds)
      : hosts(std::move(host_names)),
        handler(std::move(request_handler)),
        limits(bounds),
        watcher(loop, [this](unsigned) { run(); }),
        timer(loop, [this] { run(); }),
        sweeper(loop, [this] { sweep(); }),
        worker(loop, [this] { work(); }) {}

  Result<> start(UniqueFd listener);
  void stop();
  void run();
  void sweep();
  void cut(Client& client);
  void make_room();
  void work();
  MHD_Result begin(MHD_Connection* connection, const Head& head, void*& exchange);
  MHD_Result go_on(MHD_Connection* connection, std::string_view data, Exchange& exchange);
  MHD_Result answer(MHD_Connection* connection, Exchange& exchange);
  void take_body(Exchange& exchange, std::string_view data);

  // The Client of a connection.
  static Client& client_of(MHD_Connection* connection) {
    return **reinterpret_cast<std::list<Client>::iterator*>(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
  }

  static void* target_read(void* self, const char* target, MHD_Connection* connection);
  static MHD_Result access(void* self, MHD_Connection* connection, const char* path, const char* method,
                           const char* version, const char* data, size_t* data_size, void** exchange);
  static void completed(void* self, MHD_Connection* connection, void** exchange, MHD_RequestTerminationCode code);
  static void connected(void* self, MHD_Connection* connection, void** context, MHD_ConnectionNotificationCode code);

  std::vector<std::string> hosts;
  Handler handler;
  Limits limits;
  Counters counters;
  std::optional<SocketFile> socket_file;
  uint16_t port = 0;
  std::list<Client> clients;
  std::vector<Waiting> waiting;
  MHD_Daemon* daemon = nullptr;
  loop::IoWatcher watcher;
  loop::Timer timer;
  loop::Timer sweeper;
  loop::Timer worker;
};

// Chunks come without a length. What is too much is not kept, and told when all of it has come, which has its time.
void Server::Impl::take_body(Exchange& exchange, std::string_view data) {
  auto& body = exchange.request.body;
  if (exchange.early || exchange.request.method != "POST") {  // of the others it means nothing
    return;
  }
  if (body.size() + data.size() > limits.body_bytes) {
    ++counters.turned_away;
    exchange.early = too_large(limits.body_bytes);
    body = {};
    return;
  }
  body.append(data);
}

MHD_Result Server::Impl::begin(MHD_Connection* connection, const Head& head, void*& exchange) {
  auto made = std::make_unique<Exchange>();
  made->request.method = head.method;
  made->request.path = head.path;
  made->early = refusal(connection, head, hosts, limits.body_bytes);
  if (made->early) {
    ++(made->early->status == MHD_HTTP_MISDIRECTED_REQUEST ? counters.foreign_hosts : counters.turned_away);
  }
  auto& begun = *made;
  exchange = made.release();
  // A refusal of what has a body yet to come is said at once: libmicrohttpd closes the connection then.
  return begun.early ? send(connection, std::move(*begun.early)) : MHD_YES;
}

// `data` is empty at the end of the request.
MHD_Result Server::Impl::go_on(MHD_Connection* connection, std::string_view data, Exchange& exchange) {
  if (!data.empty()) {
    take_body(exchange, data);
    return MHD_YES;
  }
  return exchange.early ? send(connection, std::move(*exchange.early)) : answer(connection, exchange);
}

MHD_Result Server::Impl::answer(MHD_Connection* connection, Exchange& exchange) {
  client_of(connection).deadline = Clock::now() + limits.response;
  client_of(connection).asked = true;
  auto& request = exchange.request;
  const auto content = request.method == "HEAD" ? Content::left_out : Content::sent;
  if (exchange.ready) {
    return send(connection, std::move(*exchange.ready), content);
  }
  request.accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
  request.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
  request.query = query_of(connection);
  ++counters.requests;
  auto reply = handler(request);
  if (!reply.later.work) {
    return send(connection, std::move(reply.response), content);
  }
  exchange.later = std::move(reply.later);
  waiting.push_back({.connection = connection, .exchange = &exchange});
  MHD_suspend_connection(connection);
  worker.start(std::chrono::milliseconds{0});
  return MHD_YES;
}

// A turn for everybody who waits.
void Server::Impl::work() {
  std::chrono::milliseconds pause = std::chrono::hours(1);
  std::erase_if(waiting, [&](const Waiting& each) {
    try {
      each.exchange->ready = each.exchange->later.work();
    } catch (const std::exception& error) {
      log_error("http: a request failed: " + printable(error.what()));
      each.exchange->ready = error_response(MHD_HTTP_INTERNAL_SERVER_ERROR, "internal error");
    }
    if (each.exchange->ready) {
      each.exchange->later.work = nullptr;
      MHD_resume_connection(each.connection);
      return true;
    }
    pause = std::min(pause, each.exchange->later.pause);
    return false;
  });
  if (!waiting.empty()) {
    worker.start(pause);
  }
  run();
}

// The target as it was sent, before libmicrohttpd cuts it up and decodes it in place.
void* Server::Impl::target_read(void* /*self*/, const char* target, MHD_Connection* connection) {
  client_of(connection).target_fault = target == nullptr ? "there is no path" : fault_of_target(target);
  return nullptr;  // the request's Exchange is made once its head is whole
}

// libmicrohttpd is C: nothing may be thrown through it.
MHD_Result Server::Impl::access(void* self, MHD_Connection* connection, const char* path, const char* method,
                                const char* version, const char* data, size_t* data_size, void** exchange) {
  auto& impl = *static_cast<Impl*>(self);
  try {
    if (auto* state = static_cast<Exchange*>(*exchange)) {
      return impl.go_on(connection, {data, std::exchange(*data_size, 0)}, *state);
    }
    return impl.begin(
        connection,
        {.method = method, .path = path, .version = version, .target_fault = client_of(connection).target_fault},
        *exchange);
  } catch (const std::exception& error) {
    log_error("http: a request failed: " + printable(error.what()));
    try {
      return *data_size == 0 ? send(connection, error_response(MHD_HTTP_INTERNAL_SERVER_ERROR, "internal error"))
                             : MHD_NO;
    } catch (const std::exception&) {
      return MHD_NO;
    }
  }
}

void Server::Impl::completed(void* self, MHD_Connection* connection, void** exchange,
                             MHD_RequestTerminationCode /*code*/) {
  auto& impl = *static_cast<Impl*>(self);
  auto* state = static_cast<Exchange*>(*exchange);
  std::erase_if(impl.waiting, [state](const Waiting& each) { return each.exchange == state; });
  delete state;  // NOLINT(*-owning-memory): libmicrohttpd kept it
  *exchange = nullptr;
  client_of(connection).deadline = Clock::now() + impl.limits.request;
  client_of(connection).asked = false;
}

void Server::Impl::connected(void* self, MHD_Connection* connection, void** context,
                             MHD_ConnectionNotificationCode code) {
  auto& impl = *static_cast<Impl*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    const int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    impl.clients.push_front({.fd = fd, .deadline = Clock::now() + impl.limits.request});
    *context = new std::list<Client>::iterator(impl.clients.begin());  // NOLINT(*-owning-memory)
    impl.make_room();
  } else {
    auto* place = static_cast<std::list<Client>::iterator*>(*context);
    impl.clients.erase(*place);
    delete place;  // NOLINT(*-owning-memory)
  }
}

Result<> Server::Impl::start(UniqueFd listener) {
  constexpr unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
  // 1 would have libmicrohttpd refuse, with a page of its own, what refusal() refuses: no Host, blanks in a path.
  constexpr int strictness = 0;
  daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, &access, this, MHD_OPTION_LISTEN_SOCKET, listener.get(),
                            MHD_OPTION_CONNECTION_LIMIT, limits.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            limits.header_bytes, MHD_OPTION_CONNECTION_TIMEOUT,
                            static_cast<unsigned>(limits.idle.count()), MHD_OPTION_NOTIFY_COMPLETED, &completed, this,
                            MHD_OPTION_NOTIFY_CONNECTION, &connected, this, MHD_OPTION_URI_LOG_CALLBACK, &target_read,
                            this, MHD_OPTION_STRICT_FOR_CLIENT, strictness, MHD_OPTION_END);
  if (daemon == nullptr) {
    return fail("libmicrohttpd cannot be started");
  }
  static_cast<void>(listener.release());  // closed with the daemon
  watcher.start(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, loop::IoWatcher::readable);
  return {};
}

void Server::Impl::stop() {
  if (daemon == nullptr) {
    return;
  }
  for (const auto& each : std::exchange(waiting, {})) {
    each.exchange->ready = error_response(MHD_HTTP_SERVICE_UNAVAILABLE, "ipguardd is stopping");
    MHD_resume_connection(each.connection);
  }
  MHD_stop_daemon(std::exchange(daemon, nullptr));
}

void Server::Impl::run() {
  const auto before = clients.size();
  MHD_run(daemon);
  MHD_UNSIGNED_LONG_LONG milliseconds = 0;
  if (clients.size() < before) {
    timer.start(std::chrono::milliseconds{0});  // where there was no room for more, it listens again in its next turn
  } else if (MHD_get_timeout(daemon, &milliseconds) == MHD_YES) {
    timer.start(std::chrono::milliseconds(milliseconds));
  } else {
    timer.stop();
  }
  if (clients.empty()) {
    sweeper.stop();
  } else if (!sweeper.running()) {
    sweeper.start(sweep_interval);
  }
}

// Who sends or reads a byte now and then would keep a place for ever.
void Server::Impl::sweep() {
  const auto now = Clock::now();
  for (auto& client : clients) {
    if (!client.cut && client.deadline <= now) {
      cut(client);
    }
  }
  run();
}

void Server::Impl::cut(Client& client) {
  client.cut = true;
  ++counters.timed_out;
  static_cast<void>(::shutdown(client.fd, SHUT_RDWR));  // libmicrohttpd sees the end and closes it
}

// Where all places are taken, the next client gets that of who has been at his request for longest: the newest stand
// first.
void Server::Impl::make_room() {
  if (clients.size() < limits.connections) {
    return;
  }
  const auto slowest =
      std::find_if(clients.rbegin(), clients.rend(), [](const Client& client) { return !client.asked && !client.cut; });
  if (slowest != clients.rend()) {
    cut(*slowest);
  }
}

Server::Server(loop::EventLoop& loop, std::vector<std::string> hosts, Handler handler, Limits limits)
    : impl_(std::make_unique<Impl>(loop, std::move(hosts), std::move(handler), limits)) {}

Server::~Server() { impl_->stop(); }

Result<> Server::listen(const std::string& endpoint, unsigned socket_mode) {
  constexpr int backlog = 64;
  if (endpoint.starts_with(config::unix_prefix)) {
    const auto path = endpoint.substr(config::unix_prefix.size());
    auto file = SocketFile::bind(path, SOCK_STREAM, socket_mode, "HTTP socket");
    if (!file) {
      return std::unexpected(std::move(file.error()));
    }
    UniqueFd listener(::fcntl(file->fd(), F_DUPFD_CLOEXEC, 0));
    if (!listener.valid() || ::listen(listener.get(), backlog) != 0) {
      return fail_errno("cannot listen on " + endpoint, errno);
    }
    impl_->socket_file.emplace(std::move(*file));
    return impl_->start(std::move(listener));
  }
  const auto place = net::Endpoint::parse(endpoint);
  if (!place) {
    return fail(Errc::invalid, in_quotes(endpoint) + " is no address with a port");
  }
  auto listener = net::listen_tcp(*place);
  if (!listener) {
    return std::unexpected(std::move(listener.error()));
  }
  net::SocketAddress own;
  if (::getsockname(listener->get(), own.get(), &own.length) == 0) {
    impl_->port = own.endpoint().value_or(net::Endpoint{}).port;
  }
  return impl_->start(std::move(*listener));
}

bool Server::in_place() const { return !impl_->socket_file || impl_->socket_file->in_place(); }
uint16_t Server::port() const { return impl_->port; }
const Counters& Server::counters() const { return impl_->counters; }
unsigned Server::connections() const { return static_cast<unsigned>(impl_->clients.size()); }

}  // namespace ipguard::http
