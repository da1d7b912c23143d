#include "cli/top_frame.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "base/version.h"
#include "cli/report_table.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

// "1,234", "0.5", "-" where it is not known yet.
std::string rate_text(std::optional<double> rate) {
  constexpr double whole_from = 10;
  if (!rate) {
    return "-";
  }
  if (*rate >= whole_from) {
    return group_digits(static_cast<uint64_t>(std::llround(*rate)));
  }
  std::array<char, 16> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), *rate, std::chars_format::fixed, 1).ptr};
}

std::string bans_text(const report::Running& running) {
  std::string text;
  for (const auto scope : model::all_scopes) {
    if (const auto count = running.bans.at(static_cast<size_t>(scope)); count > 0) {
      text += (text.empty() ? "" : ", ") + group_digits(count) + ' ' + std::string(model::to_string(scope));
    }
  }
  return text.empty() ? "none" : text;
}

uint64_t since(uint64_t now, uint64_t before) { return now > before ? now - before : 0; }

// Parts that are shown whole or not at all.
using Sentence = std::vector<std::string>;

std::array<Sentence, 3> sentences_of(const report::Document& document, const TopRates& rates) {
  const report::Running running = document.running.value_or(report::Running{});
  constexpr size_t time_begin = 11;  // of an RFC 3339 stamp
  constexpr size_t time_length = 8;
  const auto up = std::chrono::floor<Seconds>(document.generated - running.started);
  Sentence who = {"ipguard " + std::string(version()), running.dry_run ? "dry run" : "enforcing",
                  "up " + short_duration(std::max(up, Seconds{0})),
                  format_rfc3339(document.generated).substr(time_begin, time_length) + " UTC"};
  Sentence now = {"lines " + rate_text(rates.lines()) + "/s (" + group_digits(running.lines) + ')',
                  "hits " + rate_text(rates.hits()) + "/s (" + group_digits(running.hits) + ')',
                  "bans: " + bans_text(running)};
  Sentence period = {
      "last " + format_duration(running.period) + ": " + counted(document.hits, "hit", "hits") + " from " +
          (document.addresses_error > 0 ? "about " : "") + counted(document.addresses, "address", "addresses"),
      counted(document.balance.total.decisions, "decision", "decisions") +
          (running.dry_run ? " that would have stopped " + group_digits(document.balance.total.stopped) : "")};
  if (!document.approximate.empty()) {
    period.emplace_back("rare groups estimated");
  }
  std::array<Sentence, 3> sentences = {std::move(who), std::move(now), std::move(period)};
  for (auto& sentence : sentences) {
    for (size_t i = 0; i + 1 < sentence.size(); ++i) {
      sentence[i] += ',';
    }
  }
  return sentences;
}

// Appends a sentence in lines of at most `width` columns, broken between its parts, and within one that is longer than
// a line; until there are `most` lines.
void add_sentence(std::vector<std::string>& lines, const Sentence& sentence, size_t width, size_t most) {
  bool begun = false;
  for (const auto& part : sentence) {
    if (begun && display_width(part) < width - std::min(width, display_width(lines.back()))) {
      lines.back() += ' ' + part;
      continue;
    }
    const auto text = wrapped(part, width, 0);
    auto more = split(std::string_view(text).substr(0, text.size() - 1), '\n');
    if (lines.size() + more.size() > most) {
      if (begun && lines.back().ends_with(',')) {
        lines.back().pop_back();
      }
      return;
    }
    lines.insert(lines.end(), more.begin(), more.end());
    begun = true;
  }
}

}  // namespace

std::vector<uint64_t> TopRates::advance(const report::Document& document) {
  const Sample sample{.at = document.generated,
                      .lines = document.running ? document.running->lines : 0,
                      .hits = document.running ? document.running->hits : 0};
  if (last_ && sample.at > last_->at) {
    const std::chrono::duration<double> span = sample.at - last_->at;
    lines_ = static_cast<double>(since(sample.lines, last_->lines)) / span.count();
    hits_ = static_cast<double>(since(sample.hits, last_->hits)) / span.count();
  }
  last_ = sample;
  const bool comparable = by_ == document.by;
  by_ = document.by;
  std::vector<uint64_t> fresh;
  decltype(groups_) groups;
  for (const auto& group : document.groups) {
    const auto before = groups_.find(group.key);
    if (comparable) {
      fresh.push_back(since(group.hits, before == groups_.end() ? 0 : before->second));
    }
    groups.emplace(group.key, group.hits);
  }
  groups_ = std::move(groups);
  return fresh;
}

std::string top_head(const report::Document& document, const TopRates& rates, std::optional<size_t> width) {
  constexpr size_t everything = std::numeric_limits<size_t>::max();
  std::vector<std::string> lines;
  for (const auto& sentence : sentences_of(document, rates)) {
    add_sentence(lines, sentence, width.value_or(everything), everything);
  }
  std::string text;
  for (const auto& line : lines) {
    text += line + '\n';
  }
  return text;
}

std::vector<std::string> top_frame(const TopFrame& frame) {
  // What goes first where there is no room, of all that top_table() has.
  constexpr std::array<std::string_view, 10> dispensable = {"ROUTE",     "LAST", "ROUTES", "%",  "TITLE",
                                                            "ADDRESSES", "HITS", "CC",     "AS", "NAME"};
  const size_t most = std::max<size_t>(frame.rows / 2, 1);  // lines of the head; the last one says how to go on
  std::vector<std::string> lines;
  if (!frame.problem.empty()) {
    const auto problem = printable(frame.problem);
    const auto words = split(problem, ' ');
    add_sentence(lines, {words.begin(), words.end()}, frame.columns, most);
  }
  for (const auto& sentence : sentences_of(frame.document, frame.rates)) {
    add_sentence(lines, sentence, frame.columns, most - 1);
  }
  if (frame.problem.empty()) {
    add_sentence(lines, {"by " + std::string(report::to_string(frame.by)) + ';', "< > change that,", "q ends"},
                 frame.columns, most);
  }
  if (auto why = without_groups(frame.document); !why.empty()) {
    lines.push_back(std::move(why));
  } else {
    for (auto& line : top_table(frame.document, frame.fresh).to_lines(frame.columns, dispensable)) {
      lines.push_back(std::move(line));
    }
  }
  lines.resize(std::min(lines.size(), frame.rows));
  for (auto& line : lines) {
    line = shortened(line, frame.columns);
  }
  return lines;
}

}  // namespace ipguard::cli
