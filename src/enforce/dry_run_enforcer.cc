#include <array>
#include <utility>

#include "enforce/enforcer.h"
#include "enforce/nft_sets.h"
#include "enforce/protection.h"
#include "enforce/vetting.h"
#include "net/prefix_set.h"

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
      for (const auto& [prefix, until] : sets_.at(i).members()) {
        result.push_back({sets.at(i).scope, prefix, until});
      }
    }
    return result;
  }

  model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) override {
    model::ApplyReport report;
    for (const model::SetElement& element : batch.remove) {
      if (set_for(element).erase(element.prefix)) {
        share_.remove(element.prefix);
      }
      ++report.removed;
    }
    const auto is_there = [this](const model::SetElement& element) {
      return set_for(element).find(element.prefix) != nullptr;
    };
    for (const model::SetElement& element : vet(batch.add, *protection_, now, share_, is_there, report.failures)) {
      Set& set = set_for(element);
      if (set.find(element.prefix) == nullptr &&
          (set.longest_covering(element.prefix) != nullptr || !set.inside(element.prefix).empty())) {
        report.failures.push_back({element, "it overlaps another element of the set", false});
        continue;
      }
      if (set.find(element.prefix) == nullptr) {
        share_.add(element.prefix);
      }
      set[element.prefix] = element.until;
      ++report.added;
    }
    return report;
  }

  Result<Repair> verify(TimePoint /*now*/) override { return Repair{}; }
  int notification_fd() const override { return -1; }
  const RepairCounters& repairs() const override { return repairs_; }

  Result<bool> holds(const net::Address& address) override {
    for (const Set& set : sets_) {
      if (set.longest_covering(net::Prefix(address)) != nullptr) {
        return true;
      }
    }
    return false;
  }

  uint64_t enforced() const override {
    uint64_t total = 0;
    for (const Set& set : sets_) {
      total += set.size();
    }
    return total;
  }

  Result<std::array<DropCounters, model::scope_count>> counters() override {
    return std::array<DropCounters, model::scope_count>{};  // no packet meets a ban in dry-run
  }

  Result<std::vector<std::optional<DropCounters>>> element_counters(
      std::span<const model::SetElement> elements) override {
    return std::vector<std::optional<DropCounters>>(elements.size());
  }

  ConnectionCounters connections() const override { return {}; }

  Result<> remove_all() override {
    sets_ = {};
    share_ = {};
    return {};
  }

 private:
  using Set = net::PrefixMap<std::optional<TimePoint>>;

  Set& set_for(const model::SetElement& element) { return sets_.at(set_index(element.scope, element.prefix.family())); }

  Protection* protection_;
  std::array<Set, set_count> sets_;
  AddressShare share_;
  RepairCounters repairs_;  // nobody else changes a model
};

}  // namespace

std::unique_ptr<Enforcer> make_dry_run_enforcer(Protection& protection) {
  return std::make_unique<DryRunEnforcer>(protection);
}

}  // namespace ipguard::enforce
