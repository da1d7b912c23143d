#include "daemon/kernel_failures.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::daemon {
namespace {

// Of a transaction that fails as a whole, thousands may be told at once.
constexpr size_t most_told = 20;

// Counts what is to be logged, and says how many were not.
class Told {
 public:
  explicit Told(const char* what) : what_(what) {}
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
  ~Told() {
    if (count_ > most_told) {
      log_warning(std::string(what_) + " " + group_digits(count_ - most_told) + " more elements");
    }
  }
  void tell(const net::Prefix& prefix, const std::string& reason) {
    if (++count_ <= most_told) {
      log_warning(std::string(what_) + " " + prefix.to_target() + (reason.empty() ? "" : ": " + printable(reason)));
    }
  }

 private:
  const char* what_;
  size_t count_ = 0;
};

}  // namespace

void KernelFailures::note(const model::SetBatch& offered, const model::ApplyReport& report) {
  std::map<Place, std::string> failing;
  Told refused("not blocked:");
  Told fresh("the kernel did not take");
  for (const auto& failure : report.failures) {
    if (failure.refused) {
      refused.tell(failure.element.prefix, failure.reason);
      continue;
    }
    const Place place{failure.element.scope, failure.element.prefix};
    if (const auto before = elements_.find(place); before == elements_.end() || before->second != failure.reason) {
      fresh.tell(place.second, failure.reason);
    }
    failing[place] = failure.reason;
  }
  if (!elements_.empty()) {
    Told settled("settled with the kernel after all:");
    for (const auto* elements : {&offered.remove, &offered.add}) {
      for (const auto& element : *elements) {
        const Place place{element.scope, element.prefix};
        if (!failing.contains(place) && elements_.erase(place) > 0) {
          settled.tell(element.prefix, "");
        }
      }
    }
  }
  for (auto& [place, reason] : failing) {
    elements_[place] = std::move(reason);
  }
  if (!any()) {
    attempts_ = 0;
  }
}

bool KernelFailures::set_table_problem(std::string problem) {
  const bool settled = problem.empty() && !table_problem_.empty();
  if (!problem.empty() && problem != table_problem_) {
    log_error("cannot restore table inet ipguard: " + printable(problem));
  }
  table_problem_ = std::move(problem);
  if (!any()) {
    attempts_ = 0;
  }
  return settled;
}

std::string KernelFailures::problem() const {
  if (elements_.empty() || !table_problem_.empty()) {
    return table_problem_;
  }
  const auto& [place, reason] = *elements_.begin();
  std::string text = place.second.to_target() + ": " + reason;
  if (elements_.size() > 1) {
    text += "; and " + group_digits(elements_.size() - 1) + " more";
  }
  return text;
}

std::chrono::milliseconds KernelFailures::retry_delay() const {
  constexpr std::chrono::milliseconds first{1000};
  constexpr std::chrono::milliseconds longest{60'000};
  constexpr unsigned doublings = 6;  // more than enough to get there
  return std::min(longest, first * (1U << std::min(attempts_, doublings)));
}

}  // namespace ipguard::daemon
