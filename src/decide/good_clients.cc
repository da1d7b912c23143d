#include "decide/good_clients.h"

#include <algorithm>
#include <iterator>

#include "net/site.h"

namespace ipguard::decide {
namespace {

// A later time that says nothing new is worth a write to the store only this much later.
constexpr std::chrono::hours write_interval{1};

// Looking up each prefix costs more than walking through all good clients when there are more prefixes than these /
// this.
constexpr size_t walk_factor = 8;

}  // namespace

GoodClients::Clients::Number GoodClients::touch(const net::Prefix& client) {
  const auto number = clients_.find(client);
  if (number != Clients::none) {
    clients_.refresh(number);
    return number;
  }
  const auto fresh = clients_.add({.client = client, .visit = {}, .user = {}, .login = {}, .spoiled = {}}, visitors);
  make_room();
  return fresh;
}

void GoodClients::note(model::GoodClient& client, std::optional<TimePoint> model::GoodClient::* what, TimePoint time) {
  auto& latest = client.*what;
  if (latest && time - *latest < write_interval) {
    latest = std::max(*latest, time);
    return;
  }
  latest = time;
  if (keeps_changes_) {
    changed_.insert(client.client);
  }
}

void GoodClients::visited(const net::Address& address, bool good, TimePoint time) {
  model::GoodClient& client = clients_.at(touch(net::host_unit(address)));
  if (good && !client.visit) {
    good_.insert(client.client);
  }
  note(client, good ? &model::GoodClient::visit : &model::GoodClient::spoiled, time);
}

void GoodClients::use(const net::Address& address, std::optional<TimePoint> model::GoodClient::* what, TimePoint time) {
  const auto number = touch(net::host_unit(address));
  clients_.refresh(number, known);
  good_.insert(clients_.at(number).client);
  note(clients_.at(number), what, time);
}

void GoodClients::used(const net::Address& address, TimePoint time) { use(address, &model::GoodClient::user, time); }

void GoodClients::logged_in(const net::Address& address, TimePoint time) {
  use(address, &model::GoodClient::login, time);
}

void GoodClients::hit(const net::Address& address, TimePoint time) {
  if (const auto number = clients_.find(net::host_unit(address)); number != Clients::none) {
    note(clients_.at(number), &model::GoodClient::spoiled, time);
  }
}

void GoodClients::offended(const net::Address& address, TimePoint time) {
  const auto number = touch(net::host_unit(address));
  clients_.refresh(number, visitors);
  model::GoodClient& client = clients_.at(number);
  good_.erase(client.client);
  client.user.reset();
  client.login.reset();
  client.visit.reset();
  client.spoiled = std::max(client.spoiled.value_or(time), time);
  if (keeps_changes_) {
    changed_.insert(client.client);
  }
}

void GoodClients::restore(const model::GoodClient& client) {
  if (clients_.find(client.client) != Clients::none) {
    return;
  }
  const auto number = touch(client.client);
  clients_.at(number) = client;
  clients_.refresh(number, client.user || client.login ? known : visitors);
  if (client.visit || client.user || client.login) {
    good_.insert(client.client);
  }
}

std::vector<GoodClients::Found> GoodClients::inside(const std::vector<net::Prefix>& prefixes, TimePoint now) const {
  const TimePoint from = now - config_.remember;
  std::vector<Found> found;
  const auto add = [&](const net::Prefix& client) {
    if (const auto kind = clients_.at(clients_.find(client)).kind_since(from)) {
      found.push_back({.client = client, .kind = *kind});
    }
  };
  if (prefixes.size() < good_.size() / walk_factor + 1) {
    for (const auto& prefix : prefixes) {
      // An IPv6 prefix narrower than a /64 hits the whole of the client that it is part of.
      const auto unit = prefix.family() == net::Family::ipv6 && prefix.length() > net::subnet_length
                            ? net::host_unit(prefix.address())
                            : prefix;
      for (auto it = good_.lower_bound(unit); it != good_.end() && unit.contains(*it); ++it) {
        add(*it);
      }
    }
  } else {
    auto sorted = prefixes;
    std::ranges::sort(sorted);
    for (const auto& client : good_) {
      // The last prefix that begins in or before the client; disjoint ones cannot both hold its end.
      const auto after = std::ranges::upper_bound(sorted, net::Prefix(client.last()));
      if (after != sorted.begin() && std::prev(after)->overlaps(client)) {
        add(client);
      }
    }
  }
  const auto by_client = [](const Found& one) { return one.client; };
  std::ranges::sort(found, {}, by_client);
  const auto repeated = std::ranges::unique(found, {}, by_client);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

const model::GoodClient* GoodClients::find(const net::Address& address) const {
  const auto number = clients_.find(net::host_unit(address));
  return number == Clients::none ? nullptr : &clients_.at(number);
}

std::vector<model::GoodClient> GoodClients::take_changes() {
  std::vector<model::GoodClient> changes;
  changes.reserve(changed_.size());
  for (const auto& client : changed_) {
    if (const auto number = clients_.find(client); number != Clients::none) {
      changes.push_back(clients_.at(number));
    }
  }
  changed_.clear();
  return changes;
}

void GoodClients::make_room() {
  while (clients_.size() > config_.clients) {
    // The newcomer stands at the end of the visitors: if it is alone there, a known one goes.
    const bool visitor = clients_.size(visitors) > 1 || clients_.size(known) == 0;
    const auto gone = clients_.oldest(visitor ? visitors : known);
    good_.erase(clients_.at(gone).client);
    changed_.erase(clients_.at(gone).client);
    clients_.erase(gone);
    ++forgotten_;
  }
}

void GoodClients::reconfigure(const config::CollateralConfig& config) {
  config_ = config;
  make_room();
}

model::GoodCounts count(const std::vector<GoodClients::Found>& found) {
  model::GoodCounts counts;
  for (const auto& one : found) {
    counts.add(one.kind);
  }
  return counts;
}

}  // namespace ipguard::decide
