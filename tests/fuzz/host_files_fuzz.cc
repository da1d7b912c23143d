// links: enforce
// Files of the host that say who must stay reachable: resolv.conf, sshd_config, and what /proc tells of connections and
// processes. Users write titles of processes, and the rest is the administrator's: never a crash, bounded, and what a
// plain reading of the same text finds. The first byte says what the rest is.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "enforce/host_network.h"
#include "enforce/ssh_connections.h"
#include "enforce/ssh_processes.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::enforce;
using fuzz::require;

constexpr std::string_view blanks = " \t\r\n\v\f";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> words_of(std::string_view line, std::string_view separators) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (separators.find(c) == std::string_view::npos) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) {
    words.pop_back();
  }
  return words;
}

// Every address that a line begun with "nameserver" names is found; nothing else is.
void check_resolv_conf(const std::string& text) {
  std::vector<net::Address> expected;
  for (const auto& line : lines_of(text)) {
    const auto begin = std::min(line.find_first_not_of(blanks), line.size());
    const std::string_view rest = std::string_view(line).substr(begin);
    const bool named = rest.starts_with("nameserver ") || rest.starts_with("nameserver\t");
    const auto words = named ? words_of(rest.substr(10), " \t\r\n\v\f#;") : std::vector<std::string>();
    // A comment right behind the word leaves no address.
    const auto first = named ? std::min(rest.find_first_not_of(blanks, 10), rest.size()) : 0;
    if (!words.empty() && rest[first] != '#' && rest[first] != ';') {
      if (const auto address = net::Address::parse(words[0]); address && expected.size() < 64) {
        expected.push_back(*address);
      }
    }
  }
  const auto found = parse_resolv_conf(text);
  // Blanks that are no separators (a form feed within a word) make the plain reading see an address where there is
  // none.
  require(text.find_first_of("\v\f\r") != std::string::npos || found == expected, "other resolvers");
  require(found.size() <= 64);
}

std::string lower(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

// "Port N" with a number is heeded, at most 16 of them, none twice, and none that the text does not hold.
void check_sshd_config(const std::string& text) {
  const auto ports = parse_sshd_ports(text);
  require(ports.size() <= 16);
  for (size_t i = 0; i < ports.size(); ++i) {
    require(ports[i] != 0 && text.find(std::to_string(ports[i])) != std::string::npos);
    require(std::find(ports.begin(), ports.begin() + static_cast<ptrdiff_t>(i), ports[i]) ==
            ports.begin() + static_cast<ptrdiff_t>(i));
  }
  for (const auto& line : lines_of(text)) {
    const auto words = words_of(line, " \t");
    if (words.size() == 2 && lower(words[0]) == "port" && words[1].size() <= 5 &&
        words[1].find_first_not_of("0123456789") == std::string::npos) {
      const int port = std::stoi(words[1]);
      require(port == 0 || port > 65535 || ports.size() == 16 ||
                  std::ranges::find(ports, static_cast<uint16_t>(port)) != ports.end(),
              "a port that was not heeded");
    }
  }
}

// What is hexadecimal, all of it, and no larger than `most`.
std::optional<uint64_t> hexadecimal(std::string_view text, uint64_t most) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const bool whole = !text.empty() && error == std::errc{} && end == text.data() + text.size();
  return whole && value <= most ? std::optional(value) : std::nullopt;
}

std::optional<net::Address> kernel_address(std::string_view digits) {
  std::array<uint8_t, 16> bytes{};
  for (size_t word = 0; word < digits.size() / 8; ++word) {
    const auto value = hexadecimal(digits.substr(8 * word, 8), UINT32_MAX);
    if (!value) {
      return std::nullopt;
    }
    const auto number = static_cast<uint32_t>(*value);
    std::memcpy(bytes.data() + 4 * word, &number, sizeof number);
  }
  if (digits.size() == 32) {
    return net::Address::from_ipv6(bytes);
  }
  return net::Address::from_ipv4(uint32_t{bytes[0]} << 24U | uint32_t{bytes[1]} << 16U | uint32_t{bytes[2]} << 8U |
                                 bytes[3]);
}

struct KernelEndpoint {
  net::Address address;
  uint16_t port = 0;
};

std::optional<KernelEndpoint> kernel_endpoint(const std::string& text) {
  const auto colon = text.find(':');
  const auto port = hexadecimal(std::string_view(text).substr(std::min(colon, text.size() - 1) + 1), UINT16_MAX);
  const auto address = colon == 8 || colon == 32 ? kernel_address(text.substr(0, colon)) : std::nullopt;
  return address && port ? std::optional(KernelEndpoint{*address, static_cast<uint16_t>(*port)}) : std::nullopt;
}

// A folder in memory that stands for /proc.
class FakeProc {
 public:
  FakeProc() {
    std::string pattern = "/dev/shm/ipguard-fuzz-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(path_ + "/net");
    std::filesystem::create_directories(path_ + "/71");
  }
  ~FakeProc() { std::filesystem::remove_all(path_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::string& name, std::string_view text) const {
    const UniqueFd fd(::open((path_ + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    require(fd.valid() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

 private:
  std::string path_;
};

const FakeProc& proc() {
  static const FakeProc instance;
  return instance;
}

void check_connections(const std::string& text) {
  proc().write("/net/tcp", text);
  for (const auto state : {TcpState::established, TcpState::listening}) {
    const auto found = tcp_by_proc(proc().path(), state, {22});
    require(found.has_value());
    if (text.find_first_of("\t\r\v\f") != std::string::npos) {
      return;  // blanks that the kernel does not write
    }
    size_t at = 0;
    for (const auto& line : lines_of(text)) {
      const auto words = words_of(line, blanks);
      if (words.size() < 10 || words[3] != (state == TcpState::established ? "01" : "0A")) {
        continue;
      }
      const auto local = kernel_endpoint(words[1]);
      const auto peer = kernel_endpoint(words[2]);
      const bool counted = local && peer && local->port == 22;
      if (counted && words[9].size() > 18) {
        return;  // perhaps more than a number holds
      }
      if (counted && words[9].find_first_not_of("0123456789") == std::string::npos) {
        require(at < found->size(), "a connection that was not found");
        const auto& connection = (*found)[at++];
        require(connection.peer == peer->address && connection.peer_port == peer->port && connection.own_port == 22);
        require(connection.inode == std::stoull(words[9]));
      }
    }
    require(at == found->size(), "a connection that is none");
  }
}

// The title is what a user may write; only the kernel's word on his number makes it a session.
void check_process(std::string_view text) {
  const auto cut = text.find('\x1e');
  const auto title = text.substr(0, cut);
  const auto status = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
  for (const uint32_t user : {0U, 1000U}) {
    if (const auto name = session_user(title, user)) {
      require(!name->empty() && title.find(*name) != std::string_view::npos);
      require(title.starts_with("sshd: ") || title.starts_with("sshd-session: "));
    }
  }
  proc().write("/71/comm", "sshd\n");
  proc().write("/71/cmdline", title);
  proc().write("/71/status", status);
  const bool is_session = is_session_process(proc().path(), 71);
  const auto shown = title.substr(0, 512);  // what is read of it
  require(!is_session || session_user(shown, 0) || session_user(shown, 1000));
  require(is_session || !session_user(shown, 0), "a session that was not seen");
  proc().write("/loadavg", text);
  if (const auto last = last_process(proc().path())) {
    require(*last > 0 && text.find(std::to_string(*last)) != std::string_view::npos);
  }
  require(sshd_processes(proc().path(), std::nullopt, 71) == std::vector<uint32_t>{71});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      check_resolv_conf(text);
      break;
    case 1:
      check_sshd_config(text);
      break;
    case 2:
      check_connections(text);
      break;
    default:
      check_process(text);
      break;
  }
  return 0;
}
