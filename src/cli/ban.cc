// ban, unban and import: three ways to send targets to the daemon.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"
#include "model/decision.h"

namespace ipguard::cli {
namespace {

struct TargetOptions : DaemonOptions {
  std::vector<std::string> targets;
  std::string duration;
  std::string reason;
  std::string file;
  bool force = false;
};

void add_ban_options(CLI::App& app, TargetOptions& options) {
  app.add_option("--for", options.duration, "how long: 90s, 2h, 7d or permanent, which is also the default")
      ->type_name("DURATION");
  app.add_option("--reason", options.reason, "a sentence that 'bans' and 'explain' show")->type_name("TEXT");
  app.add_flag("--force", options.force, "also what covers more than [ladder] budgets; protected addresses stay out");
}

// Wrong targets and durations are told here, before the daemon is asked: exit status 2.
Result<> check_targets(TargetOptions& options) {
  for (const auto& text : options.targets) {
    if (auto target = model::Target::parse(text); !target) {
      return fail(Errc::usage, target.error().message);
    }
  }
  if (options.duration == "permanent") {
    options.duration.clear();
  }
  if (!options.duration.empty()) {
    if (auto span = parse_duration(options.duration); !span) {
      return fail(Errc::usage, "--for: " + span.error().message + "; \"permanent\" never ends");
    }
  }
  return {};
}

Json ban_arguments(const TargetOptions& options) {
  Json arguments = {{"targets", options.targets}};
  if (!options.duration.empty()) {
    arguments["for"] = options.duration;
  }
  if (!options.reason.empty()) {
    arguments["reason"] = options.reason;
  }
  if (options.force) {
    arguments["force"] = true;
  }
  return arguments;
}

// More targets than these are not answered one by one.
constexpr size_t most_told = 1000;

// What a wide ban leaves out; all of it is in `bans --json`.
void print_cut_out(const Json& decision) {
  constexpr size_t most_shown = 5;
  const auto parts = decision.value("cut_out", Json::array());
  for (size_t i = 0; i < std::min(parts.size(), most_shown); ++i) {
    std::cout << "\n  not " << cell(parts[i], "prefix") << ": " << cell(parts[i], "reason");
  }
  const auto all = parts.size() + decision.value("more_cut_out", size_t{0});
  if (all > most_shown) {
    std::cout << "\n  nor " << counted(all - most_shown, "more part", "more parts") << ": see 'ipguardctl bans --json'";
  }
}

void print_done(const std::string& command, const Json& decision) {
  std::cout << (command == "unban" ? "lifted " : "banned ") << cell(decision, "scope") << ' '
            << cell(decision, "target");
  if (command == "ban") {
    const bool permanent = decision["until"].is_null();
    std::cout << (permanent ? " permanently" : " for " + time_left(decision["until"], wall_clock_now()));
    if (cell(decision, "scope") != "address") {
      std::cout << ", covers " << coverage_text(decision);
    }
    if (const auto kernel = decision.find("kernel"); kernel != decision.end() && *kernel != true) {
      std::cout << (kernel->is_null() ? "; the kernel could not be asked whether it drops its packets"
                                      : "; the kernel does not drop its packets yet: see 'ipguardctl status'");
    }
    print_cut_out(decision);
  }
  std::cout << '\n';
}

// One line a target; fails if any target failed.
Result<> print_each(const std::string& command, const Json& results, bool json) {
  bool failed = false;
  for (const auto& result : results) {
    if (!result.value("ok", false)) {
      std::cerr << "ipguardctl: " << cell(result, "error") << '\n';
      failed = true;
    } else if (!json) {
      print_done(command, result["decision"]);
    }
  }
  return failed ? fail("") : Result<>{};
}

Result<> print_summary(const std::string& command, const Json& summary, bool json) {
  for (const auto& refusal : summary["refusals"]) {
    std::cerr << "ipguardctl: " << cell(refusal, "error") << '\n';
  }
  if (const auto more = summary.value("more_refusals", 0ULL); more > 0) {
    std::cerr << "ipguardctl: and " << counted(more, "more refusal", "more refusals") << '\n';
  }
  const auto refused = summary.value("refused", 0ULL);
  if (!json) {
    const char* done = command == "unban" ? "lifted" : "banned";
    std::cout << group_digits(summary.value(done, 0ULL)) << ' ' << done << ", " << group_digits(refused)
              << " refused\n";
  }
  return refused == 0 ? Result<>{} : fail("");
}

Result<> send(const TargetOptions& options, const std::string& command, Json arguments, bool summary = false) {
  summary = summary || options.targets.size() > most_told;
  arguments["summary"] = summary;
  auto reply = control::call(options.socket, {.command = command, .arguments = std::move(arguments)}, 300);
  if (!reply) {
    return std::unexpected(std::move(reply.error()));
  }
  if (options.json) {
    print_json(*reply);
  }
  return summary ? print_summary(command, *reply, options.json) : print_each(command, *reply, options.json);
}

Result<std::string> read_targets_file(const std::string& path) {
  constexpr uint64_t limit = control::max_request_bytes / 2;
  return path == "-" ? read_descriptor(STDIN_FILENO, "standard input", limit) : read_file(path, limit);
}

Result<> import_file(TargetOptions options) {
  auto text = read_targets_file(options.file);
  if (!text) {
    return std::unexpected(std::move(text.error()));
  }
  size_t number = 0;
  bool wrong = false;
  for (const auto line : split(*text, '\n')) {
    ++number;
    const auto target = trim(line.substr(0, line.find('#')));
    if (target.empty()) {
      continue;
    }
    if (auto parsed = model::Target::parse(target); !parsed) {
      std::cerr << printable(options.file) << ':' << number << ": error: " << parsed.error().message << '\n';
      wrong = true;
      continue;
    }
    options.targets.emplace_back(target);
  }
  if (wrong) {
    return fail(Errc::failed, "nothing was imported");
  }
  if (options.targets.empty()) {
    return fail(Errc::failed, printable(options.file) + " names no target");
  }
  auto arguments = ban_arguments(options);
  arguments["issuer"] = "import";
  return send(options, "ban", std::move(arguments), true);
}

// The command's action: nothing is sent if one of the targets is none.
template <typename Run>
Action with_checked_targets(std::shared_ptr<TargetOptions> options, Run run) {
  return [options = std::move(options), run]() -> Result<> {
    if (auto checked = check_targets(*options); !checked) {
      return checked;
    }
    return run(*options);
  };
}

}  // namespace

Action prepare_ban(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("target", options->targets, "address, prefix such as 192.0.2.0/24, or AS64500")
      ->type_name("TARGET")
      ->required();
  add_ban_options(app, *options);
  add_daemon_options(app, *options);
  return with_checked_targets(options,
                              [](TargetOptions& checked) { return send(checked, "ban", ban_arguments(checked)); });
}

Action prepare_unban(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("target", options->targets, "the target as 'bans' shows it")->type_name("TARGET")->required();
  add_daemon_options(app, *options);
  return with_checked_targets(
      options, [](TargetOptions& checked) { return send(checked, "unban", {{"targets", checked.targets}}); });
}

Action prepare_import(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("file", options->file, "one target a line, '#' begins a comment; - is standard input")
      ->type_name("FILE")
      ->required();
  add_ban_options(app, *options);
  add_daemon_options(app, *options);
  return with_checked_targets(options, [](TargetOptions& checked) { return import_file(checked); });
}

}  // namespace ipguard::cli
