#include "transfer/web_client.h"

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <utility>
#include <vector>

#include "transfer/curl_options.h"

namespace ipguard::transfer {
namespace {

constexpr size_t most_answered = 64U << 10;

struct Transfer {
  Transfer(Post request, std::function<void(PostOutcome)> done)
      : post(std::move(request)), on_done(std::move(done)), curl(new_handle("http,https")) {}
  ~Transfer() { curl_slist_free_all(headers); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Post post;
  std::function<void(PostOutcome)> on_done;
  CurlHandle curl;
  curl_slist* headers = nullptr;
  size_t answered = 0;
};

size_t on_answer(const char* /*bytes*/, size_t /*one*/, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.answered += size;
  return transfer.answered > most_answered ? 0 : size;
}

void set_post_options(Transfer& transfer) {
  CURL* curl = transfer.curl.get();
  const auto& post = transfer.post;
  // No "Expect: 100-continue": what is sent is small.
  transfer.headers = curl_slist_append(nullptr, ("Content-Type: " + post.type).c_str());
  transfer.headers = curl_slist_append(transfer.headers, "Expect:");
  set_bearer(curl, post.token);
  curl_easy_setopt(curl, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(post.body.size()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(post.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
}

PostOutcome outcome_of(CURL* curl, CURLcode code) {
  PostOutcome outcome;
  long status = 0;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
  // An answer that is too long, or breaks off, is one all the same.
  if (status > 0 && status < 1000 && (code == CURLE_OK || code == CURLE_WRITE_ERROR || code == CURLE_PARTIAL_FILE)) {
    outcome.status = static_cast<int>(status);
    // Anybody's number: as seconds it may be more than any clock counts.
    outcome.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(retry_after, 0, longest_retry_after.count()));
  } else {
    outcome.error = code == CURLE_OK ? "the answer has no status of HTTP" : curl_easy_strerror(code);
  }
  return outcome;
}

}  // namespace

struct WebClient::Impl {
  explicit Impl(loop::EventLoop& event_loop)
      : loop(event_loop), multi(curl_multi_init()), timer(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2L);
  }
  ~Impl() {
    for (const auto& [curl, transfer] : transfers) {
      curl_multi_remove_handle(multi, curl);
    }
    transfers.clear();
    curl_multi_cleanup(multi);  // it may still tell of sockets that it closes
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // libcurl's callbacks: what to wait for. They only note it, for libcurl must not be called from within.
  static int on_socket(CURL* /*curl*/, curl_socket_t fd, int what, void* user, void* /*socket*/) {
    auto& self = *static_cast<Impl*>(user);
    auto& watcher = self.sockets[fd];
    if (what == CURL_POLL_REMOVE) {
      self.retired.push_back(std::move(watcher));  // this may be called by its own callback
      self.sockets.erase(fd);
      if (self.retired.back()) {
        self.retired.back()->stop();
      }
      return 0;
    }
    if (!watcher) {
      watcher = std::make_unique<loop::IoWatcher>(self.loop, [&self, fd](unsigned interest) {
        const unsigned bits = ((interest & loop::IoWatcher::readable) != 0 ? unsigned{CURL_CSELECT_IN} : 0U) |
                              ((interest & loop::IoWatcher::writable) != 0 ? unsigned{CURL_CSELECT_OUT} : 0U);
        self.act(fd, static_cast<int>(bits));
      });
    }
    const unsigned interest = (what != CURL_POLL_OUT ? unsigned{loop::IoWatcher::readable} : 0U) |
                              (what != CURL_POLL_IN ? unsigned{loop::IoWatcher::writable} : 0U);
    watcher->start(fd, interest);
    return 0;
  }
  static int on_timer(CURLM* /*multi*/, long milliseconds, void* user) {
    auto& self = *static_cast<Impl*>(user);
    if (milliseconds < 0) {
      self.timer.stop();
    } else {
      self.timer.start(std::chrono::milliseconds(milliseconds));
    }
    return 0;
  }

  void act(curl_socket_t fd, int bits) {
    int running = 0;
    curl_multi_socket_action(multi, fd, bits, &running);
    retired.clear();
    finish();
  }

  void finish() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      CURL* curl = message->easy_handle;
      const auto outcome = outcome_of(curl, message->data.result);
      curl_multi_remove_handle(multi, curl);
      const auto node = transfers.extract(curl);
      node.mapped()->on_done(outcome);
    }
  }

  loop::EventLoop& loop;
  CURLM* multi;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
  std::map<curl_socket_t, std::unique_ptr<loop::IoWatcher>> sockets;
  std::vector<std::unique_ptr<loop::IoWatcher>> retired;
  loop::Timer timer;
};

WebClient::WebClient(loop::EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
WebClient::~WebClient() = default;

void WebClient::post(Post post, std::function<void(PostOutcome)> on_done) {
  auto transfer = std::make_unique<Transfer>(std::move(post), std::move(on_done));
  CURL* curl = transfer->curl.get();
  if (curl == nullptr) {
    throw std::bad_alloc();
  }
  set_post_options(*transfer);
  impl_->transfers.emplace(curl, std::move(transfer));
  curl_multi_add_handle(impl_->multi, curl);  // sets the timer that begins it
}

}  // namespace ipguard::transfer
