// What all transfers by libcurl have in common. Internal to transfer/.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

namespace ipguard::transfer {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// A new handle with our user agent, no signals, certificates verified, and only the protocols named ("http,https");
// null if libcurl cannot be started. Any thread.
[[nodiscard]] CurlHandle new_handle(const char* protocols);

// The bundle that update-ca-certificates(8) makes of all the certificates in a folder, "" if there is none that can be
// read. `folder` may be null.
[[nodiscard]] std::string bundle_in(const char* folder);

// "Authorization: Bearer TOKEN", which libcurl never sends to another host it is redirected to. An empty token is none.
void set_bearer(CURL* curl, const std::string& token);

// The URL without what may be a secret: user and password, and the query. Safe for a terminal.
[[nodiscard]] std::string without_secrets(std::string_view url);

}  // namespace ipguard::transfer
