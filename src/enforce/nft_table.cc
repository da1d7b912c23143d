#include "enforce/nft_table.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "enforce/nft_ruleset.h"

namespace ipguard::enforce {

Result<> NftTable::open() {
  if (!socket_) {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
      return std::unexpected(std::move(socket.error()));
    }
    socket_ = std::move(*socket);
  }
  return {};
}

Result<> NftTable::declare(const std::optional<TableState>& before) {
  std::vector<uint64_t> intruders;
  if (before) {
    if ((before->flags & NFT_TABLE_F_DORMANT) != 0) {
      if (auto woken = nft_.run(wake_script()); !woken) {
        return woken;
      }
    }
    for (const ChainState& chain : before->chains) {
      if (!is_own_chain(chain.name)) {
        intruders.push_back(chain.handle);
      }
    }
  }
  if (!intruders.empty()) {
    auto done = nft_.run(eviction_script(intruders) + declaration_script(config_));
    if (done) {
      log_warning("deleted " + std::to_string(intruders.size()) + " chain(s) of others from table inet ipguard");
      return {};
    }
    log_warning("chains of others stay in table inet ipguard: " + done.error().message);
  }
  return nft_.run(declaration_script(config_));
}

Result<> NftTable::prepare() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  if (auto shapes = check_shapes(*socket_); !shapes) {
    return shapes;
  }
  if (!watch_) {  // before anything is listed, so that no change falls between
    watch_.emplace(socket_->port());
  }
  auto before = table_state(*socket_);
  if (!before) {
    return std::unexpected(std::move(before.error()));
  }
  if (auto declared = declare(*before); !declared) {
    return declared;
  }
  // The generation first: a change by others in between is then noticed at the next question.
  auto generation = ruleset_generation(*socket_);
  if (!generation) {
    return std::unexpected(std::move(generation.error()));
  }
  auto after = table_state(*socket_);
  if (!after) {
    return std::unexpected(std::move(after.error()));
  }
  generation_ = *generation;
  state_ = std::move(*after);
  return {};
}

Result<bool> NftTable::is_intact() {
  if (auto opened = open(); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  auto generation = ruleset_generation(*socket_);
  if (!generation) {
    return std::unexpected(std::move(generation.error()));
  }
  if (!state_) {
    return false;
  }
  if (*generation == generation_) {
    return true;
  }
  foreign_generation_ = true;
  auto state = table_state(*socket_);
  if (!state) {
    return std::unexpected(std::move(state.error()));
  }
  if (*state != state_) {
    return false;
  }
  generation_ = *generation;
  return true;
}

SetMask NftTable::take_touched() {
  const bool foreign = std::exchange(foreign_generation_, false);
  if (watch_ && watch_->fd() >= 0) {
    return watch_->drain();
  }
  return foreign ? SetMask().set() : SetMask();
}

Result<> NftTable::remove() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  if (auto asked = ruleset_generation(*socket_); !asked) {  // libnftables would blame the script for a missing right
    return std::unexpected(std::move(asked.error()));
  }
  if (auto done = nft_.run(removal_script()); !done) {
    return done;
  }
  state_.reset();
  return {};
}

}  // namespace ipguard::enforce
