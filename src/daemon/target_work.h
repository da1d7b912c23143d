// TargetWork: something that is done to many targets, a slice of them each turn of the loop, and the reply to it.
// Internal to target_commands.cc.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "control/server.h"
#include "daemon/guard.h"
#include "daemon/render_json.h"

namespace ipguard::daemon {

// What one of a slice of targets came to.
struct Outcome {
  Result<> done;
  Json content;                             // null where nobody asked for it, or it comes later
  bool already = false;                     // nothing had to be done
  std::optional<model::Until> before = {};  // of a ban that was renewed: when it would have ended
};

// Of the reply: `done_key` names those that went well in a summary, `content_key` what is told of each otherwise.
// `dry_run`: the kernel knows of nothing of it; every entry says so, and the summary.
struct ReplyForm {
  bool summary = false;
  bool dry_run = false;
  std::string done_key;
  std::string content_key;
};

// NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): an element of the work's own list
inline const model::Target& target_of(const model::Target& target) { return target; }
inline const model::Target& target_of(const BanOrder& order) { return order.target; }

// `Item`: a target, or an order that has one. Owned by the loop thread.
template <typename Item>
class TargetWork {
 public:
  // What the first of the items came to, of one at least: the rest comes with the next turn.
  using Action = std::function<std::vector<Outcome>(std::span<const Item> items, bool tell)>;

  // Of a reply that tells of each target: called once a turn after the last slice until it returns true; it may
  // complete the entries then.
  using Finish = std::function<bool(Json& entries)>;

  TargetWork(const Guard& guard, std::vector<Item> items, ReplyForm form, Action action, Finish finish)
      : guard_(guard),
        items_(std::move(items)),
        form_(std::move(form)),
        action_(std::move(action)),
        finish_(std::move(finish)) {}

  // A slice; the reply with the last one.
  std::optional<Result<Json>> step() {
    if (form_.summary && next_ < items_.size() && guard_.listener_behind()) {
      return std::nullopt;
    }
    if (next_ < items_.size()) {
      take_slice();
    }
    if (next_ < items_.size() || (!form_.summary && finish_ && !finish_(entries_))) {
      return std::nullopt;
    }
    if (!form_.summary) {
      for (auto& entry : entries_) {
        entry["dry_run"] = form_.dry_run;
        note_not_saved(entry);
      }
      return std::move(entries_);
    }
    Json summary = {{form_.done_key, done_ - already_},
                    {"dry_run", form_.dry_run},
                    {"refused", items_.size() - done_},
                    {"refusals", std::move(entries_)},
                    {"more_refusals", more_}};
    if (already_ > 0) {
      summary["already"] = already_;
    }
    note_not_saved(summary);
    return summary;
  }

 private:
  static constexpr size_t slice = 1000;          // targets a turn of the loop …
  static constexpr size_t summary_slice = 4000;  // … of those that are not told one by one: a transaction costs, too
  static constexpr size_t most_refusals = 100;   // told in a summary

  void note_not_saved(Json& entry) const {
    if (const auto& why = guard_.state().not_saved(); !why.empty() && !form_.dry_run) {
      entry["not_saved"] = why;
    }
  }

  void take_slice() {
    const auto part = std::span<const Item>(items_).subspan(
        next_, std::min(form_.summary ? summary_slice : slice, items_.size() - next_));
    auto outcomes = action_(part, !form_.summary);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      note(target_of(part[i]), outcomes[i]);
    }
    next_ += outcomes.size();
  }

  void note(const model::Target& target, Outcome& outcome) {
    const bool ok = outcome.done.has_value();
    done_ += ok ? 1 : 0;
    already_ += outcome.already ? 1 : 0;
    if (form_.summary && (ok || entries_.size() >= most_refusals)) {
      more_ += ok ? 0 : 1;
      return;
    }
    Json entry = {{"target", target.to_string()}, {"ok", ok}};
    if (ok || !outcome.content.is_null()) {
      entry[form_.content_key] = std::move(outcome.content);
    }
    if (outcome.already) {
      entry["already"] = true;
    }
    if (outcome.before) {
      entry["was_until"] = outcome.before->ever() ? Json(format_rfc3339(outcome.before->time())) : Json(nullptr);
    }
    if (!ok) {
      entry["error"] = outcome.done.error().message;
    }
    entries_.push_back(std::move(entry));
  }

  const Guard& guard_;
  std::vector<Item> items_;
  ReplyForm form_;
  Action action_;
  Finish finish_;
  size_t next_ = 0;
  size_t done_ = 0;
  size_t already_ = 0;
  size_t more_ = 0;
  Json entries_ = Json::array();
};

template <typename Item>
control::Work begin_work(const Guard& guard, std::vector<Item> items, ReplyForm form,
                         typename TargetWork<Item>::Action action, typename TargetWork<Item>::Finish finish = {}) {
  // Shared, because a std::function must be copyable.
  auto work = std::make_shared<TargetWork<Item>>(guard, std::move(items), std::move(form), std::move(action),
                                                 std::move(finish));
  return [work] { return work->step(); };
}

}  // namespace ipguard::daemon
