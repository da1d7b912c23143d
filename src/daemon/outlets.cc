#include "daemon/outlets.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "daemon/metrics.h"
#include "daemon/status.h"
#include "daemon/whois_service.h"

namespace ipguard::daemon {

Outlets::Outlets(loop::EventLoop& loop, Guard& guard, const CommandContext& context, Run run)
    : guard_(guard),
      context_(context),
      notifications_(loop, guard, [this] { return status_warnings(context_, wall_clock_now()); }),
      http_(loop, guard,
            {.run = std::move(run),
             .metrics = [this](http::Exposition format) { return metrics(format); },
             .ailments = [this] { return ailments(); }}) {}

std::vector<std::string> Outlets::notify() {
  auto problems = notifications_.apply();
  for (const auto& problem : problems) {
    log_error(printable(problem));
  }
  return problems;
}

std::string Outlets::metrics(http::Exposition format) const {
  MetricsInput input{.guard = guard_,
                     .sources = context_.sources(),
                     .sinks = notifications_.status(),
                     .http = http_.running() ? &http_.server() : nullptr,
                     .whois = nullptr,
                     .started = context_.started};
  if (context_.services) {
    const auto services = context_.services();
    input.whois = services.whois.running() ? &services.whois.server() : nullptr;
  }
  return metrics_text(input, format);
}

std::vector<std::string> Outlets::ailments() const {
  std::vector<std::string> sentences;
  if (guard_.kernel_failures().any()) {
    sentences.push_back("not everything is enforced: " + guard_.kernel_failures().problem());
  }
  const auto& sources = guard_.loaded().config.sources;
  if (!sources.empty() && std::ranges::none_of(context_.sources(), model::is_followed)) {
    sentences.emplace_back("no source is being followed: nothing can be recognised");
  }
  return sentences;
}

control::Json Outlets::http_json() const {
  if (!http_.running()) {
    return nullptr;
  }
  const auto& counters = http_.server().counters();
  return {{"listen", http_.listens_on()},        {"connections", http_.server().connections()},
          {"requests", counters.requests},       {"foreign_hosts", counters.foreign_hosts},
          {"turned_away", counters.turned_away}, {"timed_out", counters.timed_out}};
}

control::Json Outlets::notify_json() const {
  auto list = control::Json::array();
  for (const auto& sink : notifications_.status()) {
    const auto& counters = sink.counters;
    list.push_back({{"name", sink.name},
                    {"type", config::notify_types.at(static_cast<size_t>(sink.type))},
                    {"delivered", counters.delivered},
                    {"failed", counters.failed},
                    {"dropped", counters.dropped},
                    {"waiting", counters.waiting},
                    {"problem", counters.problem.empty() ? control::Json(nullptr) : control::Json(counters.problem)}});
  }
  return list;
}

std::vector<Warning> Outlets::warnings() const {
  auto warnings = sink_warnings(notifications_.status(), wall_clock_now());
  if (!http_.problem().empty()) {
    warnings.insert(warnings.begin(), http_.problem());
  }
  return warnings;
}

std::vector<Warning> sink_warnings(const std::vector<notify::SinkStatus>& sinks, TimePoint now) {
  constexpr Seconds remembered{3600};  // then the counters alone tell of it: nothing is wrong any more
  std::vector<Warning> warnings;
  for (const auto& [name, type, counters] : sinks) {
    if (!counters.problem.empty()) {
      warnings.emplace_back("[[notify]] " + name + ": " + counters.problem);
    }
    if (counters.last_dropped && now - *counters.last_dropped < remembered) {
      warnings.emplace_back("[[notify]] " + name + ": " + std::to_string(counters.dropped) +
                                " events were given up, the last at " +
                                format_rfc3339(std::chrono::floor<Seconds>(*counters.last_dropped)) +
                                ": too many waited, or for too long",
                            "[[notify]] " + name + ": events were given up");
    }
  }
  return warnings;
}

}  // namespace ipguard::daemon
