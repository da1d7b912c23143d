#include "daemon/report_command.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/text.h"
#include "report/document_json.h"
#include "report/sliding.h"

namespace ipguard::daemon {
namespace {

using control::Json;
using Portion = std::optional<std::vector<std::string>>;

constexpr size_t most_groups = 10'000;
constexpr size_t most_top = 2'000;
constexpr size_t most_decisions = 10'000;
constexpr std::chrono::milliseconds turn{4};
constexpr size_t groups_at_once = 100;  // a look-up in the database each
constexpr size_t decisions_at_once = 50;

struct Wanted {
  report::Dimension by = report::Dimension::address;
  size_t groups = 20;
  size_t top = 0;
  size_t decisions = 20;
};

Result<Wanted> wanted_of(const Json& arguments) {
  Wanted wanted;
  const auto name = arguments.value("by", std::string(report::to_string(wanted.by)));
  const auto by = report::dimension_from(name);
  if (!by) {
    return fail(Errc::invalid, "by: " + in_quotes(name, 40) + " is nothing that hits are grouped by");
  }
  wanted.by = *by;
  wanted.groups = std::min(arguments.value("groups", wanted.groups), most_groups);
  wanted.top = std::min(arguments.value("top", wanted.top), most_top);
  wanted.decisions = std::min(arguments.value("decisions", wanted.decisions), most_decisions);
  return wanted;
}

std::vector<report::Dimension> dimensions_of(const Wanted& wanted) {
  return wanted.top > 0 ? std::vector(report::all_dimensions.begin(), report::all_dimensions.end())
                        : std::vector{wanted.by};
}

// One answer on its way. Destroyed when it is written, or when its client has gone.
class LiveAnswer {
 public:
  LiveAnswer(CommandContext& context, Wanted wanted, TimePoint now)
      : context_(context),
        wanted_(wanted),
        now_(now),
        merge_(context.guard.live_report().aggregates(), dimensions_of(wanted), now) {}
  LiveAnswer(const LiveAnswer&) = delete;
  LiveAnswer& operator=(const LiveAnswer&) = delete;

  // As much as can be had in some milliseconds; nullopt at the end.
  Portion next() {
    const auto until = std::chrono::steady_clock::now() + turn;
    std::vector<std::string> items;
    do {
      auto more = piece();
      if (!more) {
        return items.empty() ? std::nullopt : Portion(std::move(items));
      }
      std::ranges::move(*more, std::back_inserter(items));
    } while (std::chrono::steady_clock::now() < until);
    return items;
  }

 private:
  struct List {
    report::Dimension dimension;
    bool top;  // else it is the groups
    size_t most;
    std::optional<std::vector<uint32_t>> order;
    size_t done = 0;
  };

  Portion piece() {
    if (!merged_) {
      merged_ = !merge_.advance();
      return merged_ ? Portion({report::head_json(head())}) : std::vector<std::string>{};
    }
    if (lists_.empty() && !listed_) {
      list_all();
    }
    while (!lists_.empty()) {
      if (auto text = next_rows()) {
        return std::vector{std::move(*text)};
      }
    }
    return next_decisions();
  }

  report::Document head() {
    const auto& loaded = context_.guard.loaded();
    const auto& balance = context_.guard.live_report().balance();
    report::Document document;
    document.generated = now_;
    document.running = running();
    merge_.describe(document);
    document.rules = loaded.rules->rules().size() + loaded.traps.size();
    document.by = wanted_.by;
    document.groups_total = merge_.aggregates().group_count(wanted_.by);
    for (const auto& database : loaded.routes->databases()) {
      document.add_database(database.path, database.build_epoch, database.description);
    }
    for (const auto& source : context_.sources()) {
      document.inputs.push_back({.path = source.path,
                                 .bytes = source.bytes,
                                 .lines = source.lines,
                                 .problems_known = false,
                                 .overlong_lines = source.overlong_lines});
      document.running->lines += source.lines;
    }
    const auto shown = [begin = document.running->begin](const report::DecisionRow& row) {
      return !row.until || *row.until >= begin;
    };
    document.balance = balance.result(wanted_.decisions, shown, merge_.balance());
    decisions_ = std::exchange(document.balance.decisions, {});
    return document;
  }

  [[nodiscard]] report::Running running() const {
    const Guard& guard = context_.guard;
    report::Running running;
    running.dry_run = guard.dry_run();
    running.started = context_.started;
    running.over = guard.live_report().over();
    running.given_up = guard.live_report().balance().given_up();
    running.hits = guard.engine().counters().hits;
    for (const auto scope : model::all_scopes) {
      running.bans.at(static_cast<size_t>(scope)) = guard.engine().count(scope);
    }
    const auto counters = guard.dry_run() ? Result<enforce::SetCounters>(fail("")) : guard.enforcer().counters();
    for (size_t i = 0; counters && i < counters->size(); ++i) {
      running.dropped = running.dropped.value_or(std::array<uint64_t, model::scope_count>{});
      running.dropped->at(i / 2) += counters->at(i).packets;
    }
    return running;
  }

  void list_all() {
    listed_ = true;
    lists_.push_back({.dimension = wanted_.by, .top = false, .most = wanted_.groups, .order = {}});
    for (const auto dimension : report::all_dimensions) {
      if (wanted_.top > 0) {
        lists_.push_back({.dimension = dimension, .top = true, .most = wanted_.top, .order = {}});
      }
    }
    std::ranges::reverse(lists_);  // the last one is next
  }

  // Nothing if the list has no more.
  std::optional<std::string> next_rows() {
    List& list = lists_.back();
    const auto& aggregates = merge_.aggregates();
    if (!list.order) {
      list.order = aggregates.ranking(list.dimension, list.most);
    }
    const size_t end = std::min(list.done + groups_at_once, list.order->size());
    std::vector<report::GroupRow> rows;
    for (; list.done < end; ++list.done) {
      rows.push_back(aggregates.row(list.dimension, (*list.order)[list.done]));
    }
    const auto top = list.top ? std::optional(list.dimension) : std::nullopt;
    if (list.done >= list.order->size()) {
      lists_.pop_back();
    }
    return rows.empty() ? std::nullopt : std::optional(report::groups_json(rows, top));
  }

  Portion next_decisions() {
    if (decisions_done_ >= decisions_.size()) {
      return std::nullopt;
    }
    const size_t count = std::min(decisions_.size() - decisions_done_, decisions_at_once);
    const auto rows = std::span(decisions_).subspan(decisions_done_, count);
    decisions_done_ += count;
    count_dropped(rows);
    return std::vector{report::decisions_json(rows)};
  }

  // Of those that are in force.
  void count_dropped(std::span<report::DecisionRow> rows) const {
    const Guard& guard = context_.guard;
    if (guard.dry_run() || !guard.loaded().config.enforce.element_counters) {
      return;
    }
    std::vector<model::Decision> decisions;
    std::vector<report::DecisionRow*> of;
    for (auto& row : rows) {
      auto decision = guard.engine().find(row.target);
      if (decision && decision->since == row.since) {
        decisions.push_back(std::move(*decision));
        of.push_back(&row);
      }
    }
    const auto dropped = guard.dropped_by(decisions);
    for (size_t i = 0; i < dropped.size(); ++i) {
      of[i]->dropped = dropped[i] ? std::optional(dropped[i]->packets) : std::nullopt;
    }
  }

  CommandContext& context_;
  Wanted wanted_;
  TimePoint now_;
  report::PeriodMerge merge_;
  bool merged_ = false;
  bool listed_ = false;
  std::vector<List> lists_;
  std::vector<report::DecisionRow> decisions_;
  size_t decisions_done_ = 0;
};

}  // namespace

control::Answer report_command(CommandContext& context, const Json& arguments, TimePoint now) {
  const auto wanted = wanted_of(arguments);
  if (!wanted) {
    return Result<Json>(std::unexpected(wanted.error()));
  }
  context.guard.roll_report(now);
  // What it took for the answer goes back to the system.
  const auto release = [](LiveAnswer* answer) {
    std::default_delete<LiveAnswer>()(answer);
    release_free_memory();
  };
  std::shared_ptr<LiveAnswer> answer(new LiveAnswer(context, *wanted, now), release);
  return control::Items([answer] { return answer->next(); });
}

}  // namespace ipguard::daemon
