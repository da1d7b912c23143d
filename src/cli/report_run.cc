#include "cli/report_run.h"

#include <malloc.h>

#include <algorithm>

#include "base/time.h"
#include "cli/report_chunk.h"
#include "cli/report_counting.h"
#include "cli/report_course.h"
#include "cli/report_progress.h"
#include "cli/report_scan.h"
#include "report/aggregates.h"

namespace ipguard::cli {
namespace {

std::string shown_name(const ReportInput& input) { return input.path == "-" ? "standard input" : input.path; }

// Nothing where all decisions are asked for.
report::Balance::Fits fits_of(const ReportFilter& filter) {
  return filter.any() ? [&filter](const report::DecisionRow& row) { return filter.fits_decision(row); }
                      : report::Balance::Fits();
}

class ReportRun {
 public:
  explicit ReportRun(ReportPlan plan)
      : plan_(std::move(plan)),
        course_(plan_.policy.config, plan_.routes, fits_of(plan_.filter)),
        counting_(plan_, names_, pool_) {
    if (plan_.before) {
      before_.emplace(plan_.before->config, plan_.routes);
    }
    orders_.resize(plan_.inputs.size());
    for (const auto& input : plan_.inputs) {
      names_.push_back(shown_name(input));
      document_.inputs.push_back({.path = names_.back(), .format = input.format, .error = input.error});
    }
  }

  report::Document run() {
    {
      const unsigned one_in = sampling_of(plan_.inputs, plan_.visits_wholly);
      if (std::ranges::any_of(plan_.inputs, &ReportInput::access)) {
        document_.visits_looked_at = 1.0 / one_in;
      }
      const ScanShared shared{.rules = plan_.rules,
                              .inputs = plan_.inputs,
                              .filter = plan_.filter,
                              .evidence_bytes = plan_.policy.config.limits.evidence_bytes,
                              .generated = plan_.generated,
                              .visitors_one_in = one_in};
      ReportScan scan(plan_.inputs, shared, pool_, {.threads = plan_.threads, .chunk_bytes = plan_.chunk_bytes});
      ReportProgress progress(plan_.show_progress ? raw_bytes() : 0);
      scan.run(plan_.generated,
               {.take = [this](const Batch& batch, const Record& record, TimePoint now) { take(batch, record, now); },
                .end_batch = [this](std::unique_ptr<Batch> batch) { end_batch(std::move(batch)); },
                .progress =
                    [&](uint64_t done) {
                      if (plan_.show_progress) {
                        progress.show(done);
                      }
                    }});
    }
    counting_.finish();
    finish();
    return std::move(document_);
  }

 private:
  // How far an input has come.
  struct Order {
    TimePoint latest = TimePoint::min();
    std::optional<uint64_t> line;  // offset of the last one that was out of order
  };

  // Of all files, if the sizes of all are known.
  [[nodiscard]] uint64_t raw_bytes() const {
    uint64_t sum = 0;
    for (const auto& input : plan_.inputs) {
      if (input.error.empty() && input.raw_size == 0 && input.stream != nullptr) {
        return 0;
      }
      sum += input.raw_size;
    }
    return sum;
  }

  void take(const Batch& batch, const Record& record, TimePoint now) {
    note_order(batch.input, record);
    switch (record.kind) {
      case Record::Kind::hit:
        take_hit(batch, record, now);
        return;
      case Record::Kind::login:
        each_course(record.rule, [&](Course& course) { course.take_login(record.address, record.time, now); });
        return;
      case Record::Kind::visit:
        course_.take_visit(record.address, record.good, record.user_known, record.time, now);
        if (before_) {
          before_->take_visit(record.address, record.good, record.user_known, record.time, now);
        }
        return;
    }
  }

  // A log is taken in the order of its lines: where that is not the order of time, offences may be missed. Servers
  // write a request when it is over, with the time when it began: some minutes are nothing to tell of.
  void note_order(size_t input, const Record& record) {
    constexpr std::chrono::minutes ordinary{10};
    Order& order = orders_[input];
    if (record.time >= order.latest) {
      order.latest = record.time;
    } else if (order.latest - record.time > ordinary && order.line != record.offset) {
      order.line = record.offset;
      report::InputRow& row = document_.inputs[input];
      ++row.out_of_order;
      row.furthest_back = std::max(row.furthest_back, std::chrono::duration_cast<Seconds>(order.latest - record.time));
    }
  }

  // Those under whose configuration the rule takes part.
  template <typename Act>
  void each_course(uint16_t rule, const Act& act) {
    if (plan_.policy.rules[rule]) {
      act(course_);
    }
    if (before_ && plan_.before->rules[rule]) {
      act(*before_);
    }
  }

  void take_hit(const Batch& batch, const Record& record, TimePoint now) {
    const model::Hit hit = hit_of(batch, record, plan_.rules->rules()[record.rule]);
    each_course(record.rule, [&](Course& course) { course.take_hit(hit, names_[batch.input], now); });
    if (plan_.policy.rules[record.rule] && record.shown) {
      counting_.take(batch, record);
    }
  }

  void end_batch(std::unique_ptr<Batch> ended) {
    const Batch& batch = *ended;
    report::InputRow& row = document_.inputs[batch.input];
    // A line that a rule has hit was read, whatever its format.
    if (const auto unread = std::min(batch.unread_lines, batch.lines - batch.lines_hit); unread > 0) {
      row.first_unread_line = row.unread_lines == 0 ? row.lines + batch.first_unread_line : row.first_unread_line;
      row.unread_lines += unread;
    }
    row.bytes += batch.bytes;
    row.lines += batch.lines;
    row.overlong_lines += batch.overlong_lines;
    row.ahead += batch.ahead;
    const auto widen = [&batch](std::optional<TimePoint>& first, std::optional<TimePoint>& last) {
      if (batch.first) {
        first = std::min(first.value_or(*batch.first), *batch.first);
        last = std::max(last.value_or(*batch.last), *batch.last);
      }
    };
    widen(row.first, row.last);
    widen(document_.first, document_.last);
    row.error = batch.error.empty() ? row.error : batch.error;
    counting_.end_batch(std::move(ended));
  }

  void finish() {
    for (const auto& input : document_.inputs) {
      document_.bytes += input.bytes;
      document_.lines += input.lines;
    }
    document_.generated = plan_.generated;
    document_.rules = static_cast<uint64_t>(std::ranges::count(plan_.policy.rules, true));
    document_.filters = plan_.filter_words;
    document_.settings = plan_.settings;
    for (const auto& database : plan_.routes->databases()) {
      document_.add_database(database.path, database.build_epoch, database.description);
    }
    finish_groups();
    document_.balance = course_.balance().result(plan_.decisions);
    if (before_) {
      document_.what_if = report::WhatIf{
          .settings = plan_.settings, .before = before_->balance().total(), .after = course_.balance().total()};
    }
  }

  void finish_groups() {
    const report::Aggregates& aggregates = counting_.aggregates();
    document_.evidence = counting_.take_evidence();
    document_.lines_hit = counting_.lines();
    document_.hits = aggregates.hits();
    document_.attacks = aggregates.attacks();
    document_.addresses = aggregates.addresses();
    document_.addresses_error = aggregates.addresses_error();
    document_.memory_budget = aggregates.budget();
    document_.memory_used = aggregates.bytes();
    document_.approximate = aggregates.approximate();
    document_.by = plan_.by;
    document_.groups_total = aggregates.group_count(plan_.by);
    document_.groups = aggregates.rows(plan_.by, plan_.groups);
    if (plan_.top_rows > 0) {
      for (const auto dimension : report::all_dimensions) {
        const bool network = dimension == report::Dimension::address || dimension == report::Dimension::route;
        document_.top[static_cast<size_t>(dimension)] =
            aggregates.rows(dimension, network ? plan_.network_rows : plan_.top_rows);
      }
    }
    document_.timeline = aggregates.timeline();
  }

  ReportPlan plan_;
  Course course_;
  std::optional<Course> before_;
  std::vector<std::string> names_;
  std::vector<Order> orders_;  // of each input
  BatchPool pool_;
  HitCounting counting_;
  report::Document document_;
};

}  // namespace

report::Document run_report(ReportPlan plan) {
  // What tables leave behind when they grow goes back to the system: mallopt(3), by whose own rule such blocks are
  // kept.
  constexpr int given_back_from = 256 << 10;  // bytes
  ::mallopt(M_MMAP_THRESHOLD, given_back_from);
  return ReportRun(std::move(plan)).run();
}

}  // namespace ipguard::cli
