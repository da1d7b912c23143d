// HitCounting: what a report counts of the hits themselves, beside the decisions that they lead to, on a thread of its
// own: neither needs the other, and each is about half of the work on a hit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/report_batch.h"
#include "cli/report_run.h"
#include "enrich/route_reader.h"
#include "model/hit.h"
#include "report/aggregates.h"
#include "report/document.h"

namespace ipguard::cli {

[[nodiscard]] model::Hit hit_of(const Batch& batch, const Record& record, const model::Rule& rule);

// Counted is in the order of the calls. take(), end_batch() and finish() are the merging thread's; what was counted may
// be asked for after finish().
class HitCounting {
 public:
  // All outlive the counting. `names`: of the inputs. Batches go back to the pool when nobody needs them any more.
  HitCounting(const ReportPlan& plan, const std::vector<std::string>& names, BatchPool& pool);
  ~HitCounting();
  HitCounting(const HitCounting&) = delete;
  HitCounting& operator=(const HitCounting&) = delete;

  // A hit of a rule that takes part. The batch stays as it is until end_batch().
  void take(const Batch& batch, const Record& record);
  // Nothing of the batch follows.
  void end_batch(std::unique_ptr<Batch> batch);
  void finish();

  [[nodiscard]] const report::Aggregates& aggregates() const { return aggregates_; }
  // That have a hit which was counted.
  [[nodiscard]] uint64_t lines() const { return lines_; }
  [[nodiscard]] std::vector<report::EvidenceRow> take_evidence() { return std::move(evidence_); }

 private:
  struct Item {
    const Batch* batch = nullptr;
    const Record* record = nullptr;
  };
  // What goes from one thread to the other at once.
  struct Portion {
    std::vector<Item> hits;
    std::unique_ptr<Batch> ended;  // behind these hits
    bool last = false;
  };

  void hand_over();
  void work();
  void count(const Batch& batch, const Record& record);
  [[nodiscard]] bool is_of_same_line(const Record& record) const;
  [[nodiscard]] bool fits(const model::Hit& hit);
  [[nodiscard]] report::Owner owner_of(const net::Address& address);

  const ReportPlan& plan_;
  const std::vector<std::string>& names_;
  BatchPool& pool_;
  Portion portion_;  // of the merging thread

  // Of the counting thread until finish():
  enrich::RouteReader reader_;
  report::Aggregates aggregates_;
  std::vector<report::EvidenceRow> evidence_;
  std::vector<size_t> evidence_counts_;              // by rule
  const Record* last_counted_ = nullptr;             // of a batch that is not at its end
  std::vector<std::optional<uint64_t>> last_lines_;  // by input: the offset of the last one that was counted
  uint64_t lines_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Portion> waiting_;
  std::jthread thread_;
};

}  // namespace ipguard::cli
