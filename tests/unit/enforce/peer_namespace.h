// Another host for a test: a child process in a network namespace of its own, linked by a veth pair.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <csignal>
#include <sstream>

#include "base/unique_fd.h"
#include "network_namespace.h"

namespace ipguard::enforce::testing {

inline sockaddr_in6 endpoint(const net::Address& address, uint16_t port, socklen_t& size) {
  sockaddr_in6 storage{};
  if (address.is_ipv4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.ipv4());
    std::memcpy(&storage, &v4, sizeof v4);
    size = sizeof v4;
  } else {
    storage.sin6_family = AF_INET6;
    storage.sin6_port = htons(port);
    std::memcpy(&storage.sin6_addr, address.bytes().data(), 16);
    size = sizeof storage;
  }
  return storage;
}

// A listening TCP socket in the namespace of the caller.
inline UniqueFd listen_on(const net::Address& address, uint16_t port) {
  UniqueFd fd(socket(address.is_ipv4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socklen_t size = 0;
  const sockaddr_in6 where = endpoint(address, port, size);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 || listen(fd.get(), 16) != 0) {
    fd.reset();
  }
  return fd;
}

// A TCP connection from `from` to `to`, or none: then `error` is ETIMEDOUT if nothing answers within `patience`
// milliseconds, or what the answer was (ECONNREFUSED: a reset).
inline UniqueFd connect_to(const net::Address& from, const net::Address& to, uint16_t port, int patience, int& error) {
  UniqueFd fd(socket(to.is_ipv4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  socklen_t size = 0;
  sockaddr_in6 where = endpoint(from, 0, size);
  error = EINVAL;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0) {
    return {};
  }
  where = endpoint(to, port, size);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 && errno != EINPROGRESS) {
    error = errno;
    return {};
  }
  pollfd ready{fd.get(), POLLOUT, 0};
  if (poll(&ready, 1, patience) != 1) {
    error = ETIMEDOUT;
    return {};
  }
  socklen_t length = sizeof error;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
    return {};
  }
  return fd;
}
inline UniqueFd connect_to(const net::Address& from, const net::Address& to, uint16_t port, int patience) {
  int error = 0;
  return connect_to(from, to, port, patience, error);
}

// What comes back within 10 seconds of a UDP datagram: 0, or the ICMP error as an errno value.
inline int send_datagram(const net::Address& from, const net::Address& to, uint16_t port) {
  const UniqueFd fd(socket(to.is_ipv4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  socklen_t size = 0;
  sockaddr_in6 where = endpoint(from, 0, size);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0) {
    return EINVAL;
  }
  where = endpoint(to, port, size);
  pollfd ready{fd.get(), POLLIN, 0};
  char byte = 'x';
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 || send(fd.get(), &byte, 1, 0) != 1 ||
      (poll(&ready, 1, 10000) == 1 && recv(fd.get(), &byte, 1, 0) < 0)) {
    return errno;
  }
  return ready.revents == 0 ? ETIMEDOUT : 0;
}

// The child obeys one request at a time; it ends when this object does.
class PeerNamespace {
 public:
  // `link` is the interface's name on both sides: LINK here, LINKp there.
  explicit PeerNamespace(const std::string& link) : link_(link) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      return;
    }
    channel_.reset(pair[0]);
    child_ = fork();
    if (child_ == 0) {
      channel_.reset();  // or this process would keep its own channel open for ever
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(pair[1]);
    }
    close(pair[1]);
    ready_ =
        ask("") == 0 &&
        run("ip link add " + link + " type veth peer name " + link + "p netns " + std::to_string(child_)).status == 0 &&
        run("ip link set " + link + " up").status == 0 && ask("$ip link set lo up") == 0 &&
        ask("$ip link set " + link + "p up") == 0;
  }
  PeerNamespace(const PeerNamespace&) = delete;
  PeerNamespace& operator=(const PeerNamespace&) = delete;
  ~PeerNamespace() {
    // The kernel takes a namespace that is gone apart later, and the pair's name would be taken until then.
    run("ip link del " + link_);
    channel_.reset();
    if (child_ > 0) {
      waitpid(child_, nullptr, 0);
    }
  }

  [[nodiscard]] bool ready() const { return ready_; }
  // An address here and some there, of one prefix length.
  bool set_addresses(const std::string& here, const std::vector<std::string>& there) {
    const std::string nodad = here.find(':') == std::string::npos ? "" : " nodad";
    bool done = run("ip address add " + here + " dev " + link_ + nodad).status == 0;
    for (const std::string& address : there) {
      done = done && command("ip address add " + address + " dev " + link_ + "p" + nodad);
    }
    return done;
  }
  bool command(const std::string& text) { return ask("$" + text) == 0; }
  // Whether a TCP connection comes about; a dropped SYN is sent again after a second, later than `patience` ends.
  bool connects(const std::string& from, const std::string& to, int port, int patience = 400) {
    return ask("c" + from + " " + to + " " + std::to_string(port) + " " + std::to_string(patience)) == 0;
  }
  // How a TCP connection fails: 0 = it does not.
  int error_of(const std::string& from, const std::string& to, int port, int patience = 400) {
    return ask("e" + from + " " + to + " " + std::to_string(port) + " " + std::to_string(patience));
  }
  int udp_error_of(const std::string& from, const std::string& to, int port) {
    return ask("u" + from + " " + to + " " + std::to_string(port) + " 0");
  }
  // Connects and keeps the connection until the object goes.
  bool stays_connected(const std::string& from, const std::string& to, int port) {
    return ask("k" + from + " " + to + " " + std::to_string(port) + " 10000") == 0;
  }
  bool listens(const std::string& on, int port) { return ask("l" + on + " " + std::to_string(port)) == 0; }

 private:
  int ask(const std::string& request) {
    int answer = -1;
    if (write(channel_.get(), (request + "\n").c_str(), request.size() + 1) < 0 ||
        read(channel_.get(), &answer, sizeof answer) != sizeof answer) {
      return -1;
    }
    return answer;
  }

  [[noreturn]] static void serve(int channel) {
    int answer = unshare(CLONE_NEWNET);
    std::vector<UniqueFd> kept;
    std::array<char, 512> buffer{};
    for (;;) {
      const ssize_t got = read(channel, buffer.data(), buffer.size());
      if (got <= 0) {
        _exit(0);
      }
      const std::string request(buffer.data(), static_cast<size_t>(got) - 1);
      if (!request.empty()) {
        answer = obey(request[0], request.substr(1), kept);
      }
      if (write(channel, &answer, sizeof answer) < 0) {
        _exit(1);
      }
    }
  }

  static int obey(char verb, const std::string& rest, std::vector<UniqueFd>& kept) {
    if (verb == '$') {
      return run(rest).status;
    }
    std::istringstream words(rest);
    std::string first;
    std::string second;
    int port = 0;
    int patience = 0;
    words >> first;
    if (verb == 'l') {
      words >> port;
      kept.push_back(listen_on(net::Address::parse(first).value(), static_cast<uint16_t>(port)));
      return kept.back().valid() ? 0 : 1;
    }
    words >> second >> port >> patience;
    if (verb == 'u') {
      return send_datagram(net::Address::parse(first).value(), net::Address::parse(second).value(),
                           static_cast<uint16_t>(port));
    }
    int error = 0;
    UniqueFd fd = connect_to(net::Address::parse(first).value(), net::Address::parse(second).value(),
                             static_cast<uint16_t>(port), patience, error);
    if (verb == 'e') {
      return error;
    }
    const bool connected = fd.valid();
    if (verb == 'k' && connected) {
      kept.push_back(std::move(fd));
    }
    return connected ? 0 : 1;
  }

  std::string link_;
  UniqueFd channel_;
  pid_t child_ = -1;
  bool ready_ = false;
};

}  // namespace ipguard::enforce::testing
