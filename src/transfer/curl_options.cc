#include "transfer/curl_options.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "base/version.h"

namespace ipguard::transfer {

namespace {

// Where libcurl was built to read a whole folder for each connection (Debian's: hundreds of files, and a bundle of them
// all among them), the bundle alone, which has the same certificates.
void trust(CURL* curl) {
  const auto* built = curl_version_info(CURLVERSION_NOW);
  if (const auto bundle = bundle_in(built->capath); built->cainfo == nullptr && !bundle.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, bundle.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
}

}  // namespace

std::string bundle_in(const char* folder) {
  auto path = folder == nullptr ? std::string() : std::string(folder) + "/ca-certificates.crt";
  return !path.empty() && ::access(path.c_str(), R_OK) == 0 ? path : "";
}

CurlHandle new_handle(const char* protocols) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  if (curl != nullptr) {
    const std::string agent = "ipguard/" + std::string(version());
    curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, agent.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    trust(curl.get());
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
