#include "cli/ban_options.h"

#include <iostream>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {

void add_ban_options(CLI::App& app, BanOptions& options) {
  app.add_option("--for", options.duration, "how long: 90s, 2h, 7d or permanent, which is also the default")
      ->type_name("DURATION");
  app.add_option("--reason", options.reason, "a sentence that 'bans' and 'explain' show")->type_name("TEXT");
  app.add_flag("--force", options.force,
               "also what covers or hits more than the budgets of [ladder]; protected addresses stay out");
}

Result<> check_ban_options(BanOptions& options) {
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

Json ban_arguments(const BanOptions& options) {
  Json arguments = Json::object();
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

std::string done_words(const char* done, bool dry_run) { return (dry_run ? "would be " : "") + std::string(done); }

void print_not_saved(const Json& reply) {
  if (reply.contains("not_saved")) {
    std::cerr << "ipguardctl: warning: this is not saved yet, and a restart may undo it: " << cell(reply, "not_saved")
              << '\n';
  }
}

Result<> print_ban_summary(const char* done, const Json& summary, bool json) {
  for (const auto& refusal : summary["refusals"]) {
    std::cerr << "ipguardctl: " << cell(refusal, "error") << '\n';
  }
  if (const auto more = summary.value("more_refusals", 0ULL); more > 0) {
    std::cerr << "ipguardctl: and " << counted(more, "more refusal", "more refusals") << '\n';
  }
  print_not_saved(summary);
  const auto refused = summary.value("refused", 0ULL);
  if (!json) {
    const auto already = summary.value("already", 0ULL);
    const bool dry_run = summary.value("dry_run", false);
    std::cout << group_digits(summary.value(done, 0ULL)) << ' ' << done_words(done, dry_run)
              << (already == 0 ? "" : ", " + group_digits(already) + ' ' + done_words("banned", dry_run) + " already")
              << ", " << group_digits(refused) << " refused\n"
              << (dry_run ? dry_run_remark + std::string("\n") : "");
  }
  return refused == 0 ? Result<>{} : fail("");
}

}  // namespace ipguard::cli
