#include "enforce/ssh_connections.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/file.h"
#include "base/text.h"
#include "enforce/address_bytes.h"

namespace ipguard::enforce {

namespace {

constexpr size_t most_listening_ports = 16;
constexpr uint16_t default_port = 22;
constexpr uint64_t largest_sshd_config = 1 << 20;
constexpr uint64_t largest_tcp_table = 64 << 20;  // 400,000 connections

std::optional<uint16_t> parse_port(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > UINT16_MAX) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(*number);
}

// "0.0.0.0:2222", "[::]:2222" and "host:2222" carry a port; "0.0.0.0", "::" and "[::]" do not.
std::optional<uint16_t> port_of_listen_address(std::string_view value) {
  const size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const bool bracketed = colon > 0 && value[colon - 1] == ']';
  if (!bracketed && value.find(':') != colon) {
    return std::nullopt;  // a bare IPv6 address
  }
  return parse_port(value.substr(colon + 1));
}

std::optional<SshConnection> connection_in(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(inet_diag_msg)) {
    return std::nullopt;
  }
  const auto* entry = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(&message));
  const auto peer = address_of(&entry->id.idiag_dst, entry->idiag_family == AF_INET ? 4 : 16);
  if (!peer) {
    return std::nullopt;
  }
  return SshConnection{*peer, ntohs(entry->id.idiag_dport), ntohs(entry->id.idiag_sport), entry->idiag_inode};
}

// "0100007F:1F90": the address as 32-bit words in host order, the port as a number (proc(5)).
std::optional<std::pair<net::Address, uint16_t>> parse_proc_endpoint(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) {
    return std::nullopt;
  }
  std::array<uint8_t, 16> bytes{};
  for (size_t word = 0; word * 8 < colon; ++word) {
    uint32_t value = 0;
    const std::string_view digits = text.substr(word * 8, 8);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr != digits.data() + 8) {
      return std::nullopt;
    }
    std::memcpy(bytes.data() + word * 4, &value, sizeof value);
  }
  uint16_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return std::pair{*address_of(bytes.data(), colon / 2), port};
}

bool is_among(uint16_t port, const std::vector<uint16_t>& ports) {
  return ports.empty() || std::ranges::find(ports, port) != ports.end();
}

// A program for the kernel's filter (sock_diag(7), INET_DIAG_REQ_BYTECODE) that accepts the sockets on `ports`. An
// operation names the bytes to its successor if it holds and if not; a successor right behind the end accepts, one four
// bytes further refuses. A comparison takes its port from the operation that follows it.
std::vector<inet_diag_bc_op> port_filter(const std::vector<uint16_t>& ports) {
  constexpr size_t operations = 5;  // for a port: >=, port, <=, port, jump to the end
  constexpr size_t size = sizeof(inet_diag_bc_op);
  const size_t total = ports.size() * operations * size;
  const auto bytes = [](size_t count) { return static_cast<unsigned short>(count); };
  std::vector<inet_diag_bc_op> program;
  for (size_t i = 0; i < ports.size(); ++i) {
    const size_t left = total - i * operations * size;
    const bool is_last = i + 1 == ports.size();
    const size_t next = is_last ? left + size : operations * size;
    program.push_back({INET_DIAG_BC_S_GE, 2 * size, bytes(next)});
    program.push_back({INET_DIAG_BC_NOP, 0, ports[i]});
    program.push_back({INET_DIAG_BC_S_LE, 2 * size, bytes(next - 2 * size)});
    program.push_back({INET_DIAG_BC_NOP, 0, ports[i]});
    program.push_back({INET_DIAG_BC_JMP, size, bytes(left - 4 * size)});
  }
  return program;
}

void add_proc_line(std::string_view line, TcpState state, const std::vector<uint16_t>& ports,
                   std::vector<SshConnection>& result) {
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
  std::array<std::string_view, 10> fields;
  for (std::string_view& field : fields) {
    line = trim(line);
    field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
  }
  const std::string_view wanted = state == TcpState::established ? "01" : "0A";
  const auto local = parse_proc_endpoint(fields[1]);
  const auto peer = parse_proc_endpoint(fields[2]);
  const auto inode = parse_number(fields[9]);
  if (local && peer && inode && fields[3] == wanted && is_among(local->second, ports)) {
    result.push_back({peer->first, peer->second, local->second, *inode});
  }
}

}  // namespace

std::vector<uint16_t> parse_sshd_ports(std::string_view text) {
  std::vector<uint16_t> ports;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    const std::string_view keyword = line.substr(0, line.find_first_of(" \t="));  // case-insensitive
    std::string_view value = trim(line.substr(keyword.size()));
    if (value.starts_with('=')) {
      value = trim(value.substr(1));
    }
    value = value.substr(0, value.find_first_of(" \t#"));
    std::optional<uint16_t> port;
    if (equal_ignoring_case(keyword, "port")) {
      port = parse_port(value);
    } else if (equal_ignoring_case(keyword, "listenaddress")) {
      port = port_of_listen_address(value);
    }
    if (port && ports.size() < most_listening_ports && std::ranges::find(ports, *port) == ports.end()) {
      ports.push_back(*port);
    }
  }
  return ports;
}

std::vector<uint16_t> sshd_ports(const std::vector<std::string>& globs) {
  std::string text;
  for (const std::string& pattern : globs) {
    for (const std::string& path : expand_glob(pattern)) {
      if (auto content = read_file(path, largest_sshd_config)) {
        text += *content + "\n";
      }
    }
  }
  std::vector<uint16_t> ports = {default_port};
  for (const uint16_t port : parse_sshd_ports(text)) {
    if (port != default_port) {
      ports.push_back(port);
    }
  }
  return ports;
}

Result<std::vector<SshConnection>> tcp_by_sock_diag(NetlinkSocket& socket, TcpState state,
                                                    const std::vector<uint16_t>& ports) {
  // The first form of the question (struct inet_diag_req) is the only one that covers IPv4 and IPv6 in one walk; the
  // walk over the whole table of connections is what costs.
  const std::vector<inet_diag_bc_op> filter = port_filter(ports);
  const size_t filter_size = filter.size() * sizeof(inet_diag_bc_op);
  std::vector<char> bytes(NLMSG_HDRLEN + sizeof(inet_diag_req) + NLMSG_ALIGN(sizeof(nlattr) + filter_size) + 64);
  nlmsghdr* request = mnl_nlmsg_put_header(bytes.data());
  request->nlmsg_type = TCPDIAG_GETSOCK;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* question = static_cast<inet_diag_req*>(mnl_nlmsg_put_extra_header(request, sizeof(inet_diag_req)));
  question->idiag_states = 1U << static_cast<unsigned>(state);
  if (!filter.empty()) {
    mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, filter_size, filter.data());
  }
  std::vector<SshConnection> result;
  auto asked = socket.ask(
      *request, "cannot ask for SSH connections",
      [&](const nlmsghdr& message) {
        if (auto connection = connection_in(message)) {
          result.push_back(*connection);
        }
      },
      [&] { result.clear(); });
  if (!asked) {
    return std::unexpected(std::move(asked.error()));
  }
  return result;
}

Result<std::vector<SshConnection>> tcp_by_proc(const std::string& proc, TcpState state,
                                               const std::vector<uint16_t>& ports) {
  std::vector<SshConnection> result;
  bool any = false;
  for (const char* table : {"/net/tcp", "/net/tcp6"}) {
    const auto text = read_file(proc + table, largest_tcp_table);
    if (!text) {
      continue;
    }
    any = true;
    for (const std::string_view line : split(*text, '\n')) {
      add_proc_line(line, state, ports, result);
    }
  }
  if (!any) {
    return fail("cannot read " + proc + "/net/tcp");
  }
  return result;
}

}  // namespace ipguard::enforce
