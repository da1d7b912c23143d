#include "cli/report_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

using report::Dimension;
using report::Document;
using report::GroupRow;

constexpr size_t longest_text = 200;  // of what attackers wrote, bytes

std::string dash(std::string_view text) { return text.empty() ? "-" : printable(text, longest_text); }

std::string percent(double share) {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), share * 100, std::chars_format::fixed, 1).ptr;
  return {text.data(), end};
}

// At most so many, if it is not exact.
std::string hits_text(const GroupRow& group) { return (group.error > 0 ? "≤" : "") + group_digits(group.hits); }

std::string attacks_text(const GroupRow& group) {
  return (group.error > 0 && group.attacks > 0 ? "≤" : "") + group_digits(group.attacks);
}

// Estimated, or, of a group that gave way once, of what came since then.
std::string distinct_text(const GroupRow& group, uint64_t count, double error) {
  return (error > 0 ? "~" : group.error > 0 ? "≥" : "") + group_digits(count);
}

// To the minute, as the eye reads it: "2026-02-25 04:30Z".
std::string minute_text(TimePoint time) {
  constexpr size_t minutes = 16;
  auto text = format_rfc3339(time).substr(0, minutes);
  text[10] = ' ';
  return text + 'Z';
}

// Which columns of times a table of groups has.
enum class Times : uint8_t { last_of_networks, first_and_last };

// Puts the times that are shown in their place among the cells of a row that has none.
std::vector<std::string> with_times(Dimension dimension, Times times, std::vector<std::string> cells, std::string first,
                                    std::string last) {
  const bool of_network = dimension == Dimension::address || dimension == Dimension::route;
  const bool of_owner = of_network || dimension == Dimension::asn;
  if (dimension == Dimension::hour || (times == Times::last_of_networks && !of_owner)) {
    return cells;
  }
  const auto at = cells.begin() + (dimension == Dimension::address   ? 4
                                   : dimension == Dimension::route   ? 5
                                   : dimension == Dimension::country ? 7
                                                                     : 6);
  const auto last_at = cells.insert(at, std::move(last));
  if (times == Times::first_and_last) {
    cells.insert(last_at, std::move(first));
  }
  return cells;
}

std::vector<std::string> header_without_times(Dimension dimension) {
  switch (dimension) {
    case Dimension::address:
      return {"ADDRESS", "ATTACKS", "HITS", "%", "ROUTE", "AS", "CC", "NAME"};
    case Dimension::route:
      return {"ROUTE", "ATTACKS", "HITS", "%", "ADDRESSES", "AS", "CC", "NAME"};
    case Dimension::asn:
      return {"AS", "ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "NAME"};
    case Dimension::country:
      return {"CC", "ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "NAME"};
    case Dimension::hour:
      return {"HOUR", "ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS"};
    case Dimension::rule:
      return {"ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "RULE", "TITLE"};
    case Dimension::attack_class:
      return {"ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "CLASS"};
    case Dimension::path:
      return {"ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "PATH"};
    case Dimension::user_agent:
      return {"ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "USER AGENT"};
    case Dimension::user:
      return {"ATTACKS", "HITS", "%", "ADDRESSES", "ROUTES", "AS", "USER"};
  }
  return {};
}

std::vector<std::string> group_header(Dimension dimension, Times times) {
  return with_times(dimension, times, header_without_times(dimension), "FIRST", "LAST");
}

std::vector<std::string> cells_without_times(Dimension dimension, const GroupRow& group) {
  const std::string key = dash(group.key);
  const std::string attacks = attacks_text(group);
  const std::string hits = hits_text(group);
  const std::string share = percent(group.share);
  const std::string addresses = distinct_text(group, group.addresses, group.addresses_error);
  const std::string routes = distinct_text(group, group.routes, group.routes_error);
  const std::string asns = distinct_text(group, group.asns, group.asns_error);
  switch (dimension) {
    case Dimension::address:
      return {
          key, attacks, hits, share, dash(group.route), dash(group.asn), dash(group.country_code), dash(group.as_name)};
    case Dimension::route:
      return {key, attacks, hits, share, addresses, dash(group.asn), dash(group.country_code), dash(group.as_name)};
    case Dimension::asn:
      return {key, attacks, hits, share, addresses, routes, dash(group.label)};
    case Dimension::country:
      return {key, attacks, hits, share, addresses, routes, asns, dash(group.label)};
    case Dimension::hour:
      return {minute_text(group.first).substr(0, 13) + 'h', attacks, hits, share, addresses, routes, asns};
    case Dimension::rule:
      return {attacks, hits, share, addresses, routes, asns, key, dash(group.label)};
    case Dimension::attack_class:
    case Dimension::path:
    case Dimension::user_agent:
    case Dimension::user:
      break;
  }
  return {attacks, hits, share, addresses, routes, asns, key};
}

std::vector<std::string> group_cells(Dimension dimension, Times times, const GroupRow& group) {
  return with_times(dimension, times, cells_without_times(dimension, group), minute_text(group.first),
                    minute_text(group.last));
}

// What the daemon has counted, and since when.
std::string counted_since(const report::Running& running) {
  const bool whole_period = running.started <= running.begin;
  return std::string(" read ") + (running.dry_run ? "in a dry run" : "while enforcing") + " since " +
         minute_text(whole_period ? running.begin : running.started) + (whole_period ? "" : ", when ipguardd started");
}

// Lines of prose, as wide as the terminal.
std::string fitted(std::string_view prose, std::optional<size_t> width) {
  std::string text;
  while (!prose.empty()) {
    const auto end = std::min(prose.find('\n'), prose.size());
    const auto line = prose.substr(0, end);
    text += width && display_width(line) > *width ? wrapped(line, *width, 0) : std::string(line) + '\n';
    prose.remove_prefix(std::min(end + 1, prose.size()));
  }
  return text;
}

std::string summary(const Document& document) {
  std::string text = counted(document.lines, "line", "lines") + " (" + format_size(document.bytes) + ")";
  if (document.running) {
    text += counted_since(*document.running);
  } else if (document.first && document.last) {
    text += " from " + format_rfc3339(*document.first) + " to " + format_rfc3339(*document.last);
  }
  text += "\n" + counted(document.hits, "hit", "hits") + ", " + group_digits(document.attacks) +
          " of them attacks by themselves, from " + (document.addresses_error > 0 ? "about " : "") +
          counted(document.addresses, "address", "addresses") + '\n';
  if (document.lines > 0) {
    const std::string such = document.filters.empty() ? "" : "such ";
    text += counted(document.lines_hit, "line has " + such + "hits: ", "lines have " + such + "hits: ") +
            percent(static_cast<double>(document.lines_hit) / static_cast<double>(document.lines)) + " % of all\n";
  }
  if (document.running && document.running->too_old > 0) {
    text += counted(document.running->too_old, "hit was", "hits were") + " too old to be counted when read\n";
  }
  if (document.running && document.running->over > 0) {
    text +=
        counted(document.running->over, "decision was", "decisions were") + " over before the time that is counted\n";
  }
  for (const auto& [name, value] : document.filters) {
    text += "only " + name + ": " + printable(value) + '\n';
  }
  return text;
}

std::string groups_text(const Document& document, std::optional<size_t> width) {
  if (document.groups.empty()) {
    const auto why = without_groups(document);
    return why.empty() ? "" : fitted('\n' + why + '\n', width);
  }
  constexpr size_t wide = 120;  // columns
  const Times times = width && *width < wide ? Times::last_of_networks : Times::first_and_last;
  Table table(group_header(document.by, times));
  for (const auto& group : document.groups) {
    table.add(group_cells(document.by, times, group));
  }
  std::string text = '\n' + table.to_string(width);
  if (document.groups_total > document.groups.size()) {
    const bool all = std::ranges::find(document.approximate, document.by) == document.approximate.end();
    text += fitted("and " + std::string(all ? "" : "at least ") +
                       group_digits(document.groups_total - document.groups.size()) + " more (--top N)",
                   width);
  }
  return text;
}

// By the kernel, since its table was made.
std::string dropped_text(const Document& document) {
  if (!document.running || !document.running->dropped) {
    return {};
  }
  std::string text;
  for (const auto scope : model::all_scopes) {
    if (const auto packets = document.running->dropped->at(static_cast<size_t>(scope)); packets > 0) {
      text += (text.empty() ? "" : ", ") + group_digits(packets) + " by " + std::string(model::to_string(scope));
    }
  }
  return "Dropped by the kernel: " + (text.empty() ? "nothing yet" : text + " (packets)") + '\n';
}

// All of them where nothing is left out; with filters those that fit.
std::string decisions_head(const Document& document) {
  const auto& balance = document.balance;
  if (!document.filters.empty()) {
    return "\nOf " + counted(balance.total.decisions, "decision", "decisions") + " of the whole log " +
           (balance.fitting == 0
                ? "none fits\n"
                : group_digits(balance.fitting) + (balance.fitting == 1 ? " fits" : " fit") +
                      ", and would have stopped " + counted(balance.fitting_stopped, "line", "lines") + " with hits\n");
  }
  const bool enforced = document.running && !document.running->dry_run;
  const std::string good =
      counted(balance.total.good_clients, "good client", "good clients") + " inside" +
      (balance.total.turned_away == 0 ? "" : ", " + group_digits(balance.total.turned_away) + " turned away");
  return (enforced ? "\nBanned: " : "\nWould have been banned: ") +
         counted(balance.total.decisions, "decision", "decisions") +
         (enforced ? ", from whose targets " + counted(balance.total.stopped, "line", "lines") +
                         " with hits came all the same; "
                   : ", which would have stopped " + group_digits(balance.total.stopped) + " of the " +
                         counted(document.lines_hit, "line", "lines") + " with hits; ") +
         good + '\n';
}

// In a large log only some of the visitors are looked at.
std::string sample_text(const Document& document) {
  return document.visits_looked_at < 1 && document.balance.total.decisions > 0
             ? "Good clients are at least so many, from a sample of " + percent(document.visits_looked_at) +
                   " % of the visitors without a user name\n"
             : "";
}

std::string decisions_text(const Document& document, std::optional<size_t> width) {
  const auto& balance = document.balance;
  std::string text = fitted(decisions_head(document) + sample_text(document) + dropped_text(document), width);
  if (balance.decisions.empty()) {
    return text;
  }
  // Hardly any report has somebody who was turned away.
  const bool any_away = std::ranges::any_of(balance.decisions, [](const auto& each) { return each.turned_away > 0; });
  constexpr std::ptrdiff_t away = 5;
  const auto fitting = [any_away](std::vector<std::string> cells) {
    if (!any_away) {
      cells.erase(cells.begin() + away);
    }
    return cells;
  };
  Table table(fitting({"AT", "TARGET", "FOR", "STOPPED", "GOOD", "AWAY", "AS", "CC", "REASON"}));
  for (const auto& decision : balance.decisions) {
    table.add(
        fitting({minute_text(decision.since), decision.target.to_string(),
                 decision.until ? short_duration(std::chrono::ceil<Seconds>(*decision.until - decision.since)) : "ever",
                 group_digits(decision.stopped), group_digits(decision.good_clients),
                 group_digits(decision.turned_away), dash(decision.asn), dash(decision.country_code),
                 printable(decision.rule) + ": " + printable(decision.reason)}));
  }
  text += table.to_string(width);
  if ((document.filters.empty() ? balance.total.decisions : balance.fitting) > balance.decisions.size()) {
    text += fitted(
        "shown are the " + group_digits(balance.decisions.size()) + " that would have stopped most (--top N)", width);
  }
  return text;
}

// What is covered of IPv6 is counted in /64s (model::Coverage).
std::string covered_text(const report::BalanceRow& row) {
  std::string addresses = group_digits(row.addresses_covered);
  if (row.ipv6_64s_covered == 0) {
    return addresses;
  }
  std::string networks = group_digits(row.ipv6_64s_covered) + " /64";
  return row.addresses_covered == 0 ? networks : addresses + " + " + networks;
}

void add_balance_row(Table& table, const report::BalanceRow& row) {
  table.add({group_digits(row.decisions), covered_text(row), group_digits(row.stopped), group_digits(row.good_clients),
             group_digits(row.turned_away), printable(row.name)});
}

std::string balance_text(const Document& document, std::optional<size_t> width) {
  constexpr size_t most_rules = 20;
  Table scopes({"DECISIONS", "SUM OF ADDRESSES", "STOPPED", "GOOD", "TURNED AWAY", "SCOPE"});
  uint64_t stopped = 0;
  for (const auto& row : document.balance.scopes) {
    if (row.decisions > 0) {
      add_balance_row(scopes, row);
    }
    stopped += row.stopped;
  }
  Table rules({"DECISIONS", "SUM OF ADDRESSES", "STOPPED", "GOOD", "TURNED AWAY", "RULE"});
  size_t shown = 0;
  for (const auto& row : document.balance.rules) {
    if (row.decisions > 0 && shown++ < most_rules) {
      add_balance_row(rules, row);
    }
  }
  const std::string head = document.filters.empty() || scopes.empty() ? "" : "\nOf the whole log:\n";
  const std::string several = scopes.empty() || stopped <= document.balance.total.stopped
                                  ? ""
                                  : "\nA line under several bans counts in each row, and once in all\n";
  return fitted(head, width) + (scopes.empty() ? "" : (head.empty() ? "\n" : "") + scopes.to_string(width)) +
         (rules.empty() ? "" : '\n' + rules.to_string(width)) + fitted(several, width);
}

std::string what_if_text(const Document& document, std::optional<size_t> width) {
  if (!document.what_if) {
    return {};
  }
  Table table({"DECISIONS", "STOPPED", "GOOD", "TURNED AWAY", ""});
  const auto add = [&table](const report::BalanceTotal& total, std::string name) {
    table.add({group_digits(total.decisions), group_digits(total.stopped), group_digits(total.good_clients),
               group_digits(total.turned_away), std::move(name)});
  };
  std::string settings;
  for (const auto& setting : document.what_if->settings) {
    settings += (settings.empty() ? "with " : ", ") + printable(setting);
  }
  add(document.what_if->before, "as configured");
  add(document.what_if->after, std::move(settings));
  return '\n' + table.to_string(width);
}

std::string estimates_text(const Document& document) {
  double error = document.addresses_error;
  for (const auto& group : document.groups) {
    error = std::max(error, group.distinct_error);
  }
  return error == 0 ? ""
                    : "\n~ marks estimates (HyperLogLog), mostly within " + percent(error) +
                          " %: there were too many different ones to keep them all\n";
}

std::string memory_text(const Document& document) {
  if (document.approximate.empty()) {
    return estimates_text(document);
  }
  std::string names;
  for (const auto dimension : document.approximate) {
    names += (names.empty() ? "" : ", ") + std::string(report::to_string(dimension));
  }
  return "\nToo many groups for " + format_size(document.memory_budget) +
         (document.live ? " ([report] memory): by " : " (--memory): by ") + names +
         ", hits marked ≤ may be fewer, what is marked ≥ more, and rare groups are missing\n" +
         estimates_text(document);
}

}  // namespace

std::string without_groups(const Document& document) {
  return document.hits == 0 || !document.groups.empty() ? ""
                                                        : "No hit tells its " + std::string(to_string(document.by));
}

Table top_table(const Document& document) {
  Table table(group_header(document.by, Times::last_of_networks));
  for (const auto& group : document.groups) {
    table.add(group_cells(document.by, Times::last_of_networks, group));
  }
  return table;
}

Table top_table(const Document& document, const std::vector<uint64_t>& fresh) {
  auto header = group_header(document.by, Times::last_of_networks);
  header.insert(header.begin(), "NEW");
  Table table(std::move(header));
  for (size_t i = 0; i < document.groups.size(); ++i) {
    auto cells = group_cells(document.by, Times::last_of_networks, document.groups[i]);
    cells.insert(cells.begin(), i < fresh.size() && fresh[i] > 0 ? "+" + group_digits(fresh[i]) : "");
    table.add(std::move(cells));
  }
  return table;
}

std::string report_text(const Document& document, std::optional<size_t> width) {
  return fitted(summary(document), width) + groups_text(document, width) + fitted(memory_text(document), width) +
         decisions_text(document, width) + balance_text(document, width) + what_if_text(document, width);
}

}  // namespace ipguard::cli
