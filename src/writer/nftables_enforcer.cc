#include "writer/nftables_enforcer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "enforce/element_mirror.h"
#include "enforce/enforcer.h"
#include "enforce/nft_sets.h"
#include "enforce/protection.h"
#include "enforce/vetting.h"
#include "writer/connection_ender.h"
#include "writer/element_ops.h"
#include "writer/nft_elements.h"
#include "writer/nft_set_queries.h"
#include "writer/nft_table.h"
#include "writer/set_audit.h"

namespace ipguard::writer {

namespace {

Error explained(Error error) {
  if (error.code == Errc::permission) {
    error.message =
        "cannot change nftables: Operation not permitted (needs CAP_NET_ADMIN; --dry-run needs no privilege)";
  }
  return error;
}

// Elements of a set that are listed to see what others changed in it (some 50 ms). A bigger set is written anew.
constexpr size_t most_compared = 20'000;

class NftablesEnforcer final : public enforce::Enforcer {
 public:
  NftablesEnforcer(const config::EnforceConfig& config, enforce::Protection& protection)
      : config_(config), table_(config), protection_(&protection) {}

  Result<> prepare() override {
    auto done = table_.prepare();
    if (!done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    broken_ = false;
    return {};
  }

  Result<> reconfigure(const config::EnforceConfig& config, enforce::Protection& protection) override {
    auto* protection_before = std::exchange(protection_, &protection);
    const auto config_before = std::exchange(config_, config);
    table_.reconfigure(config);
    if (table_.notification_fd() < 0) {
      unchecked_.set();  // nobody would tell of what others do meanwhile
    }
    auto done = prepare();
    if (!done) {
      protection_ = protection_before;
      config_ = config_before;
      table_.reconfigure(config_before);
      if (auto back = prepare(); !back) {
        log_error("cannot restore table inet ipguard: " + back.error().message);
      }
    }
    return done;
  }

  Result<std::vector<model::SetElement>> list(TimePoint now) override {
    unchecked_ |= table_.take_touched();
    auto elements = table_.read_elements(now);
    if (!elements) {
      return std::unexpected(explained(std::move(elements.error())));
    }
    mirror_.clear();
    remember(*elements);
    unchecked_.reset();
    return elements;
  }

  Result<enforce::Repair> verify(TimePoint now) override {
    enforce::Repair repair;
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
    const std::vector<model::SetElement> additions =
        enforce::vet(batch.add, batch.remove, *protection_, now, mirror_, report.failures);
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
    if (done && table_.missed_something()) {
      if (auto restored = restore_table(now, report); !restored) {
        log_warning("what others changed meanwhile is not mended yet: " + restored.error().message);
      }
    }
    if (!done) {
      const std::string reason = explained(std::move(done.error())).message;
      for (const auto* elements : {&batch.remove, &additions}) {
        for (const model::SetElement& element : *elements) {
          report.failures.push_back({element, reason, false, false});
        }
      }
    }
    return report;
  }

  std::vector<model::ElementFailure> refusals(const std::vector<model::SetElement>& additions, TimePoint now) override {
    std::vector<model::ElementFailure> failures;
    (void)enforce::vet(additions, {}, *protection_, now, mirror_, failures);
    return failures;
  }

  void distrust() override { unchecked_.set(); }

  Result<bool> holds(const net::Address& address) override {
    auto intact = table_.is_intact();
    if (!intact) {
      return std::unexpected(explained(std::move(intact.error())));
    }
    if (!*intact) {
      return false;  // without its rules the kernel drops nothing, whatever the sets hold
    }
    for (size_t i = 0; i < enforce::sets.size(); ++i) {
      if (enforce::sets.at(i).family != address.family()) {
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

  uint64_t enforced() const override { return broken_ ? 0 : mirror_.size(); }
  const enforce::RepairCounters& repairs() const override { return repairs_; }
  int notification_fd() const override { return table_.notification_fd(); }

  Result<enforce::SetCounters> counters() override {
    if (auto opened = table_.open(); !opened) {
      return std::unexpected(explained(std::move(opened.error())));
    }
    auto result = read_counters(table_.socket());
    if (!result) {
      return std::unexpected(explained(std::move(result.error())));
    }
    return result;
  }

  Result<std::vector<std::optional<enforce::DropCounters>>> element_counters(
      std::span<const model::SetElement> elements) override {
    if (!config_.element_counters) {
      return std::vector<std::optional<enforce::DropCounters>>(elements.size());
    }
    if (auto opened = table_.open(); !opened) {
      return std::unexpected(explained(std::move(opened.error())));
    }
    auto counters = read_element_counters(table_.socket(), elements);
    if (!counters) {
      return std::unexpected(explained(std::move(counters.error())));
    }
    return counters;
  }

  enforce::ConnectionCounters connections() const override { return connections_.counters(); }

  Result<> remove_all() override {
    if (auto done = table_.remove(); !done) {
      return std::unexpected(explained(std::move(done.error())));
    }
    mirror_.clear();
    return {};
  }

 private:
  void remember(const std::vector<model::SetElement>& elements) {
    for (const model::SetElement& element : elements) {
      mirror_.put(element);
    }
  }

  // Around the sending of elements: the table, if it is not as it was.
  Result<> restore_table(TimePoint now, model::ApplyReport& report) {
    auto intact = table_.is_intact();
    if (!intact) {
      return std::unexpected(std::move(intact.error()));
    }
    if (*intact && !table_.missed_something()) {
      return {};
    }
    enforce::Repair repair;
    auto done = mend(*intact, now, repair);
    record(repair);
    report.failures.insert(report.failures.end(), repair.failures.begin(), repair.failures.end());
    return done;
  }

  // Puts the table back unless it is intact, then every set that is no more what it ought to be.
  Result<> mend(bool intact, TimePoint now, enforce::Repair& repair) {
    broken_ = true;  // unless all goes well
    unchecked_ |= table_.take_touched();
    if (!intact) {
      const bool known = table_.prepared();
      if (table_.notification_fd() < 0) {
        unchecked_.set();  // nobody told which; remembered if the next line fails
      }
      if (auto prepared = table_.prepare(); !prepared) {
        return prepared;
      }
      repair.table = known;
    }
    if (table_.take_remade()) {
      unchecked_.set();  // every set is empty
    }
    if (unchecked_.any()) {
      if (auto mended = mend_sets(now, repair); !mended) {
        return mended;
      }
      unchecked_.reset();
    }
    broken_ = false;
    return {};
  }

  Result<> mend_sets(TimePoint now, enforce::Repair& repair) {
    std::vector<size_t> flushed;
    std::vector<ElementOp> foreign;
    std::vector<ElementOp> removals;
    std::vector<model::SetElement> missing;
    for (size_t i = 0; i < enforce::sets.size(); ++i) {
      if (!unchecked_[i]) {
        continue;
      }
      auto listed = list_small_set(i, most_compared);
      if (!listed) {
        return std::unexpected(std::move(listed.error()));
      }
      const SetAudit audit = audit_set(i, listed->value_or(std::vector<KernelElement>()), mirror_, now);
      for (const model::SetElement& element : audit.departed) {
        mirror_.erase(element);
      }
      if (!*listed) {
        flushed.push_back(i);
        repair.rewritten += audit.missing.size();
      }
      foreign.insert(foreign.end(), audit.foreign.begin(), audit.foreign.end());
      removals.insert(removals.end(), audit.altered.begin(), audit.altered.end());
      missing.insert(missing.end(), audit.missing.begin(), audit.missing.end());
    }
    removals.insert(removals.end(), foreign.begin(), foreign.end());
    if (auto done = put_back(std::move(removals), missing, flushed, now, repair); !done) {
      return done;
    }
    repair.removed = foreign.size();
    log_foreign(foreign);
    return {};
  }

  Result<> put_back(std::vector<ElementOp> removals, const std::vector<model::SetElement>& missing,
                    const std::vector<size_t>& flushed, TimePoint now, enforce::Repair& repair) {
    // What is missing is still in the mirror, so that it counts as covered already.
    const std::vector<model::SetElement> elements =
        enforce::vet(missing, {}, *protection_, now, mirror_, repair.failures);
    std::vector<ElementOp> additions;
    additions.reserve(elements.size());
    for (const model::SetElement& element : elements) {
      additions.push_back(addition_of(element, now, static_cast<uint32_t>(&element - elements.data())));
    }
    if (!removals.empty() || !additions.empty() || !flushed.empty()) {
      auto outcome = table_.change(std::move(removals), std::move(additions), flushed);
      if (!outcome) {
        return std::unexpected(std::move(outcome.error()));
      }
      if (config_.end_connections) {
        connections_.end(elements);  // begun while they were not blocked
      }
      const uint64_t added = elements.size() - outcome->size();
      repair.rewritten = std::min(repair.rewritten, added);
      repair.added = added - repair.rewritten;
      for (const OpFailure& failure : *outcome) {
        repair.failures.push_back({elements[failure.tag], failure.reason, false, false});
      }
    }
    for (const model::ElementFailure& failure : repair.failures) {
      mirror_.erase(failure.element);
    }
    return {};
  }

  void record(const enforce::Repair& repair) {
    if (!repair.any()) {
      return;
    }
    ++repairs_.times;
    repairs_.added += repair.added;
    repairs_.removed += repair.removed;
    log_warning(table_.culprit() + " changed " + (repair.table ? "" : "the sets of ") + "table inet ipguard: " +
                (repair.table ? "its chains are restored, " : "") + std::to_string(repair.added) +
                " element(s) put back, " + std::to_string(repair.removed) + " foreign one(s) removed" +
                (repair.rewritten == 0 ? "" : ", " + std::to_string(repair.rewritten) + " written anew"));
  }

  // One transaction; on success the mirror and the report's counts follow it, on an error nothing has changed.
  Result<> transact(const std::vector<model::SetElement>& remove, const std::vector<model::SetElement>& add,
                    TimePoint now, model::ApplyReport& report) {
    ElementOps ops = ops_for(remove, add, mirror_, now);
    if (ops.removals.empty() && ops.additions.empty()) {
      return {};
    }
    auto outcome = table_.change(std::move(ops.removals), std::move(ops.additions));
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
          {removal ? remove[failure.tag] : add[failure.tag - remove.size()], failure.reason, false, false});
    }
    for (size_t i = 0; i < remove.size(); ++i) {
      if (!has_failed[i]) {
        mirror_.erase(remove[i]);
        ++report.removed;
      }
    }
    std::vector<model::SetElement> added;
    std::vector<model::SetElement> fresh;
    added.reserve(add.size());
    for (size_t i = 0; i < add.size(); ++i) {
      if (has_failed[remove.size() + i]) {
        mirror_.erase(add[i]);  // a renewal's removal may have gone through
        continue;
      }
      added.push_back(add[i]);
      if (config_.end_connections && !mirror_.has(add[i])) {
        fresh.push_back(add[i]);
      }
    }
    remember(added);
    report.added += static_cast<uint32_t>(added.size());
    connections_.end(fresh);
  }

  config::EnforceConfig config_;
  NftTable table_;
  ConnectionEnder connections_;
  enforce::Protection* protection_;
  enforce::ElementMirror mirror_;
  SetMask unchecked_;    // sets that somebody else touched and that were not compared since
  bool broken_ = false;  // the table was not as it should be and could not be restored
  enforce::RepairCounters repairs_;
};

}  // namespace

std::unique_ptr<enforce::Enforcer> make_nftables_enforcer(const config::EnforceConfig& config,
                                                          enforce::Protection& protection) {
  return std::make_unique<NftablesEnforcer>(config, protection);
}

}  // namespace ipguard::writer
