#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "enforce/element_mirror.h"
#include "enforce/enforcer.h"
#include "enforce/netlink_socket.h"
#include "enforce/nft_context.h"
#include "enforce/nft_elements.h"
#include "enforce/nft_queries.h"
#include "enforce/nft_ruleset.h"
#include "enforce/nft_sets.h"
#include "enforce/protection.h"
#include "enforce/vetting.h"
#include "net/cover.h"

namespace ipguard::enforce {

namespace {

Error explained(Error error) {
  if (error.code == Errc::permission) {
    error.message =
        "cannot change nftables: Operation not permitted (needs CAP_NET_ADMIN; --dry-run needs no privilege)";
  }
  return error;
}

ElementOp removal_of(const model::SetElement& element, uint32_t tag) {
  return {.set = set_index(element.scope, element.prefix.family()),
          .first = element.prefix.address(),
          .last = element.prefix.last(),
          .timeout = std::nullopt,
          .tag = tag};
}

ElementOp addition_of(const model::SetElement& element, TimePoint now, uint32_t tag) {
  ElementOp op = removal_of(element, tag);
  op.timeout = kernel_timeout(element.until, now);
  return op;
}

class NftablesEnforcer final : public Enforcer {
 public:
  NftablesEnforcer(const config::EnforceConfig& config, Protection& protection)
      : config_(config), protection_(protection) {}

  Result<> prepare() override {
    auto done = prepare_table();
    if (!done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    return {};
  }

  Result<std::vector<model::SetElement>> list(TimePoint now) override {
    auto elements = read_elements(now);
    if (!elements) {
      return std::unexpected(explained(std::move(elements.error())));
    }
    mirror_.clear();
    for (const model::SetElement& element : *elements) {
      mirror_.put(element);
    }
    return elements;
  }

  Result<bool> verify(TimePoint now) override {
    auto intact = is_intact();
    if (intact && *intact) {
      return false;
    }
    auto restored = intact ? restore(now) : Result<>(std::unexpected(std::move(intact.error())));
    if (!restored) {
      return std::unexpected(explained(std::move(restored.error())));
    }
    return true;
  }

  model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) override {
    model::ApplyReport report;
    const std::vector<model::SetElement> additions = vet(batch.add, protection_, now, report.failures);
    if (batch.remove.empty() && additions.empty()) {
      return report;
    }
    Result<> done;
    if (auto verified = verify(now); !verified) {
      done = std::unexpected(std::move(verified.error()));
    } else {
      done = transact(batch.remove, additions, now, report);
    }
    if (!done && done.error().code == Errc::not_found) {  // somebody deleted the table between the two
      done = restore(now);
      if (done) {
        done = transact(batch.remove, additions, now, report);
      }
    }
    if (!done) {
      const std::string reason = explained(std::move(done.error())).message;
      for (const auto* elements : {&batch.remove, &additions}) {
        for (const model::SetElement& element : *elements) {
          report.failures.push_back({element, reason, false});
        }
      }
    }
    return report;
  }

  Result<bool> holds(const net::Address& address) override {
    auto intact = is_intact();
    if (!intact) {
      return std::unexpected(explained(std::move(intact.error())));
    }
    if (!*intact) {
      return false;  // without its rules the kernel drops nothing, whatever the sets hold
    }
    for (size_t i = 0; i < sets.size(); ++i) {
      if (sets.at(i).family != address.family()) {
        continue;
      }
      auto held = set_holds(*socket_, i, address);
      if (!held) {
        return std::unexpected(explained(std::move(held.error())));
      }
      if (*held) {
        return true;
      }
    }
    return false;
  }

  uint64_t enforced() const override { return mirror_.size(); }

  Result<std::array<DropCounters, model::scope_count>> counters() override {
    if (auto opened = open(); !opened) {
      return std::unexpected(explained(std::move(opened.error())));
    }
    auto result = read_counters(*socket_);
    if (!result) {
      return std::unexpected(explained(std::move(result.error())));
    }
    return result;
  }

  Result<> remove_all() override {
    if (auto opened = open(); !opened) {
      return std::unexpected(explained(std::move(opened.error())));
    }
    if (auto asked = ruleset_generation(*socket_); !asked) {  // libnftables would blame the script for a missing right
      return std::unexpected(explained(std::move(asked.error())));
    }
    if (auto done = nft_.run(removal_script()); !done) {
      return done;
    }
    mirror_.clear();
    state_.reset();
    return {};
  }

 private:
  Result<> open() {
    if (!socket_) {
      auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
      if (!socket) {
        return std::unexpected(std::move(socket.error()));
      }
      socket_ = std::move(*socket);
    }
    return {};
  }

  Result<> prepare_table() {
    if (auto opened = open(); !opened) {
      return opened;
    }
    if (auto shapes = check_shapes(*socket_); !shapes) {
      return shapes;
    }
    auto before = table_state(*socket_);
    if (!before) {
      return std::unexpected(std::move(before.error()));
    }
    if (*before && ((*before)->flags & NFT_TABLE_F_DORMANT) != 0) {
      if (auto woken = nft_.run(wake_script()); !woken) {
        return woken;
      }
    }
    if (auto declared = nft_.run(declaration_script(config_)); !declared) {
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

  // Whether the table is as prepare() left it.
  Result<bool> is_intact() {
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

  // Puts table, chains and what is believed in force back.
  Result<> restore(TimePoint now) {
    const bool first_time = !state_;
    if (auto prepared = prepare_table(); !prepared) {
      return prepared;
    }
    if (mirror_.size() == 0) {
      return {};
    }
    auto present = read_elements(now);
    if (!present) {
      return std::unexpected(std::move(present.error()));
    }
    ElementMirror kernel;
    for (const model::SetElement& element : *present) {
      kernel.put(element);
    }
    std::vector<model::SetElement> missing = mirror_.elements();
    std::erase_if(missing, [&](const model::SetElement& element) { return kernel.has(element); });
    model::ApplyReport report;
    const std::vector<model::SetElement> additions = vet(missing, protection_, now, report.failures);
    for (const model::ElementFailure& failure : report.failures) {
      mirror_.erase(failure.element);
    }
    if (auto done = transact({}, additions, now, report); !done) {
      return done;
    }
    for (const model::ElementFailure& failure : report.failures) {
      mirror_.erase(failure.element);
    }
    if (!first_time) {
      log_warning("the nftables table inet ipguard was changed by another program: put back, with " +
                  std::to_string(report.added) + " elements");
    }
    return {};
  }

  // One transaction; on success the mirror and the report's counts follow it, on an error nothing has changed.
  Result<> transact(const std::vector<model::SetElement>& remove, const std::vector<model::SetElement>& add,
                    TimePoint now, model::ApplyReport& report) {
    std::vector<ElementOp> removals;
    std::vector<ElementOp> additions;
    removals.reserve(remove.size());
    additions.reserve(add.size());
    ElementMirror removed;
    for (const model::SetElement& element : remove) {
      if (!removed.has(element)) {
        removed.put(element);
        removals.push_back(removal_of(element, static_cast<uint32_t>(&element - remove.data())));
      }
    }
    for (const model::SetElement& element : add) {
      if (mirror_.has(element) && !removed.has(element)) {
        removals.push_back(removal_of(element, ElementOp::no_tag));
      }
      additions.push_back(
          addition_of(element, now, static_cast<uint32_t>(remove.size() + static_cast<size_t>(&element - add.data()))));
    }
    uint32_t commits = 0;
    if (removals.empty() && additions.empty()) {
      return {};
    }
    auto outcome = apply_elements(*socket_, std::move(removals), std::move(additions), commits);
    generation_ += commits;
    if (!outcome) {
      return std::unexpected(std::move(outcome.error()));
    }
    record(remove, add, *outcome, report);
    return {};
  }

  void record(const std::vector<model::SetElement>& remove, const std::vector<model::SetElement>& add,
              const std::vector<OpFailure>& failed, model::ApplyReport& report) {
    std::vector<bool> has_failed(remove.size() + add.size());
    for (const OpFailure& failure : failed) {
      has_failed.at(failure.tag) = true;
      const bool removal = failure.tag < remove.size();
      report.failures.push_back(
          {removal ? remove[failure.tag] : add[failure.tag - remove.size()], failure.reason, false});
    }
    for (size_t i = 0; i < remove.size(); ++i) {
      if (!has_failed[i]) {
        mirror_.erase(remove[i]);
        ++report.removed;
      }
    }
    for (size_t i = 0; i < add.size(); ++i) {
      if (!has_failed[remove.size() + i]) {
        mirror_.put(add[i]);
        ++report.added;
      } else {
        mirror_.erase(add[i]);  // a renewal's removal may have gone through
      }
    }
  }

  // What the sets hold, as prefixes. An interval that is none (an administrator may add any range) is cut into
  // prefixes in the kernel too, so that each of them can be removed by itself.
  Result<std::vector<model::SetElement>> read_elements(TimePoint now) {
    if (auto opened = open(); !opened) {
      return std::unexpected(std::move(opened.error()));
    }
    std::vector<model::SetElement> result;
    std::vector<ElementOp> removals;
    std::vector<ElementOp> additions;
    for (size_t i = 0; i < sets.size(); ++i) {
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
          result.push_back({sets.at(i).scope, prefix, until});
          if (prefixes.size() > 1) {
            additions.push_back({i, prefix.address(), prefix.last(), element.left, ElementOp::no_tag});
          }
        }
      }
    }
    if (!removals.empty()) {
      uint32_t commits = 0;
      auto cut = apply_elements(*socket_, std::move(removals), std::move(additions), commits);
      generation_ += commits;
      if (!cut) {
        return std::unexpected(std::move(cut.error()));
      }
    }
    return result;
  }

  config::EnforceConfig config_;
  Protection& protection_;
  NftContext nft_;
  std::optional<NetlinkSocket> socket_;
  ElementMirror mirror_;
  uint32_t generation_ = 0;          // of the ruleset, as of our last look or transaction
  std::optional<TableState> state_;  // as prepare() left it; nullopt before
};

}  // namespace

std::unique_ptr<Enforcer> make_nftables_enforcer(const config::EnforceConfig& config, Protection& protection) {
  return std::make_unique<NftablesEnforcer>(config, protection);
}

}  // namespace ipguard::enforce
