// ban, unban and confirm: targets to the daemon.
#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "base/time.h"
#include "cli/ban_options.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"
#include "model/decision.h"

namespace ipguard::cli {
namespace {

struct Options : BanOptions {
  std::vector<std::string> targets;
  std::string confirm_within;
  bool dry_run = false;
};

// Wrong targets and durations are told here, before the daemon is asked: exit status 2.
Result<> check(Options& options) {
  for (const auto& text : options.targets) {
    if (auto target = model::Target::parse(text); !target) {
      return fail(Errc::usage, target.error().message);
    }
  }
  if (!options.confirm_within.empty()) {
    if (auto span = parse_duration(options.confirm_within); !span) {
      return fail(Errc::usage, "--confirm-within: " + span.error().message);
    }
  }
  return check_ban_options(options);
}

Json arguments_of(const Options& options) {
  Json arguments = ban_arguments(options);
  arguments["targets"] = options.targets;
  if (!options.confirm_within.empty()) {
    arguments["confirm_within"] = options.confirm_within;
  }
  if (options.dry_run) {
    arguments["dry_run"] = true;
  }
  return arguments;
}

// More targets than these are not answered one by one.
constexpr size_t most_told = 1000;

const char* done_word(const std::string& command) {
  return command == "unban" ? "lifted" : command == "confirm" ? "confirmed" : "banned";
}

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

std::string good_text(const Json& counts) {
  const auto number = [&counts](const char* key) { return counts.value(key, uint64_t{0}); };
  std::string text;
  const auto add = [&text](uint64_t count, std::string_view one, std::string_view many) {
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + counted(count, one, many);
    }
  };
  add(number("logins"), "login", "logins");
  add(number("users"), "authenticated user", "authenticated users");
  add(number("visitors"), "visitor", "visitors");
  return text;
}

// What a ban took the place of, if that would have lasted longer: it may have been meant to.
std::string instead_of(const Json& result, const Json& until, TimePoint now) {
  const auto before = result.find("was_until");
  if (before == result.end() || until.is_null()) {
    return "";
  }
  if (before->is_null()) {
    return " instead of permanently";
  }
  const auto old_end = parse_rfc3339(before->get<std::string>());
  const auto new_end = parse_rfc3339(until.get<std::string>());
  return old_end && new_end && *new_end < *old_end ? " instead of " + time_left(*before, now) : "";
}

void print_done(const std::string& command, const Json& result) {
  const Json& decision = result["decision"];
  const bool dry_run = result.value("dry_run", false);
  const bool already = result.value("already", false);
  std::cout << (already ? "already " : "") << done_words(done_word(command), dry_run) << (dry_run ? ": " : " ")
            << cell(decision, "scope") << ' ' << cell(decision, "target");
  if (command != "unban") {
    const auto now = wall_clock_now();
    const bool permanent = decision["until"].is_null();
    std::cout << (permanent ? " permanently" : " for " + time_left(decision["until"], now))
              << instead_of(result, decision["until"], now);
    if (cell(decision, "scope") != "address") {
      std::cout << ", covers " << coverage_text(decision);
      const auto good = good_text(decision.value("good_clients", Json::object()));
      std::cout << (good.empty() ? "" : ", hits good clients: " + good);
    }
    if (cell(decision, "confirm_by") != "-") {
      std::cout << "\n  " << done_words("lifted", dry_run) << " in " << time_left(decision["confirm_by"], now)
                << " unless you run: ipguardctl confirm " << cell(decision, "target");
    }
    if (const auto kernel = decision.find("kernel"); kernel != decision.end() && *kernel != true) {
      std::cout << (kernel->is_null() ? "; the kernel could not be asked whether it drops its packets"
                                      : "; the kernel does not drop its packets yet: see 'ipguardctl status'");
    }
    print_cut_out(decision);
  }
  std::cout << '\n';
}

// What a ban would do.
void print_preview(const Json& preview) {
  const bool address = cell(preview, "scope") == "address";
  const bool dry_run = is_dry_run(preview);
  std::cout << cell(preview, "scope") << ' ' << cell(preview, "target");
  if (cell(preview, "as_name") != "-") {
    std::cout << " (" << cell(preview, "as_name") << ')';
  }
  if (preview["prefixes"].empty()) {
    std::cout << ": nothing would be blocked\n";
    return;
  }
  std::cout << ": would block " << coverage_text(preview) << " in "
            << counted(preview["prefixes"].size(), "prefix", "prefixes");
  print_cut_out(preview);
  const auto days = short_duration(Seconds(preview.value("remember_seconds", int64_t{0})));
  const auto good = good_text(preview["good_clients_known"]);
  if (!address) {
    std::cout << "\n  good clients seen in the logs within " << days << ": " << (good.empty() ? "none" : good);
    if (const auto left_out = preview.value("left_out", uint64_t{0}); left_out > 0) {
      std::cout << "; left out: " << group_digits(left_out);
    } else if (!good.empty()) {
      std::cout << "; they would be hit";
    }
  }
  if (const auto inside = preview.value("inside", uint64_t{0}); inside > 0) {
    std::cout << "\n  bans " << (dry_run ? "" : "in force ") << "inside of it: " << group_digits(inside);
  }
  if (preview.value("banned", false)) {
    std::cout << "\n  it " << (dry_run ? "would be" : "is") << " banned already: another end or reason would renew it";
  }
  std::cout << '\n';
}

// One line a target; fails if any target failed.
Result<> print_each(const std::string& command, const Json& results, bool json) {
  bool failed = false;
  bool dry_run = false;
  for (const auto& result : results) {
    if (!json && result.contains("preview")) {
      print_preview(result["preview"]);
      std::cout.flush();  // before what is wrong with it
    }
    if (!result.value("ok", false)) {
      std::cerr << "ipguardctl: " << cell(result, "error") << '\n';
      failed = true;
    } else if (!json && result.contains("decision")) {
      print_done(command, result);
      dry_run |= result.value("dry_run", false);
    }
  }
  std::cout << (dry_run ? dry_run_remark + std::string("\n") : "");
  if (!failed && !results.empty()) {
    print_not_saved(results.back());
  }
  return failed ? fail("") : Result<>{};
}

Result<> send(const Options& options, const std::string& command, Json arguments) {
  const bool summary = options.targets.size() > most_told;
  arguments["summary"] = summary;
  auto reply = control::call(options.socket, {.command = command, .arguments = std::move(arguments)}, 300);
  if (!reply) {
    return std::unexpected(std::move(reply.error()));
  }
  if (options.json) {
    print_json(*reply);
  }
  return summary ? print_ban_summary(done_word(command), *reply, options.json)
                 : print_each(command, *reply, options.json);
}

// `unban` and `confirm`: targets and nothing else.
Action prepare_targets(CLI::App& app, std::string command) {
  auto options = std::make_shared<Options>();
  app.add_option("target", options->targets, "the target as 'bans' shows it")->type_name("TARGET")->required();
  add_daemon_options(app, *options);
  return [options, command = std::move(command)]() -> Result<> {
    if (auto checked = check(*options); !checked) {
      return checked;
    }
    return send(*options, command, {{"targets", options->targets}});
  };
}

}  // namespace

Action prepare_ban(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("target", options->targets,
                 "an address, a prefix such as 192.0.2.0/24, AS64500, or a country such as CN")
      ->type_name("TARGET")
      ->required();
  add_ban_options(app, *options);
  app.add_flag("--dry-run", options->dry_run,
               "only tell what it would cover, which good clients it would hit, and whether it would be refused");
  app.add_option("--confirm-within", options->confirm_within,
                 "lift the ban after this time unless 'confirm' comes before; also over a restart of the daemon")
      ->type_name("DURATION");
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    if (auto checked = check(*options); !checked) {
      return checked;
    }
    return send(*options, "ban", arguments_of(*options));
  };
}

Action prepare_unban(CLI::App& app) { return prepare_targets(app, "unban"); }

Action prepare_confirm(CLI::App& app) { return prepare_targets(app, "confirm"); }

}  // namespace ipguard::cli
