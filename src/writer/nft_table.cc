#include "writer/nft_table.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "enforce/nft_sets.h"
#include "net/cover.h"
#include "writer/nft_ruleset.h"
#include "writer/nft_set_queries.h"

namespace ipguard::writer {

Result<> NftTable::open() {
  if (!socket_) {
    auto socket = enforce::NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
      return std::unexpected(std::move(socket.error()));
    }
    socket_ = std::move(*socket);
  }
  return {};
}

Result<> NftTable::declare(const std::optional<TableState>& before, const std::string& first) {
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
    auto done = nft_.run(eviction_script(intruders) + first + declaration_script(config_));
    if (done) {
      log_warning("deleted " + std::to_string(intruders.size()) + " chain(s) of others from table inet ipguard");
      return {};
    }
    log_warning("chains of others stay in table inet ipguard: " + done.error().message);
  }
  return nft_.run(first + declaration_script(config_));
}

Result<std::vector<OpFailure>> NftTable::change(std::vector<ElementOp> removals, std::vector<ElementOp> additions,
                                                const std::vector<size_t>& flushed) {
  constexpr size_t big = 2000;  // below, leaving and joining the group costs more than it saves
  const bool quiet = watch_ && removals.size() + additions.size() >= big;
  if (quiet) {
    watch_->set_listening(false);
  }
  uint32_t commits = 0;
  auto outcome = apply_elements(*socket_, std::move(removals), std::move(additions), commits, flushed);
  generation_ += commits;
  if (quiet) {
    watch_->set_listening(true);
    const auto generation = ruleset_generation(*socket_);
    missed_ = missed_ || !generation || *generation != generation_;
  }
  return outcome;
}

// Sets of another configuration are made anew; their elements come along, with the time that is left to them.
Result<> NftTable::renew_sets(const std::vector<size_t>& indices) {
  std::vector<ElementOp> elements;
  std::vector<std::string_view> names;
  for (const size_t index : indices) {
    auto listed = list_set(*socket_, index);
    if (!listed) {
      return std::unexpected(std::move(listed.error()));
    }
    for (const KernelElement& element : *listed) {
      elements.push_back({index, element.first, element.last, element.left, ElementOp::no_tag});
    }
    names.push_back(enforce::sets.at(index).name);
  }
  auto before = table_state(*socket_);
  if (!before) {
    return std::unexpected(std::move(before.error()));
  }
  if (auto declared = declare(*before, set_removal_script(names)); !declared) {
    return declared;
  }
  auto put_back = change({}, std::move(elements));
  return put_back ? Result<>() : std::unexpected(std::move(put_back.error()));
}

Result<> NftTable::prepare() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  auto other_counters = check_shapes(*socket_, config_.element_counters);
  if (!other_counters && other_counters.error().code == Errc::invalid && prepared()) {
    // It was ours a moment ago, and its name is ours alone: what somebody put in its place goes. (At start it is for a
    // person to say whether it may.)
    if (auto removed = nft_.run(removal_script()); !removed) {
      return std::unexpected(std::move(other_counters.error()).with_context(removed.error().message));
    }
    log_warning("deleted and made anew: " + other_counters.error().message);
    remade_ = true;
    other_counters = std::vector<size_t>();
  }
  if (!other_counters) {
    return std::unexpected(other_counters.error());
  }
  if (!watch_) {  // before anything is listed, so that no change falls between
    watch_.emplace(socket_->port());
  }
  if (!other_counters->empty()) {
    if (auto renewed = renew_sets(*other_counters); !renewed) {
      return renewed;
    }
  }
  auto before = table_state(*socket_);
  if (!before) {
    return std::unexpected(std::move(before.error()));
  }
  if (auto declared = declare(*before, ""); !declared) {
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

Result<std::vector<model::SetElement>> NftTable::read_elements(TimePoint now) {
  if (auto opened = open(); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  std::vector<model::SetElement> result;
  std::vector<ElementOp> removals;
  std::vector<ElementOp> additions;
  for (size_t i = 0; i < enforce::sets.size(); ++i) {
    auto listed = list_set(*socket_, i);
    if (!listed) {
      return std::unexpected(std::move(listed.error()));
    }
    for (const KernelElement& element : *listed) {
      std::optional<TimePoint> until;
      if (element.left) {
        until = now + *element.left - kernel_backstop;
      }
      const std::vector<net::Prefix> prefixes = net::range_to_prefixes(element.first, element.last);
      if (prefixes.size() > 1) {
        removals.push_back({i, element.first, element.last, std::nullopt, ElementOp::no_tag});
      }
      for (const net::Prefix& prefix : prefixes) {
        result.push_back({enforce::sets.at(i).scope, prefix, until});
        if (prefixes.size() > 1) {
          additions.push_back({i, prefix.address(), prefix.last(), element.left, ElementOp::no_tag});
        }
      }
    }
  }
  if (!removals.empty()) {
    auto cut = change(std::move(removals), std::move(additions));
    if (!cut) {
      return std::unexpected(std::move(cut.error()));
    }
  }
  return result;
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
  if (std::exchange(missed_, false)) {
    if (watch_) {
      (void)watch_->drain();
    }
    return SetMask().set();
  }
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

}  // namespace ipguard::writer
