// Enforcer: the one of a dry run (enforcer.h), which keeps what the kernel would hold.
#include <array>
#include <utility>

#include "base/time.h"
#include "enforce/element_mirror.h"
#include "enforce/enforcer.h"
#include "enforce/nft_sets.h"
#include "enforce/protection.h"
#include "enforce/vetting.h"

namespace ipguard::enforce {

namespace {

// The sets as the kernel would hold them: disjoint within a set, an addition of what is there replaces it.
class DryRunEnforcer final : public Enforcer {
 public:
  explicit DryRunEnforcer(Protection& protection) : protection_(&protection) {}

  Result<> prepare() override { return {}; }

  Result<> reconfigure(const config::EnforceConfig& /*config*/, Protection& protection) override {
    protection_ = &protection;
    return {};
  }

  Result<std::vector<model::SetElement>> list(TimePoint /*now*/) override {
    std::vector<model::SetElement> result;
    result.reserve(enforced());
    for (size_t i = 0; i < sets.size(); ++i) {
      mirror_.members(i).each([&](const net::Prefix& prefix, const model::Until& until) {
        result.push_back({sets.at(i).scope, prefix, until.optional()});
      });
    }
    return result;
  }

  model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) override {
    model::ApplyReport report;
    for (const model::SetElement& element : batch.remove) {
      mirror_.erase(element);
      ++report.removed;
    }
    for (const model::SetElement& element : vet(batch.add, {}, *protection_, now, mirror_, report.failures)) {
      const auto& set = mirror_.members(set_index(element.scope, element.prefix.family()));
      if (!mirror_.has(element) && (set.longest_covering(element.prefix) || set.any_inside(element.prefix))) {
        report.failures.push_back({element, "it overlaps another element of the set", false, false});
        continue;
      }
      mirror_.put(element);
      ++report.added;
    }
    return report;
  }

  std::vector<model::ElementFailure> refusals(const std::vector<model::SetElement>& additions, TimePoint now) override {
    std::vector<model::ElementFailure> failures;
    (void)vet(additions, {}, *protection_, now, mirror_, failures);
    return failures;
  }

  void distrust() override {}
  Result<Repair> verify(TimePoint /*now*/) override { return Repair{}; }
  int notification_fd() const override { return -1; }
  const RepairCounters& repairs() const override { return repairs_; }

  Result<bool> holds(const net::Address& address) override {
    for (size_t i = 0; i < sets.size(); ++i) {
      if (mirror_.members(i).longest_covering(net::Prefix(address))) {
        return true;
      }
    }
    return false;
  }

  uint64_t enforced() const override { return mirror_.size(); }

  Result<SetCounters> counters() override {
    return SetCounters{};  // no packet meets a ban in dry-run
  }

  Result<std::vector<std::optional<DropCounters>>> element_counters(
      std::span<const model::SetElement> elements) override {
    return std::vector<std::optional<DropCounters>>(elements.size());
  }

  ConnectionCounters connections() const override { return {}; }

  Result<> remove_all() override {
    mirror_.clear();
    return {};
  }

 private:
  Protection* protection_;
  ElementMirror mirror_;
  RepairCounters repairs_;  // nobody else changes a model
};

}  // namespace

std::unique_ptr<Enforcer> make_dry_run_enforcer(Protection& protection) {
  return std::make_unique<DryRunEnforcer>(protection);
}

}  // namespace ipguard::enforce
