// [[source]] listen and senders: syslog messages that others send.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/names.h"
#include "base/text.h"
#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr std::string_view examples =
    "write \"udp 127.0.0.1:5514\", \"tcp [::1]:5514\", \"unix /run/ipguard/syslog\" or \"unix-stream PATH\"";

// What is said of an entry that is none, "" if it is one.
std::string parse_endpoint(std::string_view text, ListenEndpoint& endpoint) {
  const auto space = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, space);
  const auto rest = trim(text.substr(space));
  const auto transport = find_name<ListenEndpoint::Transport>(ListenEndpoint::transport_names, word);
  if (!transport) {
    return "listens on nothing known";
  }
  endpoint.transport = *transport;
  if (!endpoint.is_unix()) {
    const auto parsed = net::Endpoint::parse(rest);
    if (!parsed || parsed->port == 0) {
      return "has no address with a port";
    }
    endpoint.endpoint = *parsed;
    return {};
  }
  endpoint.path = rest;
  if (!rest.starts_with('/')) {
    return "has no whole path";
  }
  return rest.size() > max_socket_path ? "has a path longer than 107 bytes, which no Unix socket can have" : "";
}

bool reaches_beyond_this_host(const ListenEndpoint& endpoint) {
  return !endpoint.is_unix() && !net::is_loopback(endpoint.endpoint.address);
}

// "0660", as chmod(1) takes it.
std::optional<uint32_t> parse_mode(std::string_view text) {
  constexpr size_t digits = 4;
  if (text.size() != digits || text[0] != '0' || text.find_first_not_of("01234567") != std::string_view::npos) {
    return std::nullopt;
  }
  uint32_t mode = 0;
  for (const char c : text) {
    mode = mode * 8 + static_cast<uint32_t>(c - '0');
  }
  return mode;
}

std::vector<net::Prefix> loopback() { return {*net::Prefix::parse("127.0.0.0/8"), *net::Prefix::parse("::1")}; }

}  // namespace

void read_socket_mode(TableReader& table, uint32_t& socket_mode) {
  if (const auto mode = table.text("socket_mode")) {
    if (const auto parsed = parse_mode(*mode)) {
      socket_mode = *parsed;
    } else {
      table.error(*table.find("socket_mode"), "socket_mode", in_quotes(*mode) + " is no mode",
                  "write three octal digits behind a 0: \"0660\", or \"0666\" for everybody on this host");
    }
  }
}

void read_listener(SourceConfig& source, TableReader& table, ReadContext& context) {
  std::optional<Place> open_place;
  for (const auto& item : table.texts("listen")) {
    ListenEndpoint endpoint;
    if (const auto problem = parse_endpoint(item.text, endpoint); !problem.empty()) {
      context.error(item.place, "listen: " + in_quotes(item.text, 120) + ' ' + problem, std::string(examples));
      continue;
    }
    if (std::ranges::find(source.listen, endpoint) != source.listen.end()) {
      context.error(item.place, "listen: " + in_quotes(item.text, 120) + " stands here twice");
      continue;
    }
    if (reaches_beyond_this_host(endpoint) && !open_place) {
      open_place = item.place;
    }
    source.listen.push_back(std::move(endpoint));
    source.listen_locations.push_back(context.location(item.place));
  }
  source.senders = loopback();
  if (table.find("senders") != nullptr) {
    source.senders = read_prefixes(table, "senders", "anybody can send lines, and have anybody banned");
  }
  read_socket_mode(table, source.socket_mode);
  if (open_place &&
      std::ranges::all_of(source.senders, [](const auto& each) { return net::is_loopback(each.address()); })) {
    context.warning(*open_place, "listen: other hosts reach this, and none of them may send",
                    "name them, as in senders = [\"192.0.2.0/24\"]");
  }
}

}  // namespace ipguard::config
