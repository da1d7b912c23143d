// report: its options, and the run over logs or the question to the daemon that they ask for.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/reading_options.h"
#include "cli/report_live.h"
#include "cli/report_run.h"
#include "cli/report_shape.h"
#include "config/rule_file.h"
#include "report/aggregates.h"

namespace ipguard::cli {
namespace {

// With what the rest of the program takes, a log with a million addresses stays below 300 MB: their number is exact,
// the smallest of their groups are not.
constexpr const char* default_memory = "96MiB";

struct ReportOptions {
  std::vector<std::string> files;
  std::vector<std::string> rules;
  std::vector<std::string> databases;
  ReadingOptions reading;
  ShapeOptions shape;
  std::string memory = default_memory;
  FilterOptions filter;
  std::vector<std::string> settings;
  unsigned threads = 0;
  bool live = false;
  std::string socket = config::Config{}.control_socket;
  bool rules_given = false;
  bool databases_given = false;
};

struct LoadedRules {
  std::shared_ptr<const match::RuleSet> set;
  std::vector<bool> selected;         // by place in the set
  std::vector<bool> selected_before;  // without the settings
};

std::set<std::string, std::less<>> ids_of(const std::vector<model::Rule>& rules) {
  std::set<std::string, std::less<>> ids;
  for (const auto& rule : rules) {
    ids.insert(rule.id);
  }
  return ids;
}

// The rules of both configurations in one set: the log is read once.
LoadedRules load_rules_of(const ReportOptions& options, const config::Config& config, const config::Config* before,
                          config::Diagnostics& diagnostics) {
  const auto& paths = options.rules_given ? options.rules : config.rule_paths;
  auto rules = config::load_rules(paths, diagnostics);
  if (rules.empty() && !diagnostics.has_errors()) {
    diagnostics.error({.file = paths.empty() ? "" : paths.front()}, "no rules: there is no [[rule]]");
  }
  const auto select = [&](const config::Config& of) {
    return ids_of(config::select_rules(rules, of.rule_selection, of.rules_location, diagnostics));
  };
  const auto ids = select(config);
  const auto ids_before = before == nullptr ? ids : select(*before);
  std::erase_if(rules,
                [&](const model::Rule& rule) { return !ids.contains(rule.id) && !ids_before.contains(rule.id); });
  LoadedRules loaded{
      .set = match::RuleSet::compile(std::move(rules), diagnostics), .selected = {}, .selected_before = {}};
  if (loaded.set != nullptr) {
    for (const auto& rule : loaded.set->rules()) {
      loaded.selected.push_back(ids.contains(rule.id));
      loaded.selected_before.push_back(ids_before.contains(rule.id));
    }
  }
  return loaded;
}

config::Config read_configuration(const std::string& path, const std::vector<std::string>& settings,
                                  config::Diagnostics& diagnostics) {
  return path.empty() ? config::parse_config("", "built-in configuration", diagnostics, settings)
                      : config::load_config(path, diagnostics, settings);
}

// The issue of a setting's name: what people call offenders, the key calls addresses.
std::vector<std::string> settings_of(const ReportOptions& options) {
  constexpr std::string_view spoken = "ladder.route.offenders";
  std::vector<std::string> settings;
  for (const auto& given : options.settings) {
    const std::string setting(trim(given));
    const bool is_spoken =
        setting.starts_with(spoken) && trim(std::string_view(setting).substr(spoken.size())).starts_with('=');
    settings.push_back(is_spoken ? "ladder.route.addresses" + setting.substr(spoken.size()) : setting);
  }
  return settings;
}

// Both sides of a comparison read the same lines with the same rules' texts and owners.
Result<> check_settings(const std::vector<std::string>& settings) {
  for (const auto& setting : settings) {
    const auto key = trim(std::string_view(setting).substr(0, setting.find('=')));
    const bool of_rules = key == "rules.paths";
    if (of_rules || key == "database.paths") {
      return fail(Errc::usage, "--set: " + std::string(key) +
                                   " is the same for what is decided with the settings and " +
                                   "without them; make another report, with " + (of_rules ? "--rules" : "--db"));
    }
  }
  return {};
}

Result<> configure(const ReportOptions& options, ReportPlan& plan) {
  config::Diagnostics diagnostics;
  plan.settings = settings_of(options);
  if (auto checked = check_settings(plan.settings); !checked) {
    return checked;
  }
  plan.policy.config = read_configuration(options.reading.config, plan.settings, diagnostics);
  std::optional<config::Config> before;
  if (!plan.settings.empty() && !diagnostics.has_errors()) {
    before = read_configuration(options.reading.config, {}, diagnostics);
  }
  LoadedRules rules;
  if (!diagnostics.has_errors()) {
    rules = load_rules_of(options, plan.policy.config, before ? &*before : nullptr, diagnostics);
  }
  if (diagnostics.has_errors() || rules.set == nullptr) {
    std::cerr << diagnostics.to_string();
    return fail(Errc::configuration, "");
  }
  plan.rules = std::move(rules.set);
  plan.policy.rules = std::move(rules.selected);
  if (before) {
    plan.before = ReportPolicy{.config = std::move(*before), .rules = std::move(rules.selected_before)};
  }
  return {};
}

Result<> choose_shape(const ReportOptions& options, ReportPlan& plan) {
  const auto shape = shape_of(options.shape);
  if (!shape) {
    return std::unexpected(shape.error());
  }
  const auto memory = parse_size(options.memory);
  if (!memory || *memory == 0) {
    return fail(Errc::usage, "--memory: " + in_quotes(options.memory, 40) +
                                 " is no size; write 96MiB (units are KiB, MiB and GiB; without one it is bytes)");
  }
  if (*memory < report::Aggregates::least_budget) {
    return fail(Errc::usage, "--memory: " + printable(options.memory, 40) + " is too little; the least is " +
                                 format_size(report::Aggregates::least_budget));
  }
  plan.by = shape->by;
  plan.memory = *memory;
  plan.groups = shape->groups;
  plan.top_rows = shape->top;
  plan.network_rows = shape->networks;
  plan.decisions = shape->decisions;
  plan.threads = options.threads > 0 ? options.threads : std::max(std::thread::hardware_concurrency(), 1U);
  return {};
}

// A rule that is misspelt is no empty report.
Result<> check_rules(const ReportFilter& filter, const match::RuleSet& rules) {
  for (const auto& word : filter.rules) {
    ReportFilter one;
    one.rules = {word};
    if (std::ranges::none_of(rules.rules(), [&](const model::Rule& rule) { return one.fits_rule(rule.id); })) {
      return fail(Errc::usage, "--rule: no rule has the id " + in_quotes(word) +
                                   "; write one of `ipguardctl rules list`, or web/ for all that begin so");
    }
  }
  return {};
}

// Logs of many virtual hosts are open side by side.
void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
  }
}

Result<ReportPlan> make_plan(const ReportOptions& options) {
  ReportPlan plan;
  plan.generated = wall_clock_now();
  if (auto shape = choose_shape(options, plan); !shape) {
    return std::unexpected(shape.error());
  }
  auto filter = parse_filter(options.filter, plan.generated);
  if (!filter) {
    return std::unexpected(filter.error());
  }
  plan.filter = std::move(*filter);
  plan.filter_words = options.filter.described();
  const auto reading = choose_reading(options.reading);
  if (!reading) {
    return std::unexpected(reading.error());
  }
  plan.readings = reading->readings;
  if (auto configured = configure(options, plan); !configured) {
    return std::unexpected(configured.error());
  }
  if (auto known = check_rules(plan.filter, *plan.rules); !known) {
    return std::unexpected(known.error());
  }
  auto routes = open_database(options.databases_given ? options.databases : plan.policy.config.database_paths);
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  plan.routes = std::move(*routes);
  if (auto writable = check_shape(options.shape, options.files); !writable) {
    return std::unexpected(writable.error());
  }
  allow_many_files();
  if (std::ranges::count(options.files, "-") > 0 && ::isatty(STDIN_FILENO) == 1) {
    std::cerr << "ipguardctl: reading lines from the terminal; Ctrl-D ends them\n";
  }
  plan.inputs =
      look_at_inputs(options.files, reading->line, plan.policy.config, reading->readings.get(), plan.generated);
  return plan;
}

// Tells of each input's problems; false if nothing could be read at all.
bool tell_problems(const report::Document& document) {
  const uint64_t longest = config::SourceConfig{}.max_line;
  bool any_failed = false;
  uint64_t unread = 0;
  for (const auto& input : document.inputs) {
    if (!input.error.empty()) {
      any_failed = true;
      std::cerr << "ipguardctl: " << input.error;
      if (input.lines > 0) {
        std::cerr << "; the " << counted(input.lines, "line", "lines") << " before that "
                  << (input.lines == 1 ? "is" : "are") << " in the report";
      }
      std::cerr << '\n';
    }
    if (input.overlong_lines > 0) {
      std::cerr << "ipguardctl: " << printable(input.path) << ": " << counted(input.overlong_lines, "line", "lines")
                << " of " << group_digits(input.lines) << " longer than " << format_size(longest)
                << (input.overlong_lines == 1 ? ": only its beginning is" : ": only their beginnings are")
                << " judged\n";
    }
    if (input.unread_lines > 0) {
      unread += input.unread_lines;
      std::cerr << "ipguardctl: " << printable(input.path) << ": " << counted(input.unread_lines, "line", "lines")
                << " of " << group_digits(input.lines) << " in no known format, the first is line "
                << group_digits(input.first_unread_line) << "; skipped\n";
    }
    if (input.out_of_order > 0) {
      std::cerr << "ipguardctl: " << printable(input.path) << ": " << counted(input.out_of_order, "line", "lines")
                << (input.out_of_order == 1 ? " is" : " are") << " older than lines above, by up to "
                << format_duration(input.furthest_back)
                << ": a log is taken in the order of its lines, so offences may be missed there\n";
    }
    if (input.ahead > 0) {
      std::cerr << "ipguardctl: " << printable(input.path) << ": " << counted(input.ahead, "line", "lines")
                << (input.ahead == 1 ? " is" : " are")
                << " stamped ahead of this machine's clock: taken as written when the line above was\n";
    }
  }
  const bool nothing = document.lines == unread;
  return !nothing || (!any_failed && document.lines == 0);
}

Result<> report_files(const ReportOptions& options) {
  auto plan = make_plan(options);
  if (!plan) {
    return std::unexpected(std::move(plan.error()));
  }
  const auto document = run_report(std::move(*plan));
  // A report of zeros would be taken for one that found nothing.
  return tell_problems(document) ? write_shape(document, options.shape) : fail("");
}

// The daemon keeps sums, no hits and no logs: most of what is said about those has no meaning.
Result<> check_live_options(const CLI::App& app) {
  if (app.count("file") > 0) {
    return fail(Errc::usage, "--live asks the running daemon and reads no files: leave out one of the two");
  }
  for (const char* name : {"--asn", "--country", "--rule", "--since", "--until", "--where"}) {
    if (app.count(name) > 0) {
      return fail(Errc::usage, std::string(name) +
                                   " does not go with --live: the daemon keeps sums, which cannot be filtered; report "
                                   "on its logs to filter");
    }
  }
  if (app.count("--set") > 0) {
    return fail(Errc::usage, "--set does not go with --live: what has been decided is decided; report on the logs");
  }
  for (const char* name : {"--rules", "--db", "--config", "--format", "--source", "--memory", "--threads"}) {
    if (app.count(name) > 0) {
      return fail(Errc::usage, std::string(name) +
                                   " does not go with --live: it is the daemon's configuration that "
                                   "counts there");
    }
  }
  return {};
}

Result<> report_live(const ReportOptions& options) {
  const auto shape = shape_of(options.shape);
  if (!shape) {
    return std::unexpected(shape.error());
  }
  if (auto writable = check_shape(options.shape, {}); !writable) {
    return writable;
  }
  auto document = ask_live({.socket = options.socket,
                            .by = shape->by,
                            .groups = shape->groups,
                            .top = std::max(shape->top, shape->networks),
                            .decisions = shape->decisions});
  if (!document) {
    return std::unexpected(std::move(document.error()));
  }
  for (const auto dimension : report::all_dimensions) {
    const bool network = dimension == report::Dimension::address || dimension == report::Dimension::route;
    auto& rows = document->top[static_cast<size_t>(dimension)];
    rows.resize(std::min(rows.size(), network ? shape->networks : shape->top));
  }
  return write_shape(*document, options.shape);
}

void add_filter_options(CLI::App& app, FilterOptions& filter) {
  const auto add = [&app](const char* name, std::vector<std::string>& values, const char* help, const char* type) {
    app.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
  };
  add("--asn", filter.asns, "only attackers of this AS; repeatable", "AS64500");
  add("--country", filter.countries, "only attackers of this country; repeatable", "CC");
  add("--rule", filter.rules, "only hits of this rule; web/ = all that begin so; repeatable", "ID");
  app.add_option("--since", filter.since,
                 "only from this time on: 2026-02-25, \"2026-02-25 04:30\" (UTC unless it has a zone), or 24h ago")
      ->type_name("TIME");
  app.add_option("--until", filter.until, "only before this time; likewise")->type_name("TIME");
  add("--where", filter.where, "only hits whose field holds the text: path=/wp-, address=192.0.2.0/24; repeatable",
      "FIELD=TEXT");
}

}  // namespace

Action prepare_report(CLI::App& app) {
  auto options = std::make_shared<ReportOptions>();
  app.add_option("file", options->files, "logs to read, plain or packed; - is standard input, and so is none")
      ->type_name("FILE");
  add_rules_option(app, options->rules);
  add_database_option(app, options->databases);
  add_reading_options(app, options->reading);
  add_shape_options(app, options->shape);
  add_filter_options(app, options->filter);
  app.add_option("--set", options->settings, "try a configuration's key: ladder.route.addresses=5; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--memory", options->memory, "for counts; beyond it the smallest groups are estimated")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--threads", options->threads, "readers at work; as many as processors")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_flag("--live", options->live, "no logs: what the running daemon has counted");
  app.add_option("--socket", options->socket, "of --live: the daemon's control socket")
      ->type_name("PATH")
      ->capture_default_str();
  return [options, &app]() -> Result<> {
    if (options->live) {
      const auto fitting = check_live_options(app);
      return fitting ? report_live(*options) : fitting;
    }
    if (app.count("--socket") > 0) {
      return fail(Errc::usage, "--socket is of --live, which asks the daemon; without it, files are read");
    }
    options->rules_given = app.count("--rules") > 0;
    options->databases_given = app.count("--db") > 0;
    if (options->files.empty()) {
      options->files.emplace_back("-");
    }
    return report_files(*options);
  };
}

}  // namespace ipguard::cli
