#include "transfer/web_client.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <new>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "loop/background.h"
#include "transfer/curl_options.h"

namespace ipguard::transfer {
namespace {

constexpr size_t most_answered = 64U << 10;

struct Transfer {
  explicit Transfer(const Post& request) : post(request), curl(new_handle("http,https")) {}
  ~Transfer() { curl_slist_free_all(headers); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  const Post& post;
  CurlHandle curl;
  curl_slist* headers = nullptr;
  size_t answered = 0;
};

struct CleanUp {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
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
  // A name that nobody resolves does not hold up who gives the transfer up.
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
}

class Url {
 public:
  explicit Url(const std::string& text) : parts_(curl_url(), &curl_url_cleanup) {
    if (parts_ == nullptr) {
      throw std::bad_alloc();
    }
    error_ = curl_url_set(parts_.get(), CURLUPART_URL, text.c_str(), 0);
  }
  [[nodiscard]] CURLUcode error() const { return error_; }
  // "" without it.
  [[nodiscard]] std::string part(CURLUPart which, unsigned flags = 0) const {
    char* text = nullptr;
    if (curl_url_get(parts_.get(), which, &text, flags) != CURLUE_OK) {
      return "";
    }
    const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
    return text;
  }

 private:
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts_;
  CURLUcode error_ = CURLUE_OK;
};

// "hooks.example port 443": of a URL neither user, nor path, nor query, which may be secrets.
std::string server_of(const std::string& url) {
  const Url parts(url);
  return parts.part(CURLUPART_HOST) + " port " + parts.part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

// libcurl's own words (CURLOPT_ERRORBUFFER) tell milliseconds, too: no two would be the same problem.
std::string words_of(CURLcode code, const std::string& url) {
  switch (code) {
    case CURLE_OK:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return server_of(url) + ": what answers there speaks no HTTP";
    case CURLE_PEER_FAILED_VERIFICATION:
      return server_of(url) + ": its certificate is another host's, or of an authority that is not trusted here";
    default:
      return server_of(url) + ": " + curl_easy_strerror(code);
  }
}

PostOutcome outcome_of(CURL* curl, CURLcode code, const std::string& url) {
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
    outcome.error = words_of(code, url);
  }
  return outcome;
}

}  // namespace

// The thread's and the loop's in turn: a Background has done with one before the next is begun.
struct WebClient::Impl {
  explicit Impl(loop::EventLoop& event_loop)
      : multi(curl_multi_init()),
        refusal(event_loop, [this] { tell({.status = 0, .error = no_thread}); }),
        worker(event_loop, [this](const PostOutcome& outcome) { tell(outcome); }) {
    if (multi == nullptr) {
      throw std::bad_alloc();
    }
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, 2L);
  }
  ~Impl() {
    given_up = true;
    curl_multi_wakeup(multi.get());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void tell(const PostOutcome& outcome) {
    const auto told = std::exchange(on_done, {});
    told(outcome);
  }

  // In a thread beside the loop: reading all the certificates that are trusted, which GnuTLS does for each connection
  // anew, takes tens of milliseconds.
  PostOutcome carry_out(const Post& post) {
    Transfer transfer(post);
    if (transfer.curl == nullptr) {
      return {.status = 0, .error = "libcurl cannot be started"};
    }
    set_post_options(transfer);
    CURL* const curl = transfer.curl.get();
    curl_multi_add_handle(multi.get(), curl);
    const CURLcode code = wait();
    const auto outcome = outcome_of(curl, code, post.url);
    curl_multi_remove_handle(multi.get(), curl);
    return outcome;
  }

  // Until the only transfer is done, or nobody wants it any more.
  CURLcode wait() {
    constexpr int until_something_happens = 60'000;  // ms; libcurl's own time-outs end it before
    int running = 1;
    while (running > 0 && !given_up) {
      if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
        return CURLE_FAILED_INIT;
      }
      if (running > 0) {
        curl_multi_poll(multi.get(), nullptr, 0, until_something_happens, nullptr);
      }
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        return message->data.result;
      }
    }
    return CURLE_ABORTED_BY_CALLBACK;
  }

  std::unique_ptr<CURLM, CleanUp> multi;
  std::atomic<bool> given_up = false;
  std::function<void(PostOutcome)> on_done;
  std::string no_thread;
  loop::Timer refusal;
  loop::Background<PostOutcome> worker;  // last: it ends before what it uses goes
};

WebClient::WebClient(loop::EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
WebClient::~WebClient() = default;

void WebClient::post(Post post, std::function<void(PostOutcome)> on_done) {
  assert(!impl_->on_done);
  impl_->on_done = std::move(on_done);
  try {
    impl_->worker.start([impl = impl_.get(), post = std::move(post)] { return impl->carry_out(post); });
  } catch (const std::system_error& error) {  // no more threads (TasksMax= of the service): in a while, perhaps
    impl_->no_thread = std::string("no thread can be started: ") + error.what();
    impl_->refusal.start(std::chrono::milliseconds{0});
  }
}

std::string url_problem(const std::string& url) {
  const Url parts(url);
  if (parts.error() != CURLUE_OK) {
    return curl_url_strerror(parts.error());
  }
  return parse_number(parts.part(CURLUPART_PORT)) == 0 ? "Port number is 0" : "";
}

}  // namespace ipguard::transfer
