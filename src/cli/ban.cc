// ban, unban and import: three ways to send targets to the daemon.
#include <unistd.h>

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
};

void add_ban_options(CLI::App& app, TargetOptions& options) {
  app.add_option("--for", options.duration, "how long, such as 90s, 2h or 7d; permanent without it")
      ->type_name("DURATION");
  app.add_option("--reason", options.reason, "a sentence that 'bans' and 'explain' show")->type_name("TEXT");
}

// Wrong targets and durations are told here, before the daemon is asked: exit status 2.
Result<> check_targets(const TargetOptions& options) {
  for (const auto& text : options.targets) {
    if (auto target = model::Target::parse(text); !target) {
      return fail(Errc::usage, target.error().message);
    }
  }
  if (!options.duration.empty()) {
    if (auto span = parse_duration(options.duration); !span) {
      return fail(Errc::usage, "--for: " + span.error().message);
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
  return arguments;
}

// Prints one line a target; fails if any target failed.
Result<> send(const TargetOptions& options, const std::string& command, const Json& arguments, bool each_line) {
  auto reply = control::call(options.socket, {.command = command, .arguments = arguments}, 300);
  if (!reply) {
    return std::unexpected(std::move(reply.error()));
  }
  size_t failed = 0;
  size_t done = 0;
  if (options.json) {
    print_json(*reply);
  }
  for (const auto& result : *reply) {
    const bool ok = result.value("ok", false);
    ++(ok ? done : failed);
    if (!ok) {
      std::cerr << "ipguardctl: " << cell(result, "error") << '\n';
    } else if (!options.json && each_line) {
      const auto& decision = result["decision"];
      std::cout << (command == "unban" ? "lifted " : "banned ") << cell(decision, "scope") << ' '
                << cell(decision, "target");
      if (command == "ban") {
        std::cout << (decision["until"].is_null() ? " permanently"
                                                  : " for " + time_left(decision["until"], wall_clock_now()))
                  << ", covers " << group_digits(decision.value("addresses_covered", 0ULL)) << " addresses";
      }
      std::cout << '\n';
    }
  }
  if (!each_line && !options.json) {
    std::cout << done << " banned, " << failed << " refused\n";
  }
  return failed == 0 ? Result<>{} : fail("");
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
  return send(options, "ban", arguments, false);
}

}  // namespace

Action prepare_ban(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("target", options->targets, "address, prefix such as 192.0.2.0/24, or AS64500")
      ->type_name("TARGET")
      ->required();
  add_ban_options(app, *options);
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    if (auto checked = check_targets(*options); !checked) {
      return checked;
    }
    return send(*options, "ban", ban_arguments(*options), true);
  };
}

Action prepare_unban(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("target", options->targets, "the target as 'bans' shows it")->type_name("TARGET")->required();
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    if (auto checked = check_targets(*options); !checked) {
      return checked;
    }
    return send(*options, "unban", {{"targets", options->targets}}, true);
  };
}

Action prepare_import(CLI::App& app) {
  auto options = std::make_shared<TargetOptions>();
  app.add_option("file", options->file, "one target a line, '#' begins a comment; - is standard input")
      ->type_name("FILE")
      ->required();
  add_ban_options(app, *options);
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    if (auto checked = check_targets(*options); !checked) {
      return checked;
    }
    return import_file(*options);
  };
}

}  // namespace ipguard::cli
