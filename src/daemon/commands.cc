#include "daemon/commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "daemon/render_json.h"

namespace ipguard::daemon {
namespace {

constexpr size_t longest_reason = 512;  // bytes

Result<std::vector<model::Target>> parse_targets(const Json& arguments) {
  const auto it = arguments.find("targets");
  if (it == arguments.end() || !it->is_array() || it->empty()) {
    return fail(Errc::invalid, "'targets' must be a list of addresses, prefixes or AS numbers");
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

// One entry a target: the decision, or its own error. Syntax was checked for all of them before the first is touched.
template <typename Action>
Json for_each_target(const std::vector<model::Target>& targets, Action action) {
  Json results = Json::array();
  for (const auto& target : targets) {
    Result<model::Decision> decision = action(target);
    if (decision) {
      results.push_back({{"target", target.to_string()}, {"ok", true}, {"decision", to_json(*decision, false)}});
    } else {
      results.push_back({{"target", target.to_string()}, {"ok", false}, {"error", decision.error().message}});
    }
  }
  return results;
}

Result<Json> status_command(CommandContext& context, const Json& /*arguments*/, TimePoint now) {
  return status_json(context, now);
}

Result<Json> bans_command(CommandContext& context, const Json& arguments, TimePoint /*now*/) {
  const bool ended = arguments.value("ended", false);
  const bool evidence = arguments.value("evidence", false);
  Json list = Json::array();
  if (!ended) {
    for (const auto* decision : context.guard.engine().decisions()) {
      list.push_back(to_json(*decision, evidence));
    }
    return list;
  }
  constexpr uint32_t most_ended = 1000;
  auto decisions = context.guard.store().ended_decisions(most_ended);
  if (!decisions) {
    return std::unexpected(std::move(decisions.error()));
  }
  for (const auto& entry : *decisions) {
    Json json = to_json(entry.decision, evidence);
    json["ending"] = entry.ending;
    json["ended"] = format_rfc3339(entry.at);
    list.push_back(std::move(json));
  }
  return list;
}

Result<Json> ban_command(CommandContext& context, const Json& arguments, TimePoint now) {
  auto targets = parse_targets(arguments);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  std::optional<Seconds> duration;
  if (const auto it = arguments.find("for"); it != arguments.end() && !it->is_null()) {
    auto span = it->is_string() ? parse_duration(it->get_ref<const std::string&>())
                                : Result<Seconds>(fail(Errc::invalid, "'for' must be a duration such as \"2h\""));
    if (!span) {
      return std::unexpected(std::move(span.error()));
    }
    if (span->count() == 0) {
      return fail(Errc::invalid, "a ban for 0s would be none; leave --for away for a permanent one");
    }
    duration = *span;
  }
  const auto reason = arguments.value("reason", std::string("banned by hand"));
  if (reason.size() > longest_reason) {
    return fail(Errc::invalid, "the reason is longer than " + std::to_string(longest_reason) + " bytes");
  }
  const auto issuer = arguments.value("issuer", std::string("manual")) == "import" ? "import" : "manual";
  return for_each_target(
      *targets, [&](const model::Target& target) { return context.guard.ban(target, duration, reason, issuer, now); });
}

Result<Json> unban_command(CommandContext& context, const Json& arguments, TimePoint now) {
  auto targets = parse_targets(arguments);
  if (!targets) {
    return std::unexpected(std::move(targets.error()));
  }
  return for_each_target(*targets, [&](const model::Target& target) { return context.guard.unban(target, now); });
}

Result<Json> explain_command(CommandContext& context, const Json& arguments, TimePoint now) {
  const auto text = arguments.value("address", std::string());
  const auto address = net::Address::parse(text);
  if (!address) {
    return fail(Errc::invalid, "'" + printable(text, 80) + "' is no IPv4 or IPv6 address");
  }
  Json json = to_json(context.guard.engine().explain(*address, now));
  json["mode"] = context.guard.dry_run() ? "dry-run" : "enforce";
  const auto held = context.guard.enforcer().holds(*address);
  json["kernel"] = held ? Json(!context.guard.dry_run() && *held) : Json(nullptr);
  return json;
}

Result<Json> reload_command(CommandContext& context, const Json& /*arguments*/, TimePoint /*now*/) {
  return context.reload();
}

struct Command {
  std::string_view name;
  bool changes;
  Result<Json> (*run)(CommandContext&, const Json&, TimePoint);
};

constexpr std::array<Command, 6> commands = {{
    {"status", false, status_command},
    {"bans", false, bans_command},
    {"ban", true, ban_command},
    {"unban", true, unban_command},
    {"explain", false, explain_command},
    {"reload", true, reload_command},
}};

}  // namespace

Result<Json> run_command(CommandContext& context, const control::Request& request, bool may_change, TimePoint now) {
  const auto* command = std::ranges::find(commands, request.command, &Command::name);
  if (command == commands.end()) {
    return fail(Errc::invalid, "unknown command '" + printable(request.command, 40) + "'");
  }
  if (command->changes && !may_change) {
    return fail(Errc::permission, "'" + request.command + "' is for root and the daemon's own user only");
  }
  try {
    return command->run(context, request.arguments, now);
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "arguments of '" + request.command + "': " + printable(error.what(), 200));
  }
}

}  // namespace ipguard::daemon
