// NftTable: table, chains and sets of `inet ipguard` as a whole, and whether they are still as we left them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "enforce/netlink_socket.h"
#include "enforce/nft_context.h"
#include "enforce/nft_queries.h"
#include "enforce/ruleset_watch.h"

namespace ipguard::enforce {

// Owned by the enforcer.
class NftTable {
 public:
  explicit NftTable(const config::EnforceConfig& config) : config_(config) {}

  // Opens the sockets if need be; everything below does so by itself, except socket().
  [[nodiscard]] Result<> open();
  // For elements; after open().
  [[nodiscard]] NetlinkSocket& socket() { return *socket_; }

  // Declares what is missing, replaces the chains, deletes chains of others; elements stay.
  [[nodiscard]] Result<> prepare();
  [[nodiscard]] bool prepared() const { return state_.has_value(); }
  // Whether table, chains and rules are as prepare() left them. One short question when nobody touched the ruleset, a
  // few when somebody did. Says nothing of elements.
  [[nodiscard]] Result<bool> is_intact();
  // To be called with the number of our own transactions after them: others' are known by the gap.
  void committed(uint32_t transactions) { generation_ += transactions; }
  // The sets whose elements somebody else may have changed since the last call.
  [[nodiscard]] SetMask take_touched();
  [[nodiscard]] Result<> remove();

  // As of RulesetWatch; -1 before open().
  [[nodiscard]] int notification_fd() const { return watch_ ? watch_->fd() : -1; }
  [[nodiscard]] std::string culprit() const { return watch_ ? watch_->culprit() : "another program"; }

 private:
  [[nodiscard]] Result<> declare(const std::optional<TableState>& before);

  config::EnforceConfig config_;
  NftContext nft_;
  std::optional<NetlinkSocket> socket_;
  std::optional<RulesetWatch> watch_;
  uint32_t generation_ = 0;          // of the ruleset, as of our last look or transaction
  bool foreign_generation_ = false;  // for want of notifications: somebody changed something since take_touched()
  std::optional<TableState> state_;  // as prepare() left it; nullopt before
};

}  // namespace ipguard::enforce
