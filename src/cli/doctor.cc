// doctor: what ipguardd would find here, before it is started. Changes nothing.
#include "cli/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

const std::string usual_config = "/etc/ipguard.toml";

struct DoctorOptions {
  std::string config;
  std::string socket;  // instead of the configuration's
  bool json = false;
};

config::Config examine_configuration(const DoctorOptions& options, Findings& findings) {
  const std::string path = options.config.empty() ? usual_config : options.config;
  std::error_code error;
  if (options.config.empty() && !std::filesystem::exists(path, error)) {
    findings.push_back({.verdict = Finding::Verdict::note,
                        .subject = "configuration",
                        .text = "there is no " + path + ": looking at what holds without one"});
    config::Config config;
    config.sources = config::default_sources();
    return config;
  }
  config::Diagnostics diagnostics;
  auto config = config::load_config(path, diagnostics);
  if (diagnostics.has_errors()) {
    std::cerr << diagnostics.to_string();
    findings.push_back({.verdict = Finding::Verdict::problem,
                        .subject = "configuration",
                        .text = printable(path) + " is wrong",
                        .remedy = "ipguardd -c " + printable(path) + " --check tells where"});
    return config;
  }
  const bool defaults = std::ranges::any_of(config.sources, config::is_default);
  findings.push_back({.subject = "configuration",
                      .text = printable(path) + (config.enforce.mode == config::Mode::dry_run ? ", a dry run" : "") +
                              (defaults ? "; no [[source]]: the journal and the well-known log files are read" : "")});
  return config;
}

std::shared_ptr<const match::RuleSet> examine_rules(const config::Config& config, Findings& findings) {
  auto checked = check_rules(config.rule_paths, &config.rule_selection);
  if (checked.rules == nullptr) {
    findings.push_back({.verdict = Finding::Verdict::problem,
                        .subject = "rules",
                        .text = "the rules are not there, or wrong",
                        .remedy = "ipguardctl rules check tells where; [rules] paths says where they are looked for"});
  } else {
    findings.push_back({.subject = "rules", .text = counted(checked.rules->rules().size(), "rule", "rules")});
  }
  return std::move(checked.rules);
}

std::string_view word_of(Finding::Verdict verdict) {
  switch (verdict) {
    case Finding::Verdict::good:
      return "ok";
    case Finding::Verdict::note:
      return "note";
    case Finding::Verdict::problem:
      break;
  }
  return "PROBLEM";
}

size_t problems_of(const Findings& findings) {
  return static_cast<size_t>(std::ranges::count(findings, Finding::Verdict::problem, &Finding::verdict));
}

}  // namespace

std::string findings_text(const Findings& findings, size_t width) {
  constexpr size_t indent = 9;
  std::string text;
  for (const auto& finding : findings) {
    auto lines = wrapped(finding.subject + ": " + finding.text, width, indent);
    const auto word = word_of(finding.verdict);
    text += lines.replace(0, word.size(), word);
    if (!finding.remedy.empty()) {
      auto remedy = wrapped(finding.remedy, width, indent + 3);
      text += remedy.replace(indent, 2, "->");
    }
  }
  const size_t problems = problems_of(findings);
  return text + (problems == 0 ? "all is well\n" : counted(problems, "problem", "problems") + '\n');
}

Json findings_json(const Findings& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    Json entry = {{"subject", finding.subject},
                  {"verdict", finding.verdict == Finding::Verdict::problem ? "problem" : word_of(finding.verdict)},
                  {"text", finding.text},
                  {"remedy", finding.remedy.empty() ? Json(nullptr) : Json(finding.remedy)}};
    entry.update(finding.details);
    list.push_back(std::move(entry));
  }
  return {{"user_id", ::geteuid()}, {"problems", problems_of(findings)}, {"findings", std::move(list)}};
}

Action prepare_doctor(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  app.add_option("-c,--config", options->config, "configuration to look at (default: " + usual_config + ")")
      ->type_name("FILE");
  app.add_option("--socket", options->socket, "the daemon's control socket (default: the configuration's)")
      ->type_name("PATH");
  app.add_flag("--json", options->json, "one JSON document instead of text");
  return [options]() -> Result<> {
    const auto now = wall_clock_now();
    Findings findings;
    const auto config = examine_configuration(*options, findings);
    const auto rules = examine_rules(config, findings);
    examine_database(config, now, findings);
    examine_sources(config, rules, now, findings);
    examine_nftables(config, findings);
    examine_daemon(options->socket.empty() ? config.control_socket : options->socket, findings);
    if (options->json) {
      print_json(findings_json(findings));
    } else {
      std::cout << findings_text(findings, terminal_width().value_or(SIZE_MAX));
    }
    return problems_of(findings) == 0 ? Result<>{} : fail("");
  };
}

}  // namespace ipguard::cli
