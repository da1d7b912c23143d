#include "daemon/target_commands.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "daemon/render_json.h"
#include "daemon/target_arguments.h"
#include "daemon/target_work.h"

namespace ipguard::daemon {
namespace {

constexpr std::chrono::milliseconds preview_turn{5};  // a preview counts all bans: of a million, one may take as long
constexpr const char* content = "decision";
constexpr const char* preview_content = "preview";

ReplyForm form_of(const Guard& guard, bool summary, std::string done_key) {
  return {.summary = summary, .dry_run = guard.dry_run(), .done_key = std::move(done_key), .content_key = content};
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
    if (tell) {
      outcomes.back().content["mode"] = config::to_string(config::mode_of(guard.dry_run()));
    }
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
    return begin_work<BanOrder>(
        guard, std::move(*orders),
        {.summary = summary, .dry_run = true, .done_key = "banned", .content_key = preview_content},
        [&guard](std::span<const BanOrder> part, bool tell) { return preview(guard, part, tell); });
  }
  return begin_work<BanOrder>(
      guard, std::move(*orders), form_of(guard, summary, "banned"),
      [&guard](std::span<const BanOrder> part, bool) { return ban(guard, part); },
      [&guard, turns = 0](Json& entries) mutable { return tell_what_stands(guard, turns, entries); });
}

Result<control::Work> begin_unban(Guard& guard, const Json& arguments) {
  const bool summary = arguments.value("summary", false);
  auto targets = parse_targets(arguments, summary);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  return begin_work<model::Target>(
      guard, std::move(*targets), form_of(guard, summary, "lifted"),
      [&guard](std::span<const model::Target> part, bool tell) {
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
  return begin_work<model::Target>(guard, std::move(*targets), form_of(guard, summary, "confirmed"),
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
