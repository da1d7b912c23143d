#include "net/listen.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace ipguard::net {

Result<UniqueFd> bind_internet(const Endpoint& endpoint, int type, const std::string& what) {
  const SocketAddress address(endpoint);
  UniqueFd fd(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd.valid() && address.storage.ss_family == AF_INET6) {
    static_cast<void>(::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
  }
  if (fd.valid() && type == SOCK_STREAM) {
    static_cast<void>(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  }
  if (!fd.valid() || ::bind(fd.get(), address.get(), address.length) != 0) {
    return fail_errno("cannot listen on " + what, errno);
  }
  return fd;
}

Result<UniqueFd> listen_tcp(const Endpoint& endpoint) {
  const auto what = "tcp " + endpoint.to_string();
  auto fd = bind_internet(endpoint, SOCK_STREAM, what);
  if (fd && ::listen(fd->get(), SOMAXCONN) != 0) {
    return fail_errno("cannot listen on " + what, errno);
  }
  return fd;
}

}  // namespace ipguard::net
