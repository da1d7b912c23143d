#include "cli/top_frame.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/version.h"
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
    return group_digits(static_cast<uint64_t>(*rate + 0.5));
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

std::string top_head(const report::Document& document, const TopRates& rates) {
  const report::Running running = document.running.value_or(report::Running{});
  constexpr size_t time_begin = 11;  // of an RFC 3339 stamp
  constexpr size_t time_length = 8;
  const auto up = std::chrono::floor<Seconds>(document.generated - running.started);
  std::string text = "ipguard " + std::string(version()) + (running.dry_run ? ", dry run" : ", enforcing") + ", up " +
                     short_duration(std::max(up, Seconds{0})) + ", " +
                     format_rfc3339(document.generated).substr(time_begin, time_length) + " UTC\n";
  text += "lines " + rate_text(rates.lines()) + "/s (" + group_digits(running.lines) + "), hits " +
          rate_text(rates.hits()) + "/s (" + group_digits(running.hits) + "), bans: " + bans_text(running) + '\n';
  text += "last " + format_duration(running.period) + ": " + counted(document.hits, "hit", "hits") + " from " +
          (document.addresses_error > 0 ? "about " : "") + counted(document.addresses, "address", "addresses") + ", " +
          counted(document.balance.total.decisions, "decision", "decisions") +
          (running.dry_run ? " that would have stopped " + group_digits(document.balance.total.stopped) : "") +
          (document.approximate.empty() ? "" : ", rare groups estimated") + '\n';
  return text;
}

std::vector<std::string> cut_to_screen(std::string_view text, size_t rows, size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < rows) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    size_t bytes = 0;
    for (size_t shown = 0; bytes < line.size(); ++bytes) {
      const bool begins = (static_cast<unsigned char>(line[bytes]) & 0xc0U) != 0x80U;  // a code point
      if (begins && shown++ == columns) {
        break;
      }
    }
    lines.emplace_back(line.substr(0, bytes));
  }
  return lines;
}

}  // namespace ipguard::cli
