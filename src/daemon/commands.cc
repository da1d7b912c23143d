#include "daemon/commands.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "daemon/render_json.h"
#include "daemon/target_commands.h"

namespace ipguard::daemon {
namespace {

// Asked of the kernel itself; null if it does not answer. False in a dry run.
Json kernel_drops(const Guard& guard, const net::Address& address) {
  if (guard.dry_run()) {
    return false;
  }
  const auto held = guard.enforcer().holds(address);
  return held ? Json(*held) : Json(nullptr);
}

Result<Json> status_command(CommandContext& context, const Json& /*arguments*/, TimePoint now) {
  context.guard.verify_kernel(now);  // what is shown is what the kernel holds
  return status_json(context, now);
}

Result<Json> bans_command(CommandContext& context, const Json& arguments, TimePoint /*now*/) {
  const bool ended = arguments.value("ended", false);
  const bool evidence = arguments.value("evidence", false);
  Json list = Json::array();
  if (!ended) {
    for (const auto* decision : context.guard.engine().decisions()) {
      list.push_back(to_json(context.guard.engine(), *decision, evidence));
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

Result<Json> explain_command(CommandContext& context, const Json& arguments, TimePoint now) {
  const auto text = arguments.value("address", std::string());
  const auto address = net::Address::parse(text);
  if (!address) {
    return fail(Errc::invalid, "'" + printable(text, 80) + "' is no IPv4 or IPv6 address");
  }
  const auto& engine = context.guard.engine();
  Json json = to_json(engine, engine.explain(*address, now));
  json["mode"] = context.guard.dry_run() ? "dry-run" : "enforce";
  json["kernel"] = kernel_drops(context.guard, *address);
  return json;
}

Result<Json> reload_command(CommandContext& context, const Json& /*arguments*/, TimePoint /*now*/) {
  return context.reload();
}

Result<Json> rules_command(CommandContext& context, const Json& /*arguments*/, TimePoint /*now*/) {
  return context.guard.tally().to_json(context.guard.loaded().rules->rules());
}

struct Command {
  std::string_view name;
  bool changes;
  Result<Json> (*run)(CommandContext&, const Json&, TimePoint);  // or, for what may take long:
  Result<control::Work> (*begin)(Guard&, const Json&) = nullptr;
};

constexpr std::array<Command, 7> commands = {{
    {"status", false, status_command},
    {"bans", false, bans_command},
    {"ban", true, nullptr, begin_ban},
    {"unban", true, nullptr, begin_unban},
    {"explain", false, explain_command},
    {"reload", true, reload_command},
    {"rules", false, rules_command},
}};

}  // namespace

control::Answer run_command(CommandContext& context, const control::Request& request, bool may_change, TimePoint now) {
  const auto* command = std::ranges::find(commands, request.command, &Command::name);
  if (command == commands.end()) {
    return Result<Json>(fail(Errc::invalid, "unknown command '" + printable(request.command, 40) + "'"));
  }
  if (command->changes && !may_change) {
    return Result<Json>(fail(Errc::permission, "'" + request.command + "' is for root and the daemon's own user only"));
  }
  try {
    if (command->begin == nullptr) {
      return command->run(context, request.arguments, now);
    }
    auto work = command->begin(context.guard, request.arguments);
    if (!work) {
      return Result<Json>(std::unexpected(std::move(work.error())));
    }
    return std::move(*work);
  } catch (const Json::exception& error) {
    return Result<Json>(fail(Errc::invalid, "arguments of '" + request.command + "': " + printable(error.what(), 200)));
  }
}

}  // namespace ipguard::daemon
