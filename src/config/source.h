// SourceConfig: one [[source]], where lines come from and how they are read.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/rule.h"
#include "net/endpoint.h"
#include "net/prefix.h"

namespace ipguard::config {

enum class StartPosition : uint8_t { end, start };

enum class SourceKind : uint8_t {
  files,           // `paths`
  standard_input,  // paths = ["-"]
  journal,         // `journal`
  listener,        // `listen`: syslog messages that others send
};

// One entry of `listen`: "udp 127.0.0.1:5514", "tcp [::1]:5514", "unix /run/ipguard/syslog",
// "unix-stream /run/ipguard/syslog-stream".
struct ListenEndpoint {
  enum class Transport : uint8_t {
    udp,
    tcp,
    unix_datagram,  // what /dev/log is
    unix_stream,
  };
  // As they are written, in the enumeration's order.
  static constexpr std::array<std::string_view, 4> transport_names = {"udp", "tcp", "unix", "unix-stream"};
  Transport transport = Transport::udp;
  net::Endpoint endpoint = {};  // udp, tcp; the port is never 0 in a configuration, any free one in tests
  std::string path = {};        // unix_datagram, unix_stream

  [[nodiscard]] bool is_unix() const { return transport >= Transport::unix_datagram; }
  [[nodiscard]] std::string to_string() const;  // as it is written

  friend bool operator==(const ListenEndpoint&, const ListenEndpoint&) = default;
};

struct SourceConfig {
  std::string name;
  SourceKind kind = SourceKind::files;
  std::vector<std::string> paths;  // files only: globs
  // Journal only: "system", or a folder of journal files; whose messages are read, [] = everybody's.
  std::string journal = {};
  std::vector<std::string> units = {};
  std::vector<std::string> identifiers = {};
  std::vector<std::string> fallback = {};  // globs that are read instead where there is no journal
  // Listener only: where it listens, and who may send by UDP and TCP.
  std::vector<ListenEndpoint> listen = {};
  std::vector<model::Location> listen_locations = {};  // of these as they were written
  std::vector<net::Prefix> senders = {};
  uint32_t socket_mode = 0660;  // of the files of Unix sockets
  std::string format = "auto";  // "auto" or a format's name (match/format.h)
  StartPosition from = StartPosition::end;
  uint64_t max_line = 64ULL << 10;  // bytes
  std::string timezone = {};        // of stamps without one: a name of the tz database; "" = the host's own
  // Proxies whose word on the client is taken, and where in the line it stands (match/forwarded_client.h); both or
  // none.
  std::vector<net::Prefix> trusted_proxies = {};
  std::string client_field = {};
  model::Location location;         // of [[source]]
  model::Location format_location;  // of the format's name; of [[source]] if there is none
  model::Location timezone_location = {};
  model::Location client_field_location = {};
};

// What is read when a configuration has no [[source]]: what etc/ipguard.toml names.
[[nodiscard]] std::vector<SourceConfig> default_sources();
[[nodiscard]] inline bool is_default(const SourceConfig& source) { return source.location.line == 0; }

}  // namespace ipguard::config
