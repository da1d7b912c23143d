// WebhookSink: a POST an event, one after the other, to a server that may be slow, wrong or gone.
#pragma once

#include <string>

#include "notify/sink.h"
#include "transfer/web_client.h"

namespace ipguard::notify {

struct WebhookTiming {
  std::chrono::milliseconds first_pause{1000};  // after a failure; twice as long after each …
  std::chrono::milliseconds longest_pause{300'000};
  std::chrono::seconds oldest{3600};  // an event that waited for longer is dropped
};

// What the server cannot be expected to take later (a status of 3xx, for redirects are not followed, and of 4xx but
// 408, 425 and 429) counts as failed and is passed over. Retry-After is heeded, up to longest_pause. The body is the
// event's JSON.
class WebhookSink : public Sink {
 public:
  // `token`: what config.token_file holds; "" = none.
  WebhookSink(loop::EventLoop& loop, const config::NotifyConfig& config, std::string token, Clock clock,
              WebhookTiming timing = {}, size_t most = most_waiting);

  void take(std::shared_ptr<const Event> event) override;
  // The token may have changed in its file.
  [[nodiscard]] Result<> reopen() override;

 private:
  void begin();
  void on_done(const transfer::PostOutcome& outcome);
  void retry(const transfer::PostOutcome& outcome);

  std::string name_;
  std::string token_file_;
  transfer::Post common_;
  Clock clock_;
  WebhookTiming timing_;
  uint64_t sent_lost_fronts_ = 0;
  bool under_way_ = false;
  std::chrono::milliseconds pause_{0};  // of the last retry; 0 = the last attempt went well
  loop::Timer timer_;
  transfer::WebClient client_;
};

}  // namespace ipguard::notify
