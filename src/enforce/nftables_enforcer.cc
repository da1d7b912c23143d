#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "enforce/element_mirror.h"
#include "enforce/enforcer.h"
#include "enforce/nft_elements.h"
#include "enforce/nft_queries.h"
#include "enforce/nft_sets.h"
#include "enforce/nft_table.h"
#include "enforce/protection.h"
#include "enforce/set_audit.h"
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

// A few of them: who looks for what was removed finds it in the log.
void log_foreign(const std::vector<ElementOp>& elements) {
  constexpr size_t most_named = 5;
  for (size_t i = 0; i < elements.size() && i < most_named; ++i) {
    const ElementOp& element = elements[i];
    log_warning("not a ban of ipguard, removed from set " + std::string(sets.at(element.set).name) + ": " +
                element.first.to_string() +
                (element.first == element.last ? std::string() : " to " + element.last.to_string()));
  }
}

class NftablesEnforcer final : public Enforcer {
 public:
  NftablesEnforcer(const config::EnforceConfig& config, Protection& protection)
      : table_(config), protection_(protection) {}

  Result<> prepare() override {
    auto done = table_.prepare();
    if (!done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    return {};
  }

  Result<std::vector<model::SetElement>> list(TimePoint now) override {
    unchecked_ |= table_.take_touched();
    auto elements = read_elements(now);
    if (!elements) {
      return std::unexpected(explained(std::move(elements.error())));
    }
    mirror_.clear();
    for (const model::SetElement& element : *elements) {
      mirror_.put(element);
    }
    unchecked_.reset();
    return elements;
  }

  Result<Repair> verify(TimePoint now) override {
    Repair repair;
    auto intact = table_.is_intact();
    auto done = intact ? mend(*intact, now, repair) : Result<>(std::unexpected(std::move(intact.error())));
    record(repair);
    if (!done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    return repair;
  }

  model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) override {
    model::ApplyReport report;
    const std::vector<model::SetElement> additions = vet(batch.add, protection_, now, report.failures);
    if (batch.remove.empty() && additions.empty()) {
      return report;
    }
    // Here only what the elements go into is looked at; sets that others touched are verify()'s.
    Result<> done = restore_table(now, report);
    if (done) {
      done = transact(batch.remove, additions, now, report);
    }
    if (!done && done.error().code == Errc::not_found) {  // somebody deleted the table between the two
      done = restore_table(now, report);
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
    auto intact = table_.is_intact();
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
      auto held = set_holds(table_.socket(), i, address);
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
  const RepairCounters& repairs() const override { return repairs_; }
  int notification_fd() const override { return table_.notification_fd(); }

  Result<std::array<DropCounters, model::scope_count>> counters() override {
    if (auto opened = table_.open(); !opened) {
      return std::unexpected(explained(std::move(opened.error())));
    }
    auto result = read_counters(table_.socket());
    if (!result) {
      return std::unexpected(explained(std::move(result.error())));
    }
    return result;
  }

  Result<> remove_all() override {
    if (auto done = table_.remove(); !done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    mirror_.clear();
    return {};
  }

 private:
  // Before elements are sent: the table, if it is not as it was.
  Result<> restore_table(TimePoint now, model::ApplyReport& report) {
    auto intact = table_.is_intact();
    if (!intact) {
      return std::unexpected(std::move(intact.error()));
    }
    if (*intact) {
      return {};
    }
    Repair repair;
    auto done = mend(false, now, repair);
    record(repair);
    report.failures.insert(report.failures.end(), repair.failures.begin(), repair.failures.end());
    return done;
  }

  // Puts the table back unless it is intact, then every set that is no more what it ought to be.
  Result<> mend(bool intact, TimePoint now, Repair& repair) {
    unchecked_ |= table_.take_touched();
    if (!intact) {
      const bool known = table_.prepared();
      unchecked_.set();  // remembered if the next line fails
      if (auto prepared = table_.prepare(); !prepared) {
        return prepared;
      }
      repair.table = known;
    }
    if (unchecked_.none()) {
      return {};
    }
    if (auto mended = mend_sets(now, repair); !mended) {
      return mended;
    }
    unchecked_.reset();
    return {};
  }

  Result<> mend_sets(TimePoint now, Repair& repair) {
    std::vector<ElementOp> foreign;
    std::vector<ElementOp> removals;
    std::vector<model::SetElement> missing;
    for (size_t i = 0; i < sets.size(); ++i) {
      if (!unchecked_[i]) {
        continue;
      }
      auto listed = list_set(table_.socket(), i);
      if (!listed) {
        return std::unexpected(std::move(listed.error()));
      }
      const SetAudit audit = audit_set(i, *listed, mirror_, now);
      for (const model::SetElement& element : audit.departed) {
        mirror_.erase(element);
      }
      foreign.insert(foreign.end(), audit.foreign.begin(), audit.foreign.end());
      removals.insert(removals.end(), audit.altered.begin(), audit.altered.end());
      missing.insert(missing.end(), audit.missing.begin(), audit.missing.end());
    }
    removals.insert(removals.end(), foreign.begin(), foreign.end());
    if (auto done = put_back(std::move(removals), missing, now, repair); !done) {
      return done;
    }
    repair.removed = foreign.size();
    log_foreign(foreign);
    return {};
  }

  Result<> put_back(std::vector<ElementOp> removals, const std::vector<model::SetElement>& missing, TimePoint now,
                    Repair& repair) {
    const std::vector<model::SetElement> elements = vet(missing, protection_, now, repair.failures);
    std::vector<ElementOp> additions;
    additions.reserve(elements.size());
    for (const model::SetElement& element : elements) {
      additions.push_back(addition_of(element, now, static_cast<uint32_t>(&element - elements.data())));
    }
    if (!removals.empty() || !additions.empty()) {
      uint32_t commits = 0;
      auto outcome = apply_elements(table_.socket(), std::move(removals), std::move(additions), commits);
      table_.committed(commits);
      if (!outcome) {
        return std::unexpected(std::move(outcome.error()));
      }
      repair.added = elements.size() - outcome->size();
      for (const OpFailure& failure : *outcome) {
        repair.failures.push_back({elements[failure.tag], failure.reason, false});
      }
    }
    for (const model::ElementFailure& failure : repair.failures) {
      mirror_.erase(failure.element);
    }
    return {};
  }

  void record(const Repair& repair) {
    if (!repair.any()) {
      return;
    }
    ++repairs_.times;
    repairs_.added += repair.added;
    repairs_.removed += repair.removed;
    log_warning(table_.culprit() + " changed " + (repair.table ? "" : "the sets of ") + "table inet ipguard: " +
                (repair.table ? "its chains are restored, " : "") + std::to_string(repair.added) +
                " element(s) put back, " + std::to_string(repair.removed) + " foreign one(s) removed");
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
    auto outcome = apply_elements(table_.socket(), std::move(removals), std::move(additions), commits);
    table_.committed(commits);
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
    if (auto opened = table_.open(); !opened) {
      return std::unexpected(std::move(opened.error()));
    }
    std::vector<model::SetElement> result;
    std::vector<ElementOp> removals;
    std::vector<ElementOp> additions;
    for (size_t i = 0; i < sets.size(); ++i) {
      auto listed = list_set(table_.socket(), i);
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
      auto cut = apply_elements(table_.socket(), std::move(removals), std::move(additions), commits);
      table_.committed(commits);
      if (!cut) {
        return std::unexpected(std::move(cut.error()));
      }
    }
    return result;
  }

  NftTable table_;
  Protection& protection_;
  ElementMirror mirror_;
  SetMask unchecked_;  // sets that somebody else touched and that were not compared since
  RepairCounters repairs_;
};

}  // namespace

std::unique_ptr<Enforcer> make_nftables_enforcer(const config::EnforceConfig& config, Protection& protection) {
  return std::make_unique<NftablesEnforcer>(config, protection);
}

}  // namespace ipguard::enforce
