// NftTable: table, chains and sets of `inet ipguard` as a whole, and whether they are still as we left them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "enforce/netlink_socket.h"
#include "model/set_batch.h"
#include "writer/nft_context.h"
#include "writer/nft_elements.h"
#include "writer/nft_queries.h"
#include "writer/ruleset_watch.h"

namespace ipguard::writer {

// Owned by the enforcer.
class NftTable {
 public:
  explicit NftTable(const config::EnforceConfig& config) : config_(config) {}
  // For the next prepare().
  void reconfigure(const config::EnforceConfig& config) { config_ = config; }

  // Opens the sockets if need be; everything below does so by itself, except socket().
  [[nodiscard]] Result<> open();
  // For elements; after open().
  [[nodiscard]] enforce::NetlinkSocket& socket() { return *socket_; }

  // Declares what is missing, replaces the chains, deletes chains of others; elements stay. Errc::invalid if there is
  // such a table in another shape; once ours was prepared, one like that is deleted and made anew.
  [[nodiscard]] Result<> prepare();
  [[nodiscard]] bool prepared() const { return state_.has_value(); }
  // Whether table, chains and rules are as prepare() left them. One short question when nobody touched the ruleset, a
  // few when somebody did. Says nothing of elements.
  [[nodiscard]] Result<bool> is_intact();
  // Changes elements, as apply_elements() does.
  [[nodiscard]] Result<std::vector<OpFailure>> change(std::vector<ElementOp> removals, std::vector<ElementOp> additions,
                                                      const std::vector<size_t>& flushed = {});
  // What the sets hold, as prefixes. An interval that is none (an administrator may add any range) is cut into prefixes
  // in the kernel too, so that each of them can be removed by itself.
  [[nodiscard]] Result<std::vector<model::SetElement>> read_elements(TimePoint now);
  // Whether somebody else changed something during a change() so big that nobody listened: notification_fd() is silent
  // about it, is_intact() and take_touched() tell.
  [[nodiscard]] bool missed_something() const { return missed_; }
  // Whether prepare() had to make the table anew since the last call: then it is empty.
  [[nodiscard]] bool take_remade() { return std::exchange(remade_, false); }
  // The sets whose elements somebody else may have changed since the last call.
  [[nodiscard]] SetMask take_touched();
  [[nodiscard]] Result<> remove();

  // As of RulesetWatch; -1 before open().
  [[nodiscard]] int notification_fd() const { return watch_ ? watch_->fd() : -1; }
  [[nodiscard]] std::string culprit() const { return watch_ ? watch_->culprit() : "another program"; }

 private:
  [[nodiscard]] Result<> declare(const std::optional<TableState>& before, const std::string& first);
  [[nodiscard]] Result<> renew_sets(const std::vector<size_t>& indices);

  config::EnforceConfig config_;
  NftContext nft_;
  std::optional<enforce::NetlinkSocket> socket_;
  std::optional<RulesetWatch> watch_;
  uint32_t generation_ = 0;  // of the ruleset, as of our last look or transaction
  bool missed_ = false;
  bool remade_ = false;
  bool foreign_generation_ = false;  // for want of notifications: somebody changed something since take_touched()
  std::optional<TableState> state_;  // as prepare() left it; nullopt before
};

}  // namespace ipguard::writer
