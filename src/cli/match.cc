// match: which rules hit which lines of a log.
#include <algorithm>
#include <iostream>

#include "base/json_writer.h"
#include "base/line_counter.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/match_output.h"
#include "cli/options.h"
#include "cli/reading_options.h"
#include "input/part_joiner.h"
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
    bytes_ = bytes;
    counted_to_ = 0;
    joiner_.feed({.bytes = bytes, .offset = offset_, .truncated = truncated}, max_line_,
                 [this](const input::Block& block) { judge(block); });
    lines_ += truncated ? 1U : count_line_ends(bytes.substr(counted_to_));
    offset_ += bytes.size();
  }
  void finish() {
    bytes_ = {};
    counted_to_ = 0;
    const uint64_t all = lines_;
    lines_ -= std::min<uint64_t>(lines_, 1);  // what has no end is told of the last line
    joiner_.finish([this](const input::Block& block) { judge(block); });
    lines_ = all;
  }

  [[nodiscard]] uint64_t lines() const { return lines_; }
  [[nodiscard]] uint64_t lines_hit() const { return lines_hit_; }

 private:
  // `block` is a piece of bytes_, or a line put together whose last part stands there.
  void judge(const input::Block& block) {
    const auto now = wall_clock_now();
    const auto begin = std::min(static_cast<size_t>(block.offset - offset_), bytes_.size());
    lines_ += count_line_ends(bytes_.substr(counted_to_, begin - counted_to_));
    counted_to_ = begin;
    number_ = lines_ + 1;
    if (block.truncated) {
      judge_line({.text = block.bytes, .offset = 0, .source = 0, .truncated = true}, now);
    } else if (options_.all) {
      for_each_line(block.bytes, [&](std::string_view text) {
        judge_line({.text = text, .offset = 0, .source = 0, .truncated = false}, now);
        ++number_;
      });
    } else {
      scan(block.bytes, now);
    }
  }

  void judge_line(const model::RawLine& line, TimePoint now) {
    matcher_.match_line(line, options_.line, now, [this](const model::RawLine& seen, const match::LineResult& result) {
      if (options_.all || !result.hits.empty()) {
        print(number_, seen, result);
      }
    });
  }

  void scan(std::string_view bytes, TimePoint now) {
    size_t at = 0;  // where line number_ begins
    (void)matcher_.scan_block(bytes, 0, 0, options_.line, now,
                              [&](const model::RawLine& line, const match::LineResult& result) {
                                const auto begin = static_cast<size_t>(line.offset);
                                number_ += count_line_ends(bytes.substr(at, begin - at));
                                at = begin;
                                print(number_, line, result);
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
  input::PartJoiner joiner_;
  const uint64_t max_line_ = config::SourceConfig{}.max_line;
  std::string_view bytes_;  // of this call of take()
  uint64_t offset_ = 0;     // of bytes_[0] in the file
  size_t counted_to_ = 0;   // in bytes_
  uint64_t lines_ = 0;      // before that
  uint64_t number_ = 0;     // of the line that is judged; one put together has its last part's
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
    run.finish();
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
