// KernelFailures: what the kernel did not take, for the log (once, not with every attempt), for `status`, and how long
// to wait before it is offered again. Owned by the guard.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "model/set_batch.h"

namespace ipguard::daemon {

class KernelFailures {
 public:
  // After each apply(): of what was offered, what fails now is all that fails. Logs what is new, what came through
  // after all, and what was refused (that is not offered again).
  void note(const model::SetBatch& offered, const model::ApplyReport& report);
  // What is wrong with the table as a whole; empty = nothing. True if something was and is no more.
  bool set_table_problem(std::string problem);
  // One more attempt is made: the next one is longer in coming.
  void attempt() { ++attempts_; }
  // Things have changed: as if nothing had been tried yet.
  void start_over() { attempts_ = 0; }

  [[nodiscard]] bool any() const { return !elements_.empty() || !table_problem_.empty(); }
  [[nodiscard]] size_t elements() const { return elements_.size(); }
  // One sentence; empty when there is nothing.
  [[nodiscard]] std::string problem() const;
  // One second, and twice as long after each attempt in vain, up to a minute.
  [[nodiscard]] std::chrono::milliseconds retry_delay() const;

 private:
  using Place = std::pair<model::Scope, net::Prefix>;

  std::map<Place, std::string> elements_;  // and why
  std::string table_problem_;
  unsigned attempts_ = 0;  // since nothing failed
};

}  // namespace ipguard::daemon
