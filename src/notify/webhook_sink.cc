#include "notify/webhook_sink.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

namespace ipguard::notify {
namespace {

bool worth_another_try(const transfer::PostOutcome& outcome) {
  return outcome.status < 300 || outcome.status >= 500 || outcome.status == 408 || outcome.status == 425 ||
         outcome.status == 429;
}

}  // namespace

WebhookSink::WebhookSink(loop::EventLoop& loop, const config::NotifyConfig& config, std::string token,
                         WebhookTiming timing, size_t most)
    : Sink(most),
      name_(config.name),
      token_file_(config.token_file),
      common_{.url = config.url,
              .token = std::move(token),
              .type = "application/json",
              .body = {},
              .timeout = config.timeout},
      timing_(timing),
      timer_(loop, [this] { begin(); }),
      client_(loop) {}

void WebhookSink::take(std::shared_ptr<const Event> event) {
  queue_.push(std::move(event));
  if (!under_way_ && !timer_.running()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

Result<> WebhookSink::reopen() {
  if (token_file_.empty()) {
    return {};
  }
  auto token = read_secret(token_file_);
  if (!token) {
    return std::unexpected(std::move(token.error()));
  }
  common_.token = std::move(*token);
  return {};
}

void WebhookSink::begin() {
  // What is older than the bound by now: nobody is told of last night's bans in the morning, one after the other.
  const auto newest = queue_.empty() ? TimePoint{} : wall_clock_now();
  while (!queue_.empty() && queue_.front()->time + timing_.oldest < newest) {
    queue_.drop();
  }
  if (queue_.empty()) {
    return;
  }
  auto post = common_;
  post.body = queue_.front()->json;
  sent_lost_fronts_ = queue_.lost_fronts();
  under_way_ = true;
  client_.post(std::move(post), [this](const transfer::PostOutcome& outcome) { on_done(outcome); });
}

void WebhookSink::on_done(const transfer::PostOutcome& outcome) {
  under_way_ = false;
  const bool still_there = sent_lost_fronts_ == queue_.lost_fronts();  // else it has been counted as dropped
  if (outcome.delivered()) {
    counters_.problem.clear();
    pause_ = {};
    ++counters_.delivered;
  } else if (worth_another_try(outcome)) {
    retry(outcome);
    return;
  } else {
    counters_.problem = "the server answers " + std::to_string(outcome.status);
    log_warning("notify: " + name_ + ": an event was refused: " + counters_.problem);
    ++counters_.failed;
  }
  if (still_there) {
    queue_.pop();
  }
  timer_.start(std::chrono::milliseconds{0});
}

void WebhookSink::retry(const transfer::PostOutcome& outcome) {
  const auto problem =
      outcome.status == 0 ? printable(outcome.error) : "the server answers " + std::to_string(outcome.status);
  if (std::exchange(counters_.problem, problem) != problem) {
    log_warning("notify: " + name_ + ": " + problem);
  }
  pause_ = std::min(std::max(2 * pause_, timing_.first_pause), timing_.longest_pause);
  const auto asked = std::min<std::chrono::milliseconds>(outcome.retry_after, timing_.longest_pause);
  timer_.start(std::max(pause_, asked));
}

}  // namespace ipguard::notify
