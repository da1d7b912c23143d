// GoodClients: of whom the host's own logs say good, so that a wide ban can say whom it would hit besides attackers.
// Counted are hosts' units (net/site.h). Owned by the loop thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "decide/recent_table.h"
#include "model/good_client.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::decide {

// Bounds: collateral.clients. When it is full, the mere visitor (or the client whose visits say nothing any more) least
// recently heard of gives way, and one that logged in only if there is no visitor left: who floods the host with
// requests from many addresses does not make it forget its users.
class GoodClients {
 public:
  struct Found {
    net::Prefix client;
    model::GoodKind kind;
  };

  // `keeps_changes`: whether take_changes() is called.
  explicit GoodClients(const config::CollateralConfig& config, bool keeps_changes = true)
      : config_(config), keeps_changes_(keeps_changes) {}

  // A request was answered with 2xx or 3xx (good), or with anything else: then the client's visits say nothing.
  void visited(const net::Address& address, bool good, TimePoint time);
  void used(const net::Address& address, TimePoint time);       // by an authenticated user
  void logged_in(const net::Address& address, TimePoint time);  // a login succeeded
  // A rule hit it: its visits say nothing. Whoever is not known is not remembered for that.
  void hit(const net::Address& address, TimePoint time);
  // It committed an offence: nothing good that it did before counts.
  void offended(const net::Address& address, TimePoint time);
  // From the store, at start; less than what is known of it changes nothing.
  void restore(const model::GoodClient& client);

  // Those inside the prefixes (disjoint, in any order) with something good at `now` - remember or later; in order.
  [[nodiscard]] std::vector<Found> inside(const std::vector<net::Prefix>& prefixes, TimePoint now) const;
  [[nodiscard]] const model::GoodClient* find(const net::Address& address) const;
  [[nodiscard]] Seconds remember() const { return config_.remember; }
  [[nodiscard]] size_t size() const { return clients_.size(); }
  [[nodiscard]] uint64_t forgotten() const { return forgotten_; }  // for want of room

  // What the store does not have yet. A client that goes on as it did is new to the store only after an hour.
  [[nodiscard]] std::vector<model::GoodClient> take_changes();

  void reconfigure(const config::CollateralConfig& config);

 private:
  struct ClientTraits {
    static const net::Prefix& key_of(const model::GoodClient& client) { return client.client; }
    static uint64_t hash_of(const net::Prefix& key) { return std::hash<net::Prefix>{}(key); }
  };
  using Clients = RecentTable<model::GoodClient, ClientTraits, 2>;
  // The lists of clients_: mere visitors, and users and logins.
  static constexpr size_t visitors = 0;
  static constexpr size_t known = 1;

  // The client, heard of just now; a visitor if it was not known.
  Clients::Number touch(const net::Prefix& client);
  void use(const net::Address& address, std::optional<TimePoint> model::GoodClient::* what, TimePoint time);
  void note(model::GoodClient& client, std::optional<TimePoint> model::GoodClient::* what, TimePoint time);
  void make_room();

  config::CollateralConfig config_;
  bool keeps_changes_;
  Clients clients_;
  std::set<net::Prefix> good_;  // those of clients_ that ever did something good; most are attackers that did not
  std::set<net::Prefix> changed_;
  uint64_t forgotten_ = 0;
};

// The counts of them by kind.
[[nodiscard]] model::GoodCounts count(const std::vector<GoodClients::Found>& found);

}  // namespace ipguard::decide
