#include "notify/sink.h"

#include <syslog.h>

#include <utility>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "notify/datagram_sink.h"
#include "notify/exec_sink.h"
#include "notify/file_sink.h"
#include "notify/webhook_sink.h"

namespace ipguard::notify {

int priority_of(config::EventKind kind) {
  switch (kind) {
    case config::EventKind::problem:
      return LOG_WARNING;
    case config::EventKind::refusal:
      return LOG_NOTICE;
    case config::EventKind::ban:
    case config::EventKind::lift:
      break;
  }
  return LOG_INFO;
}

SinkCounters Sink::counters() const {
  auto counters = counters_;
  counters.dropped = queue_.dropped();
  counters.last_dropped = queue_.last_dropped();
  counters.waiting = queue_.size() + under_way();
  return counters;
}

void Sink::begin_problem(const std::string& problem, const std::string& sentence) {
  if (std::exchange(counters_.problem, problem) != problem) {
    log_warning("notify: " + sentence);
  }
}

void Sink::end_problem(std::string_view who, std::string_view well) {
  if (!counters_.problem.empty()) {
    counters_.problem.clear();
    log_info("notify: " + printable(who) + ": " + std::string(well));
  }
}

Result<std::unique_ptr<Sink>> make_sink(loop::EventLoop& loop, const config::NotifyConfig& config, Clock clock) {
  using config::NotifyType;
  switch (config.type) {
    case NotifyType::journal:
      return std::make_unique<DatagramSink>(loop, journal_socket, journal_datagram);
    case NotifyType::syslog:
      return std::make_unique<DatagramSink>(loop, syslog_socket, syslog_datagram);
    case NotifyType::webhook: {
      auto token = config.token_file.empty() ? Result<std::string>("") : read_secret(config.token_file);
      if (!token) {
        return std::unexpected(std::move(token.error()));
      }
      return std::make_unique<WebhookSink>(loop, config, std::move(*token), std::move(clock));
    }
    case NotifyType::exec:
      return std::make_unique<ExecSink>(loop, config);
    case NotifyType::file:
      break;
  }
  return std::make_unique<FileSink>(loop, config.path);
}

}  // namespace ipguard::notify
