#include "notify/notifier.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/rule_selection.h"

namespace ipguard::notify {
namespace {

// What the sink itself is made of; filters may change under it.
auto substance(const config::NotifyConfig& config) {
  return std::tie(config.name, config.type, config.path, config.url, config.token_file, config.command, config.timeout);
}

template <typename List, typename Value>
bool lets_through(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

}  // namespace

bool wants(const config::NotifyConfig& config, const Topic& topic) {
  if (!lets_through(config.kinds, topic.kind)) {
    return false;
  }
  if (topic.kind == config::EventKind::problem) {
    return true;
  }
  return (config.scopes.empty() || (topic.scope && lets_through(config.scopes, *topic.scope))) &&
         lets_through(config.issuers, topic.issuer) &&
         (config.rules.empty() || std::ranges::any_of(config.rules, [&](const config::RuleWord& each) {
            return config::names_rule(each.word, topic.rule);
          }));
}

std::vector<std::string> Notifier::apply(const std::vector<config::NotifyConfig>& configs) {
  std::vector<std::string> problems;
  auto before = std::exchange(outlets_, {});
  for (const auto& config : configs) {
    const auto same = std::ranges::find_if(before, [&config](const Outlet& outlet) {
      return outlet.sink != nullptr && substance(outlet.config) == substance(config);
    });
    if (same != before.end()) {
      if (auto renewed = same->sink->reopen(); !renewed) {
        problems.push_back("[[notify]] " + config.name + " goes on as it was: " + renewed.error().message);
      }
      outlets_.push_back({.config = config, .sink = std::move(same->sink)});
      continue;
    }
    if (auto sink = make_sink(loop_, config, clock_)) {
      outlets_.push_back({.config = config, .sink = std::move(*sink)});
    } else {
      problems.push_back("[[notify]] " + config.name + " is left out: " + sink.error().message);
    }
  }
  return problems;
}

bool Notifier::wanted(const Topic& topic) const {
  return std::ranges::any_of(outlets_, [&topic](const Outlet& outlet) { return wants(outlet.config, topic); });
}

void Notifier::publish(Event event) {
  const auto shared = std::make_shared<const Event>(std::move(event));
  const Topic topic{.kind = shared->kind, .scope = shared->scope, .rule = shared->rule, .issuer = shared->issuer};
  for (const auto& outlet : outlets_) {
    if (wants(outlet.config, topic)) {
      outlet.sink->take(shared);
    }
  }
}

bool Notifier::behind() const {
  bool any_behind = false;
  for (const auto& outlet : outlets_) {
    any_behind = outlet.sink->behind() || any_behind;  // each keeps the time for itself
  }
  return any_behind;
}

std::vector<SinkStatus> Notifier::status() const {
  std::vector<SinkStatus> all;
  all.reserve(outlets_.size());
  for (const auto& outlet : outlets_) {
    all.push_back({.name = outlet.config.name, .type = outlet.config.type, .counters = outlet.sink->counters()});
  }
  return all;
}

}  // namespace ipguard::notify
