#include "daemon/notifications.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "daemon/render_json.h"
#include "daemon/report_changes.h"
#include "model/ending.h"

namespace ipguard::daemon {
namespace {

using config::EventKind;

// Problems are looked for this often, where anybody wants to know.
constexpr std::chrono::seconds problem_interval{15};

EventKind kind_of(const decide::DecisionChange& change) {
  if (!change.ending) {
    return EventKind::ban;
  }
  return change.ending == model::Ending::refused ? EventKind::refusal : EventKind::lift;
}

notify::Topic topic_of(const decide::DecisionChange& change) {
  return {.kind = kind_of(change),
          .scope = change.decision.target.scope,
          .rule = change.decision.rule,
          .issuer = change.decision.issuer};
}

std::string own_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? printable(name.data()) : "unknown";
}

Json head(EventKind kind, bool dry_run, const std::string& host, TimePoint time) {
  return {{"kind", config::event_kinds.at(static_cast<size_t>(kind))},
          {"time", format_rfc3339(time)},
          {"host", host},
          {"mode", config::to_string(config::mode_of(dry_run))}};
}

std::string message_of(const decide::DecisionChange& change, bool dry_run) {
  const auto what = describe(change.decision) + ": " +
                    printable(change.ending && !change.note.empty() ? change.note : change.decision.reason);
  if (!change.ending) {
    return (dry_run ? "would ban " : "banned ") + what;
  }
  return std::string(model::to_string(*change.ending)) + ": " + what;
}

std::vector<std::pair<std::string, std::string>> fields_of(const Json& json) {
  constexpr std::array<std::pair<const char*, const char*>, 13> names = {{{"kind", "IPGUARD_KIND"},
                                                                          {"mode", "IPGUARD_MODE"},
                                                                          {"scope", "IPGUARD_SCOPE"},
                                                                          {"target", "IPGUARD_TARGET"},
                                                                          {"rule", "IPGUARD_RULE"},
                                                                          {"issuer", "IPGUARD_ISSUER"},
                                                                          {"asn", "IPGUARD_ASN"},
                                                                          {"as_name", "IPGUARD_AS_NAME"},
                                                                          {"country_code", "IPGUARD_COUNTRY"},
                                                                          {"route", "IPGUARD_ROUTE"},
                                                                          {"since", "IPGUARD_SINCE"},
                                                                          {"until", "IPGUARD_UNTIL"},
                                                                          {"ending", "IPGUARD_ENDING"}}};
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [key, field] : names) {
    if (const auto found = json.find(key); found != json.end() && found->is_string()) {
      fields.emplace_back(field, found->get_ref<const std::string&>());
    }
  }
  return fields;
}

}  // namespace

notify::Event event_of(const decide::DecisionChange& change, bool dry_run, const std::string& host, TimePoint now) {
  constexpr size_t most_prefixes = 64;
  constexpr size_t most_reason = 1024;
  const auto kind = kind_of(change);
  auto json = head(kind, dry_run, host, now);
  auto decision = to_json(change.decision, false);
  auto& prefixes = decision["prefixes"];
  if (prefixes.size() > most_prefixes) {
    decision["more_prefixes"] = prefixes.size() - most_prefixes;
    prefixes.erase(prefixes.begin() + most_prefixes, prefixes.end());
  }
  if (auto& reason = decision["reason"].get_ref<std::string&>(); reason.size() > most_reason) {
    reason.resize(most_reason);
  }
  json.update(decision);
  if (change.ending) {
    json["ending"] = model::to_string(*change.ending);
    json["note"] = change.note.empty() ? Json(nullptr) : Json(change.note.substr(0, most_reason));
  }
  notify::Event event{.kind = kind,
                      .time = now,
                      .scope = change.decision.target.scope,
                      .rule = change.decision.rule,
                      .issuer = change.decision.issuer,
                      .message = message_of(change, dry_run)};
  event.json = control::format_item(json);
  event.fields = fields_of(json);
  return event;
}

notify::Event event_of_problem(const std::string& sentence, bool dry_run, const std::string& host, TimePoint now) {
  auto json = head(EventKind::problem, dry_run, host, now);
  json["message"] = sentence;
  notify::Event event{.kind = EventKind::problem, .time = now, .message = printable(sentence)};
  event.json = control::format_item(json);
  event.fields = fields_of(json);
  return event;
}

Notifications::Notifications(loop::EventLoop& loop, Guard& guard, std::function<std::vector<Warning>()> warnings)
    : guard_(guard),
      warnings_(std::move(warnings)),
      host_(own_name()),
      notifier_(loop, wall_clock_now),
      problem_timer_(loop, [this] { look_for_problems(); }) {
  guard_.tell([this](const auto& changes, TimePoint now) { on_changes(changes, now); },
              [this] { return notifier_.behind(); });
}

std::vector<std::string> Notifications::apply() {
  auto problems = notifier_.apply(guard_.loaded().config.notifies);
  if (notifier_.wanted({.kind = EventKind::problem})) {
    problem_timer_.start(std::chrono::seconds{1});
  } else {
    problem_timer_.stop();
  }
  return problems;
}

void Notifications::on_changes(const std::vector<decide::DecisionChange>& changes, TimePoint now) {
  if (!notifier_.any()) {
    return;
  }
  // Of the backlog: bans that were over before they began, and their ends.
  std::set<model::Target> over;
  for (const auto& change : changes) {
    const auto& target = change.decision.target;
    if (!change.ending && !change.decision.active_at(now)) {
      over.insert(target);
    } else if (change.ending == model::Ending::expired && over.erase(target) > 0) {
      continue;
    } else if (notifier_.wanted(topic_of(change))) {
      notifier_.publish(event_of(change, guard_.dry_run(), host_, now));
    }
  }
}

void Notifications::look_for_problems() {
  const auto now = wall_clock_now();
  std::set<std::string> problems;
  for (const auto& [sentence, kind] : warnings_()) {
    if (problems.insert(kind).second && !known_problems_.contains(kind)) {
      notifier_.publish(event_of_problem(sentence, guard_.dry_run(), host_, now));
    }
  }
  known_problems_ = std::move(problems);
  problem_timer_.start(problem_interval);
}

}  // namespace ipguard::daemon
