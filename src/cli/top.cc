// top: the screen and its keys; top_frame.h is what it shows.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_live.h"
#include "cli/report_shape.h"
#include "cli/report_table.h"
#include "cli/screen.h"
#include "cli/table.h"
#include "cli/top_frame.h"
#include "report/document_json.h"

namespace ipguard::cli {
namespace {

constexpr Seconds shortest_interval{1};
constexpr Seconds longest_interval{3600};
constexpr size_t rows_of_one_print = 20;
constexpr size_t most_rows = 10'000;

struct TopOptions {
  DaemonOptions daemon;
  std::string by = "address";
  std::string interval = "2s";
  size_t top = 0;  // 0 = as many as there is room for
  bool once = false;
};

Result<Seconds> parse_interval(const std::string& text) {
  const auto number = parse_number(text);  // as top(1) has it
  const auto interval =
      number ? Result<Seconds>(Seconds(std::min<uint64_t>(*number, 1'000'000))) : parse_duration(text);
  if (!interval || *interval < shortest_interval || *interval > longest_interval) {
    return fail(Errc::usage, "--interval: " + in_quotes(text, 40) + " is no time from 1s to 1h; write 2s");
  }
  return interval;
}

class Top {
 public:
  Top(const TopOptions& options, Seconds interval, report::Dimension by)
      : options_(options),
        interval_(interval),
        query_{.socket = options.daemon.socket, .by = by, .groups = rows_of_one_print, .decisions = 0} {}

  Result<> print_once() {
    query_.groups = options_.top > 0 ? options_.top : rows_of_one_print;
    const auto document = ask_live(query_);
    if (!document) {
      return std::unexpected(document.error());
    }
    if (options_.daemon.json) {
      std::cout << report::document_json(*document);
      return {};
    }
    const auto width = terminal_width();
    const auto why = without_groups(*document);  // there was no look before this one, so nothing is new
    std::cout << top_head(*document, rates_, width) << '\n'
              << (why.empty() ? top_table(*document).to_string(width) : why + '\n');
    return {};
  }

  // Until its user has seen enough.
  Result<> watch() {
    constexpr size_t usual_rows = 100;
    query_.groups = options_.top > 0 ? options_.top : usual_rows;
    if (auto asked = ask(); !asked) {
      return asked;  // before the terminal is touched
    }
    Screen screen;
    if (auto opened = screen.open(); !opened) {
      return opened;
    }
    auto next = Clock::now() + interval_;
    while (screen.draw(frame(screen.size()))) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
      const auto event = screen.wait(std::max(left, std::chrono::milliseconds{0}));
      if (event == Screen::Event::quit) {
        break;
      }
      const bool asked_for = event == Screen::Event::key && take_key(screen.key());
      if (asked_for || event == Screen::Event::timeout || shown_rows(screen.size()) > query_.groups) {
        query_.groups = std::max(query_.groups, shown_rows(screen.size()));
        problem_ = "";
        if (const auto asked = ask(); !asked) {
          problem_ = asked.error().message;  // it may come back: a restart
        }
        next = Clock::now() + interval_;
      }
    }
    return {};
  }

 private:
  using Clock = std::chrono::steady_clock;

  Result<> ask() {
    auto document = ask_live(query_);
    if (!document) {
      return std::unexpected(std::move(document.error()));
    }
    document_ = std::move(*document);
    fresh_ = rates_.advance(document_);
    return {};
  }

  [[nodiscard]] size_t shown_rows(Screen::Size size) const {
    return std::min(options_.top > 0 ? options_.top : size.rows, most_rows);
  }

  // True if it asks for other rows.
  bool take_key(char key) {
    const auto at = static_cast<size_t>(query_.by);
    switch (key) {
      case '\t':
      case '>':
        query_.by = report::all_dimensions.at((at + 1) % report::dimension_count);
        return true;
      case '<':
        query_.by = report::all_dimensions.at((at + report::dimension_count - 1) % report::dimension_count);
        return true;
      case ' ':
        return true;
      default:
        return false;
    }
  }

  [[nodiscard]] std::vector<std::string> frame(Screen::Size size) const {
    auto shown = document_;
    shown.groups.resize(std::min(shown.groups.size(), shown_rows(size)));
    return top_frame({.document = shown,
                      .rates = rates_,
                      .fresh = fresh_,
                      .problem = problem_,
                      .by = query_.by,
                      .rows = size.rows,
                      .columns = size.columns});
  }

  const TopOptions& options_;
  Seconds interval_;
  LiveQuery query_;
  TopRates rates_;
  report::Document document_;
  std::vector<uint64_t> fresh_;
  std::string problem_;
};

Result<> run_top(const TopOptions& options) {
  const auto by = parse_dimension(options.by);
  if (!by) {
    return std::unexpected(by.error());
  }
  const auto interval = parse_interval(options.interval);
  if (!interval) {
    return std::unexpected(interval.error());
  }
  Top top(options, *interval, *by);
  return options.once || options.daemon.json || !Screen::there() ? top.print_once() : top.watch();
}

}  // namespace

Action prepare_top(CLI::App& app) {
  auto options = std::make_shared<TopOptions>();
  add_daemon_options(app, options->daemon);
  add_by_option(app, options->by);
  app.add_option("--interval", options->interval, "from one look to the next, 1s to 1h")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--top", options->top, "show so many groups; as many as fit the terminal")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  app.add_flag("--once", options->once, "print once and end, as where standard output is no terminal");
  return [options] { return run_top(*options); };
}

}  // namespace ipguard::cli
