#include "daemon/target_commands.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "daemon/render_json.h"

namespace ipguard::daemon {
namespace {

constexpr size_t longest_reason = 512;  // bytes
constexpr size_t slice = 1000;          // targets a turn of the loop
constexpr size_t most_told = 1000;      // targets that are answered one by one
constexpr size_t most_refusals = 100;   // told in a summary

using Targets = std::span<const model::Target>;

// What a slice of targets came to, in their order.
struct Outcome {
  Result<> done;
  Json decision;  // null where nobody asked for it
};
using Action = std::function<std::vector<Outcome>(Targets targets, bool tell)>;

class TargetWork {
 public:
  TargetWork(std::vector<model::Target> targets, bool summary, std::string done_key, Action action)
      : targets_(std::move(targets)), summary_(summary), done_key_(std::move(done_key)), action_(std::move(action)) {}

  std::optional<Result<Json>> step() {
    const auto part = Targets(targets_).subspan(next_, std::min(slice, targets_.size() - next_));
    auto outcomes = action_(part, !summary_);
    for (size_t i = 0; i < part.size(); ++i) {
      note(part[i], outcomes[i]);
    }
    next_ += part.size();
    if (next_ < targets_.size()) {
      return std::nullopt;
    }
    if (!summary_) {
      return std::move(entries_);
    }
    return Json{{done_key_, done_},
                {"refused", targets_.size() - done_},
                {"refusals", std::move(entries_)},
                {"more_refusals", more_}};
  }

 private:
  void note(const model::Target& target, Outcome& outcome) {
    const bool ok = outcome.done.has_value();
    done_ += ok ? 1 : 0;
    if (summary_ && (ok || entries_.size() >= most_refusals)) {
      more_ += ok ? 0 : 1;
      return;
    }
    Json entry = {{"target", target.to_string()}, {"ok", ok}};
    if (ok) {
      entry["decision"] = std::move(outcome.decision);
    } else {
      entry["error"] = outcome.done.error().message;
    }
    entries_.push_back(std::move(entry));
  }

  std::vector<model::Target> targets_;
  bool summary_;
  std::string done_key_;
  Action action_;
  size_t next_ = 0;
  size_t done_ = 0;
  size_t more_ = 0;
  Json entries_ = Json::array();
};

Result<std::vector<model::Target>> parse_targets(const Json& arguments, bool summary) {
  const auto it = arguments.find("targets");
  if (it == arguments.end() || !it->is_array() || it->empty()) {
    return fail(Errc::invalid, "'targets' must be a list of addresses, prefixes or AS numbers");
  }
  if (!summary && it->size() > most_told) {
    return fail(Errc::invalid, "more than " + group_digits(most_told) + " targets need 'summary'");
  }
  std::vector<model::Target> targets;
  targets.reserve(it->size());
  for (const auto& entry : *it) {
    if (!entry.is_string()) {
      return fail(Errc::invalid, "'targets' must hold strings");
    }
    auto target = model::Target::parse(entry.get_ref<const std::string&>());
    if (!target) {
      return std::unexpected(std::move(target.error()));
    }
    targets.push_back(*target);
  }
  return targets;
}

Result<std::optional<Seconds>> parse_for(const Json& arguments) {
  const auto it = arguments.find("for");
  if (it == arguments.end() || it->is_null()) {
    return std::nullopt;
  }
  auto span = it->is_string() ? parse_duration(it->get_ref<const std::string&>())
                              : Result<Seconds>(fail(Errc::invalid, "'for' must be a duration such as \"2h\""));
  if (!span) {
    return std::unexpected(std::move(span.error()));
  }
  if (span->count() == 0) {
    return fail(Errc::invalid, "a ban for 0s would be none; leave --for away for a permanent one");
  }
  return *span;
}

Result<BanOrder> parse_order(const Json& arguments) {
  auto duration = parse_for(arguments);
  if (!duration) {
    return std::unexpected(std::move(duration.error()));
  }
  BanOrder order{.duration = *duration,
                 .reason = arguments.value("reason", std::string("banned by hand")),
                 .issuer = arguments.value("issuer", std::string("manual")) == "import" ? "import" : "manual",
                 .force = arguments.value("force", false)};
  if (order.reason.size() > longest_reason) {
    return fail(Errc::invalid, "the reason is longer than " + std::to_string(longest_reason) + " bytes");
  }
  return order;
}

Result<control::Work> begin(const Json& arguments, std::string done_key, Action action) {
  const bool summary = arguments.value("summary", false);
  auto targets = parse_targets(arguments, summary);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  // Shared, because a std::function must be copyable.
  auto work = std::make_shared<TargetWork>(std::move(*targets), summary, std::move(done_key), std::move(action));
  return [work] { return work->step(); };
}

}  // namespace

Result<control::Work> begin_ban(Guard& guard, const Json& arguments) {
  auto order = parse_order(arguments);
  if (!order) {
    return std::unexpected(std::move(order.error()));
  }
  return begin(arguments, "banned", [&guard, order = std::move(*order)](Targets targets, bool tell) {
    auto results = guard.ban(targets, order, wall_clock_now());
    std::vector<Outcome> outcomes;
    for (size_t i = 0; i < targets.size(); ++i) {
      const auto* decision = tell ? guard.engine().find(targets[i]) : nullptr;
      Json json = decision == nullptr ? Json() : to_json(guard.engine(), *decision, false);
      // For one address the kernel is asked; for many, `status` tells how many of them it holds.
      if (decision != nullptr && targets.size() == 1 && targets[0].scope == model::Scope::address && !guard.dry_run()) {
        const auto held = guard.enforcer().holds(targets[0].prefix.address());
        json["kernel"] = held ? Json(*held) : Json(nullptr);
      }
      outcomes.push_back({.done = std::move(results[i]), .decision = std::move(json)});
    }
    return outcomes;
  });
}

Result<control::Work> begin_unban(Guard& guard, const Json& arguments) {
  return begin(arguments, "lifted", [&guard](Targets targets, bool tell) {
    std::vector<Outcome> outcomes;
    for (auto& result : guard.unban(targets, wall_clock_now())) {
      outcomes.push_back({.done = result ? Result<>{} : std::unexpected(std::move(result.error())),
                          .decision = tell && result ? to_json(*result, false) : Json()});
    }
    return outcomes;
  });
}

}  // namespace ipguard::daemon
