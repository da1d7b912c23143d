// Sockets of an address and a port, ip(7), that others send to.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/endpoint.h"

namespace ipguard::net {

// A bound, non-blocking, close-on-exec socket of `type` (SOCK_STREAM, SOCK_DGRAM); `what` it is, for errors. IPv6 is
// IPv6 alone, so that both families can be had side by side. Errc::busy if the port is taken.
[[nodiscard]] Result<UniqueFd> bind_internet(const Endpoint& endpoint, int type, const std::string& what);
// The same for TCP, listening.
[[nodiscard]] Result<UniqueFd> listen_tcp(const Endpoint& endpoint);

}  // namespace ipguard::net
