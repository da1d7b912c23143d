#include "transfer/download.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/text.h"
#include "transfer/curl_options.h"

namespace ipguard::transfer {
namespace {

struct Target {
  int fd = -1;
  uint64_t room = 0;
  int write_error = 0;
};

size_t on_bytes(const char* bytes, size_t /*one*/, size_t size, void* user) {
  auto& target = *static_cast<Target*>(user);
  if (size > target.room) {
    target.room = 0;
    return 0;
  }
  for (size_t written = 0; written < size;) {
    const ssize_t count = ::write(target.fd, bytes + written, size - written);
    if (count < 0 && errno != EINTR) {
      target.write_error = errno;
      return 0;
    }
    written += count > 0 ? static_cast<size_t>(count) : 0;
  }
  target.room -= size;
  return size;
}

// A token goes into a URL as it is only if no character of it means something there.
std::string escaped(CURL* curl, const std::string& token) {
  const std::unique_ptr<char, decltype(&curl_free)> text(
      curl_easy_escape(curl, token.c_str(), static_cast<int>(token.size())), &curl_free);
  return text == nullptr ? "" : text.get();
}

bool is_one_word(const std::string& token) {
  return std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
}

void set_options(CURL* curl, const DownloadOptions& options, Target& target, char* error) {
  constexpr std::string_view place = "{token}";
  std::string url = options.url;
  const auto at = url.find(place);
  if (at != std::string::npos) {
    url.replace(at, place.size(), escaped(curl, options.token));
  } else {
    set_bearer(curl, options.token);
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &target);
}

}  // namespace

Result<> download(const DownloadOptions& options, int fd) {
  const std::string what = "cannot download " + without_secrets(options.url);
  if (!is_one_word(options.token)) {
    return fail(Errc::invalid, what + ": the token holds blanks, line ends or what is no ASCII; it is to be one word");
  }
  const auto curl = new_handle("http,https,file");
  if (curl == nullptr) {
    return fail("libcurl cannot be started");
  }
  Target target{.fd = fd, .room = options.most_bytes};
  std::array<char, CURL_ERROR_SIZE> error{};
  set_options(curl.get(), options, target, error.data());
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) {
    return {};
  }
  if (target.write_error != 0) {
    return fail_errno(what, target.write_error);
  }
  if (target.room == 0) {
    return fail(Errc::invalid, what + ": it is larger than " + format_size(options.most_bytes));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  const Errc kind = status == 404 ? Errc::not_found : status == 401 || status == 403 ? Errc::permission : Errc::failed;
  if (status >= 400) {
    return fail(kind, what + ": the server answers " + std::to_string(status));
  }
  return fail(kind, what + ": " + curl_easy_strerror(code));
}

}  // namespace ipguard::transfer
