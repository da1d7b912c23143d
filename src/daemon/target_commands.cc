#include "daemon/target_commands.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "daemon/render_json.h"
#include "daemon/target_arguments.h"

namespace ipguard::daemon {
namespace {

constexpr size_t slice = 1000;          // targets a turn of the loop …
constexpr size_t summary_slice = 4000;  // … of those that are not told one by one: a transaction costs by itself, too
constexpr size_t most_refusals = 100;   // told in a summary
constexpr std::chrono::milliseconds preview_turn{5};  // a preview counts all bans: of a million, one may take as long
constexpr const char* content = "decision";
constexpr const char* preview_content = "preview";

// What one of a slice of targets came to.
struct Outcome {
  Result<> done;
  Json content;                             // null where nobody asked for it, or it comes later
  bool already = false;                     // nothing had to be done
  std::optional<model::Until> before = {};  // of a ban that was renewed: when it would have ended
};

// NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): an element of the work's own list
const model::Target& target_of(const model::Target& target) { return target; }
const model::Target& target_of(const BanOrder& order) { return order.target; }

// `Item`: a target, or an order that has one.
template <typename Item>
class TargetWork {
 public:
  // What the first of the items came to, of one at least: the rest comes with the next turn.
  using Action = std::function<std::vector<Outcome>(std::span<const Item> items, bool tell)>;

  // Of a reply that tells of each target: called once a turn after the last slice until it returns true; it may
  // complete the entries then.
  using Finish = std::function<bool(Json& entries)>;

  // `done_key` names those that went well in a summary, `content_key` what is told of each otherwise.
  TargetWork(std::vector<Item> items, bool summary, std::string done_key, std::string content_key, Action action,
             Finish finish)
      : items_(std::move(items)),
        summary_(summary),
        done_key_(std::move(done_key)),
        content_key_(std::move(content_key)),
        action_(std::move(action)),
        finish_(std::move(finish)) {}

  std::optional<Result<Json>> step() {
    if (next_ < items_.size()) {
      take_slice();
    }
    if (next_ < items_.size() || (!summary_ && finish_ && !finish_(entries_))) {
      return std::nullopt;
    }
    if (!summary_) {
      return std::move(entries_);
    }
    Json summary = {{done_key_, done_ - already_},
                    {"refused", items_.size() - done_},
                    {"refusals", std::move(entries_)},
                    {"more_refusals", more_}};
    if (already_ > 0) {
      summary["already"] = already_;
    }
    return summary;
  }

 private:
  void take_slice() {
    const auto part =
        std::span<const Item>(items_).subspan(next_, std::min(summary_ ? summary_slice : slice, items_.size() - next_));
    auto outcomes = action_(part, !summary_);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      note(target_of(part[i]), outcomes[i]);
    }
    next_ += outcomes.size();
  }

  void note(const model::Target& target, Outcome& outcome) {
    const bool ok = outcome.done.has_value();
    done_ += ok ? 1 : 0;
    already_ += outcome.already ? 1 : 0;
    if (summary_ && (ok || entries_.size() >= most_refusals)) {
      more_ += ok ? 0 : 1;
      return;
    }
    Json entry = {{"target", target.to_string()}, {"ok", ok}};
    if (ok || !outcome.content.is_null()) {
      entry[content_key_] = std::move(outcome.content);
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

  std::vector<Item> items_;
  bool summary_;
  std::string done_key_;
  std::string content_key_;
  Action action_;
  Finish finish_;
  size_t next_ = 0;
  size_t done_ = 0;
  size_t already_ = 0;
  size_t more_ = 0;
  Json entries_ = Json::array();
};

template <typename Item>
control::Work begin(std::vector<Item> items, bool summary, std::string done_key, std::string content_key,
                    typename TargetWork<Item>::Action action, typename TargetWork<Item>::Finish finish = {}) {
  // Shared, because a std::function must be copyable.
  auto work = std::make_shared<TargetWork<Item>>(std::move(items), summary, std::move(done_key), std::move(content_key),
                                                 std::move(action), std::move(finish));
  return [work] { return work->step(); };
}

Json told(const Guard& guard, const model::Target& target, bool alone) {
  const auto decision = guard.engine().find(target);
  if (!decision) {
    return {};
  }
  Json json = to_json(guard.engine(), *decision, false);
  // For one address the kernel is asked; for many, `status` tells how many of them it holds.
  if (alone && target.scope == model::Scope::address && !guard.dry_run()) {
    const auto held = guard.enforcer().holds(target.prefix.address());
    json["kernel"] = held ? Json(*held) : Json(nullptr);
  }
  return json;
}

std::vector<Outcome> ban(Guard& guard, std::span<const BanOrder> orders) {
  std::vector<Outcome> outcomes;
  for (auto& result : guard.ban(orders, wall_clock_now())) {
    if (!result) {
      outcomes.push_back({.done = std::unexpected(std::move(result.error())), .content = {}});
      continue;
    }
    outcomes.push_back(
        {.done = {}, .content = {}, .already = result->how == decide::Banned::How::already, .before = result->before});
  }
  return outcomes;
}

// What is told of a ban is what the kernel took of it: of a country it takes some turns to say.
bool tell_what_stands(Guard& guard, int& turns, Json& entries) {
  constexpr int most_turns = 100;  // where others keep it busy the answer comes before that
  if (guard.behind() && ++turns <= most_turns) {
    guard.flush(wall_clock_now(), nullptr);
    return false;
  }
  for (auto& entry : entries) {
    const auto target = model::Target::parse(entry["target"].get_ref<const std::string&>());
    if (!entry["ok"].get<bool>() || !target) {
      continue;
    }
    if (auto standing = guard.stands(*target); !standing) {
      entry = {{"target", entry["target"]}, {"ok", false}, {"error", standing.error().message}};
    } else {
      entry[content] = told(guard, *target, entries.size() == 1);
    }
  }
  return true;
}

// Whoever may read may ask for it, so it must hold up nobody: it ends its turn by the clock.
std::vector<Outcome> preview(Guard& guard, std::span<const BanOrder> orders, bool tell) {
  std::vector<Outcome> outcomes;
  const TimePoint now = wall_clock_now();
  const auto end = std::chrono::steady_clock::now() + preview_turn;
  for (const auto& order : orders) {
    auto seen = guard.engine().preview(order.target, order.force, now);
    guard.vet(seen, now);
    outcomes.push_back(
        {.done = seen.refusal ? fail(Errc::invalid, order.target.to_string() + " cannot be banned: " + *seen.refusal)
                              : Result<>{},
         .content = tell ? to_json(seen) : Json()});
    if (std::chrono::steady_clock::now() >= end) {
      break;
    }
  }
  return outcomes;
}

}  // namespace

Result<control::Work> begin_ban(Guard& guard, const Json& arguments) {
  const bool summary = arguments.value("summary", false);
  const bool dry_run = arguments.value("dry_run", false);
  auto orders = parse_orders(arguments, summary);
  if (!orders) {
    return std::unexpected(std::move(orders.error()));
  }
  if (summary) {
    // Neighbours lie together in the tables of the engine, the state and the kernel: half the time of a random order.
    std::ranges::stable_sort(*orders, {}, [](const BanOrder& order) { return order.target; });
  }
  if (dry_run) {
    return begin<BanOrder>(std::move(*orders), summary, "banned", preview_content,
                           [&guard](std::span<const BanOrder> part, bool tell) { return preview(guard, part, tell); });
  }
  return begin<BanOrder>(
      std::move(*orders), summary, "banned", content,
      [&guard](std::span<const BanOrder> part, bool) { return ban(guard, part); },
      [&guard, turns = 0](Json& entries) mutable { return tell_what_stands(guard, turns, entries); });
}

Result<control::Work> begin_unban(Guard& guard, const Json& arguments) {
  const bool summary = arguments.value("summary", false);
  auto targets = parse_targets(arguments, summary);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  return begin<model::Target>(
      std::move(*targets), summary, "lifted", content, [&guard](std::span<const model::Target> part, bool tell) {
        std::vector<Outcome> outcomes;
        for (auto& result : guard.unban(part, wall_clock_now())) {
          Json json = tell && result ? to_json(*result, false) : Json();
          outcomes.push_back(
              {.done = result ? Result<>{} : std::unexpected(std::move(result.error())), .content = std::move(json)});
        }
        return outcomes;
      });
}

Result<control::Work> begin_confirm(Guard& guard, const Json& arguments) {
  const bool summary = arguments.value("summary", false);
  auto targets = parse_targets(arguments, summary);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  return begin<model::Target>(std::move(*targets), summary, "confirmed", content,
                              [&guard](std::span<const model::Target> part, bool tell) {
                                auto results = guard.confirm(part, wall_clock_now());
                                std::vector<Outcome> outcomes;
                                for (size_t i = 0; i < part.size(); ++i) {
                                  Json json = tell && results[i] ? told(guard, part[i], false) : Json();
                                  outcomes.push_back({.done = std::move(results[i]), .content = std::move(json)});
                                }
                                return outcomes;
                              });
}

}  // namespace ipguard::daemon
