#include "transfer/curl_options.h"

#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "base/version.h"

namespace ipguard::transfer {

CurlHandle new_handle(const char* protocols) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  if (curl != nullptr) {
    const std::string agent = "ipguard/" + std::string(version());
    curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, agent.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  }
  return curl;
}

void set_bearer(CURL* curl, const std::string& token) {
  if (!token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token.c_str());
  }
}

std::string without_secrets(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const auto scheme = shown.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto end = std::min(shown.find('/', begin), shown.size());
  if (const auto at = shown.substr(begin, end - begin).rfind('@'); at != std::string::npos) {
    shown.erase(begin, at + 1);
  }
  return printable(shown);
}

}  // namespace ipguard::transfer
