#include <iostream>

#include "base/line_counter.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/json_writer.h"
#include "cli/match_output.h"
#include "cli/options.h"
#include "cli/reading_options.h"
#include "cli/table.h"
#include "match/rule_set.h"

namespace ipguard::cli {
namespace {

struct MatchOptions {
  std::vector<std::string> files;
  std::vector<std::string> rules;
  config::RuleSelection selection;
  ReadingOptions reading;
  match::LineOptions line;
  bool all = false;
  bool json = false;
};

// Runs the rules over one file and prints what hit. Line numbers count from 1 in each file.
class FileMatch {
 public:
  FileMatch(const MatchOptions& options, const match::RuleSet& rules, match::Matcher& matcher, std::string name)
      : options_(options), rules_(rules), matcher_(matcher), name_(std::move(name)) {}

  void take(std::string_view bytes, bool truncated) {
    const auto now = wall_clock_now();
    if (truncated) {
      ++lines_;
      judge_line({.text = bytes, .offset = 0, .source = 0, .truncated = true}, now);
    } else if (options_.all) {
      for_each_line(bytes, [&](std::string_view text) {
        ++lines_;
        judge_line({.text = text, .offset = 0, .source = 0, .truncated = false}, now);
      });
    } else {
      scan(bytes, now);
    }
  }

  [[nodiscard]] uint64_t lines() const { return lines_; }
  [[nodiscard]] uint64_t lines_hit() const { return lines_hit_; }

 private:
  void judge_line(const model::RawLine& line, TimePoint now) {
    matcher_.match_line(line, options_.line, now, [this](const model::RawLine& seen, const match::LineResult& result) {
      if (options_.all || !result.hits.empty()) {
        print(lines_, seen, result);
      }
    });
  }

  void scan(std::string_view bytes, TimePoint now) {
    size_t counted_to = 0;
    uint64_t number = lines_ + 1;  // of the line at counted_to
    lines_ += matcher_.scan_block(bytes, 0, 0, options_.line, now,
                                  [&](const model::RawLine& line, const match::LineResult& result) {
                                    const auto begin = static_cast<size_t>(line.offset);
                                    const auto between = bytes.substr(counted_to, begin - counted_to);
                                    number += count_line_ends(between);
                                    counted_to = begin;
                                    print(number, line, result);
                                  });
  }

  void print(uint64_t number, const model::RawLine& line, const match::LineResult& result) {
    lines_hit_ += result.hits.empty() ? 0U : 1U;
    if (options_.json) {
      put_line(json_, number, result, rules_);
      std::cout << json_.buffer();
      json_.buffer().clear();
      return;
    }
    std::cout << name_ << ':' << number << ": ";
    const char* separator = "";
    for (const auto& hit : result.hits) {
      std::cout << separator << hit.rule->id << " (" << model::to_string(hit.rule->kind) << ')';
      separator = ", ";
    }
    if (result.hits.empty()) {
      std::cout << (result.event.format.empty() ? "no format" : "no hit");
    }
    std::cout << ' ' << (result.event.address ? result.event.address->to_string() : "-") << ": " << printable(line.text)
              << '\n'
              << hit_details(result, rules_);
  }

  const MatchOptions& options_;
  const match::RuleSet& rules_;
  match::Matcher& matcher_;
  std::string name_;
  JsonWriter json_;
  uint64_t lines_ = 0;
  uint64_t lines_hit_ = 0;
};

Result<> match_files(const MatchOptions& options) {
  auto rules = compile_rules(options.rules, &options.selection, RuleScope::attacks);
  if (!rules) {
    return std::unexpected(std::move(rules.error()));
  }
  match::Matcher matcher(*rules);
  uint64_t lines = 0;
  uint64_t lines_hit = 0;
  bool whole = true;
  for (const auto& file : options.files) {
    FileMatch run(options, **rules, matcher, file == "-" ? "-" : printable(file));
    const auto done = read_lines(file, config::SourceConfig{}.max_line,
                                 [&run](std::string_view bytes, bool truncated) { run.take(bytes, truncated); });
    if (!done) {
      std::cerr << "ipguardctl: " << done.error().message << '\n';
      whole = false;
    }
    lines += run.lines();
    lines_hit += run.lines_hit();
  }
  if (!options.json) {
    std::cerr << group_digits(lines_hit) << " of " << group_digits(lines) << " lines hit\n";
  }
  return whole ? Result<>{} : fail("");
}

}  // namespace

Action prepare_match(CLI::App& app) {
  auto options = std::make_shared<MatchOptions>();
  app.add_option("file", options->files, "logs to read; - is standard input, and so is none")->type_name("FILE");
  add_rules_option(app, options->rules);
  app.add_option("--enable", options->selection.enable, "rule that its file leaves off; web/ = all that begin so")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--disable", options->selection.disable, "rule to leave out")
      ->type_name("ID")
      ->allow_extra_args(false);
  add_reading_options(app, options->reading);
  app.add_flag("--all", options->all, "every line, not only those that hit");
  app.add_flag("--json", options->json, "one JSON object a line");
  return [options]() -> Result<> {
    const auto reading = choose_reading(options->reading);
    if (!reading) {
      return std::unexpected(reading.error());
    }
    options->line = reading->line;
    options->line.accept_message = true;
    if (options->files.empty()) {
      options->files.emplace_back("-");
    }
    return match_files(*options);
  };
}

}  // namespace ipguard::cli
