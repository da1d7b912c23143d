#include "daemon/commands.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "config/config.h"
#include "daemon/render_json.h"
#include "daemon/report_command.h"
#include "daemon/status.h"
#include "daemon/target_commands.h"
#include "model/ending.h"

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

control::Answer status_command(CommandContext& context, const Json& /*arguments*/, TimePoint now) {
  context.guard.verify_kernel(now);  // what is shown is what the kernel holds
  return Result<Json>(status_json(context, now));
}

// The active ones: a portion costs some milliseconds.
control::Items list_active(const Guard& guard, bool evidence) {
  constexpr size_t portion = 200;
  return [&guard, evidence, last = decide::TablePlace{}]() mutable -> std::optional<std::vector<std::string>> {
    const auto decisions = guard.engine().decisions_after(
        last, portion, evidence ? decide::Texts::reason_and_evidence : decide::Texts::reason);
    if (decisions.empty()) {
      return std::nullopt;
    }
    std::vector<std::string> items;
    const auto dropped = guard.dropped_by(decisions);
    for (size_t i = 0; i < decisions.size(); ++i) {
      Json item = to_json(guard.engine(), decisions[i], evidence);
      item["dry_run"] = guard.dry_run();
      if (dropped[i]) {
        item["dropped"] = {{"packets", dropped[i]->packets}, {"bytes", dropped[i]->bytes}};
      }
      items.push_back(control::format_item(item));
    }
    return items;
  };
}

control::Answer bans_command(CommandContext& context, const Json& arguments, TimePoint /*now*/) {
  const bool evidence = arguments.value("evidence", false);
  if (!arguments.value("ended", false)) {
    return list_active(context.guard, evidence);
  }
  constexpr uint32_t most_ended = 1000;
  auto decisions = context.guard.store().ended_decisions(most_ended);
  if (!decisions) {
    return Result<Json>(std::unexpected(std::move(decisions.error())));
  }
  Json list = Json::array();
  for (const auto& entry : *decisions) {
    Json json = to_json(entry.decision, evidence);
    json["dry_run"] = context.guard.dry_run();  // its store is its own
    json["ending"] = model::to_string(entry.ending);
    json["ended"] = format_rfc3339(entry.at);
    list.push_back(std::move(json));
  }
  return Result<Json>(std::move(list));
}

control::Answer explain_command(CommandContext& context, const Json& arguments, TimePoint now) {
  const auto text = arguments.value("address", std::string());
  const auto address = net::Address::parse(text);
  if (!address) {
    return Result<Json>(fail(Errc::invalid, in_quotes(text) + " is no IPv4 or IPv6 address"));
  }
  const auto& engine = context.guard.engine();
  Json json = to_json(engine, engine.explain(*address, now));
  json["mode"] = config::to_string(config::mode_of(context.guard.dry_run()));
  json["kernel"] = kernel_drops(context.guard, *address);
  json["hook"] = config::to_string(context.guard.loaded().config.enforce.hook);
  return Result<Json>(std::move(json));
}

control::Answer reload_command(CommandContext& context, const Json& /*arguments*/, TimePoint /*now*/) {
  return context.reload();
}

control::Answer rules_command(CommandContext& context, const Json& /*arguments*/, TimePoint /*now*/) {
  return Result<Json>(
      context.guard.tally().to_json(context.guard.loaded().rules->rules(), context.guard.loaded().traps));
}

struct Command {
  std::string_view name;
  bool changes;
  std::string_view arguments;                                       // their names, blanks between them
  control::Answer (*run)(CommandContext&, const Json&, TimePoint);  // or, for what may take long:
  Result<control::Work> (*begin)(Guard&, const Json&) = nullptr;

  [[nodiscard]] bool takes(std::string_view argument) const {
    const auto known = split(arguments, ' ');
    return std::ranges::find(known, argument) != known.end();
  }
};

constexpr std::array<Command, 9> commands = {{
    {"status", false, "", status_command},
    {"bans", false, "evidence ended", bans_command},
    {"ban", true, "targets for reason issuer force confirm_within dry_run summary", nullptr, begin_ban},
    {"unban", true, "targets summary", nullptr, begin_unban},
    {"confirm", true, "targets summary", nullptr, begin_confirm},
    {"explain", false, "address", explain_command},
    {"reload", true, "", reload_command},
    {"report", false, "by groups top decisions", report_command},
    {"rules", false, "", rules_command},
}};

// A misspelt "for" must not make a ban permanent.
Result<> check_names(const Command& command, const Json& arguments) {
  for (const auto& [name, value] : arguments.items()) {
    if (!command.takes(name)) {
      return fail(Errc::invalid, "'" + std::string(command.name) + "' has no argument " + in_quotes(name, 40) +
                                     (command.arguments.empty() ? "" : "; known: " + std::string(command.arguments)));
    }
  }
  return {};
}

// A preview changes nothing: who may read may ask for it.
bool changes_something(const Command& command, const Json& arguments) {
  const auto dry_run = arguments.find("dry_run");
  return command.changes && !(command.takes("dry_run") && dry_run != arguments.end() && *dry_run == Json(true));
}

}  // namespace

control::Answer run_command(CommandContext& context, const control::Request& request, bool may_change, TimePoint now) {
  const auto* command = std::ranges::find(commands, request.command, &Command::name);
  if (command == commands.end()) {
    return Result<Json>(fail(Errc::invalid, "unknown command " + in_quotes(request.command, 40)));
  }
  if (!may_change && changes_something(*command, request.arguments)) {
    return Result<Json>(fail(Errc::permission, "'" + request.command + "' is for root and the daemon's own user only"));
  }
  if (auto checked = check_names(*command, request.arguments); !checked) {
    return Result<Json>(std::unexpected(std::move(checked.error())));
  }
  try {
    if (command->begin == nullptr) {
      return command->run(context, request.arguments, now);
    }
    auto work = command->begin(context.guard, request.arguments);
    if (!work) {
      return Result<Json>(std::unexpected(std::move(work.error())));
    }
    constexpr std::chrono::milliseconds break_between{1};  // its steps may wait for those who are told of them
    return control::Answer(std::move(*work), break_between);
  } catch (const Json::exception& error) {
    return Result<Json>(
        fail(Errc::invalid, "arguments of '" + request.command + "': " + printable(control::words_of(error), 200)));
  }
}

}  // namespace ipguard::daemon
