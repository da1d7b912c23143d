#include "decide/good_clients.h"

#include <algorithm>
#include <iterator>

#include "decide/offender.h"

namespace ipguard::decide {
namespace {

// A later time that says nothing new is worth a write to the store only this much later.
constexpr std::chrono::hours write_interval{1};

// Looking up each prefix costs more than walking through all good clients when there are more prefixes than these /
// this.
constexpr size_t walk_factor = 8;

}  // namespace

GoodClients::Entry& GoodClients::touch(const net::Prefix& client) {
  const auto [it, is_new] = clients_.try_emplace(client);
  Entry& entry = it->second;
  if (is_new) {
    entry.client.client = client;
    entry.place = visitors_.insert(visitors_.end(), client);
    make_room();
  } else {
    file(entry, entry.known);
  }
  return entry;
}

// Puts it at the end of its list: it was heard of last.
void GoodClients::file(Entry& entry, bool known) {
  Order& to = known ? known_ : visitors_;
  to.splice(to.end(), entry.known ? known_ : visitors_, entry.place);
  entry.known = known;
}

void GoodClients::note(Entry& entry, std::optional<TimePoint>& what, TimePoint time) {
  if (what && time - *what < write_interval) {
    what = std::max(*what, time);
    return;
  }
  what = time;
  changed_.insert(entry.client.client);
}

void GoodClients::visited(const net::Address& address, bool good, TimePoint time) {
  Entry& entry = touch(offender_unit(address));
  if (good && !entry.client.visit) {
    good_.insert(entry.client.client);
  }
  note(entry, good ? entry.client.visit : entry.client.spoiled, time);
}

void GoodClients::used(const net::Address& address, TimePoint time) {
  Entry& entry = touch(offender_unit(address));
  file(entry, true);
  good_.insert(entry.client.client);
  note(entry, entry.client.user, time);
}

void GoodClients::logged_in(const net::Address& address, TimePoint time) {
  Entry& entry = touch(offender_unit(address));
  file(entry, true);
  good_.insert(entry.client.client);
  note(entry, entry.client.login, time);
}

void GoodClients::hit(const net::Address& address, TimePoint time) {
  if (const auto it = clients_.find(offender_unit(address)); it != clients_.end()) {
    note(it->second, it->second.client.spoiled, time);
  }
}

void GoodClients::offended(const net::Address& address, TimePoint time) {
  Entry& entry = touch(offender_unit(address));
  file(entry, false);
  good_.erase(entry.client.client);
  entry.client.user.reset();
  entry.client.login.reset();
  entry.client.visit.reset();
  entry.client.spoiled = std::max(entry.client.spoiled.value_or(time), time);
  changed_.insert(entry.client.client);
}

void GoodClients::restore(const model::GoodClient& client) {
  if (clients_.contains(client.client)) {
    return;
  }
  Entry& entry = touch(client.client);
  entry.client = client;
  file(entry, client.user || client.login);
  if (client.visit || client.user || client.login) {
    good_.insert(client.client);
  }
}

std::vector<GoodClients::Found> GoodClients::inside(const std::vector<net::Prefix>& prefixes, TimePoint now) const {
  const TimePoint from = now - config_.remember;
  std::vector<Found> found;
  const auto add = [&](const net::Prefix& client) {
    if (const auto kind = clients_.find(client)->second.client.kind_since(from)) {
      found.push_back({.client = client, .kind = *kind});
    }
  };
  if (prefixes.size() < good_.size() / walk_factor + 1) {
    for (const auto& prefix : prefixes) {
      // An IPv6 prefix narrower than a /64 hits the whole of the client that it is part of.
      const auto unit =
          prefix.family() == net::Family::ipv6 && prefix.length() > 64 ? offender_unit(prefix.address()) : prefix;
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
  const auto it = clients_.find(offender_unit(address));
  return it == clients_.end() ? nullptr : &it->second.client;
}

std::vector<model::GoodClient> GoodClients::take_changes() {
  std::vector<model::GoodClient> changes;
  changes.reserve(changed_.size());
  for (const auto& client : changed_) {
    if (const auto it = clients_.find(client); it != clients_.end()) {
      changes.push_back(it->second.client);
    }
  }
  changed_.clear();
  return changes;
}

void GoodClients::make_room() {
  while (clients_.size() > config_.clients) {
    // The newcomer stands at the end of visitors_: if it is alone there, a known one goes.
    Order& from = visitors_.size() > 1 || known_.empty() ? visitors_ : known_;
    clients_.erase(from.front());
    good_.erase(from.front());
    changed_.erase(from.front());
    from.pop_front();
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
