#include "notify/webhook_sink.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "base/text.h"

namespace ipguard::notify {
namespace {

bool worth_another_try(const transfer::PostOutcome& outcome) {
  return outcome.status < 300 || outcome.status >= 500 || outcome.status == 408 || outcome.status == 425 ||
         outcome.status == 429;
}

std::string words_of(const transfer::PostOutcome& outcome) {
  if (outcome.status == 0) {
    return printable(outcome.error);
  }
  const auto words = "the server answers " + std::to_string(outcome.status);
  return outcome.status / 100 == 3
             ? words + ", and redirects are not followed: write the address that it leads to into url"
             : words;
}

}  // namespace

WebhookSink::WebhookSink(loop::EventLoop& loop, const config::NotifyConfig& config, std::string token, Clock clock,
                         WebhookTiming timing, size_t most)
    : Sink(most),
      name_(config.name),
      token_file_(config.token_file),
      common_{.url = config.url,
              .token = std::move(token),
              .type = "application/json",
              .body = {},
              .timeout = config.timeout},
      clock_(std::move(clock)),
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
  const auto now = clock_();
  while (!queue_.empty() && queue_.front()->time + timing_.oldest < now) {
    queue_.drop(now);
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
    end_problem(name_, "the server takes events again");
    pause_ = {};
    ++counters_.delivered;
  } else if (worth_another_try(outcome)) {
    retry(outcome);
    return;
  } else {
    const auto problem = words_of(outcome);
    begin_problem(problem, name_ + ": events are refused: " + problem);
    ++counters_.failed;
  }
  if (still_there) {
    queue_.pop();
  }
  timer_.start(std::chrono::milliseconds{0});
}

void WebhookSink::retry(const transfer::PostOutcome& outcome) {
  const auto problem = words_of(outcome);
  begin_problem(problem, name_ + ": " + problem);
  pause_ = std::min(std::max(2 * pause_, timing_.first_pause), timing_.longest_pause);
  const auto asked = std::min<std::chrono::milliseconds>(outcome.retry_after, timing_.longest_pause);
  timer_.start(std::max(pause_, asked));
}

}  // namespace ipguard::notify
