#include "match/forwarded_client.h"

#include "base/text.h"

namespace ipguard::match {
namespace {

constexpr size_t longest_address = 64;

bool holds(const net::PrefixSet& proxies, const net::Address& address) {
  return proxies.longest_covering(net::Prefix(address)) != nullptr;
}

}  // namespace

ClientSearch::ClientSearch(const net::PrefixSet& proxies, const net::Address& peer)
    : proxies_(proxies), client_(peer), done_(!holds(proxies, peer)) {}

void ClientSearch::look_at(std::string_view list) {
  if (done_ || list.empty() || list == "-") {
    return;
  }
  for (bool more = true; more && !done_;) {
    const size_t comma = list.rfind(',');
    more = comma != std::string_view::npos;
    const auto entry = trim(more ? list.substr(comma + 1) : list);
    list = list.substr(0, more ? comma : 0);
    client_ = entry.size() > longest_address ? std::nullopt : net::Address::parse_logged(entry);
    done_ = !client_ || !holds(proxies_, *client_);
  }
}

void ClientSearch::give_up() {
  if (!done_) {
    client_.reset();
    done_ = true;
  }
}

std::optional<net::Address> client_behind(const net::PrefixSet& proxies, const net::Address& peer,
                                          std::optional<std::string_view> list) {
  ClientSearch search(proxies, peer);
  if (list) {
    search.look_at(*list);
  } else {
    search.give_up();
  }
  return search.client();
}

}  // namespace ipguard::match
