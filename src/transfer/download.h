// Download: one file from a URL. Blocks: never in the ban path.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace ipguard::transfer {

struct DownloadOptions {
  std::string url;    // http, https or file; "{token}" in it stands for the token
  std::string token;  // empty = none; where the URL has no place for it, it goes as "Authorization: Bearer"
  uint64_t most_bytes = 4ULL << 30;
  std::chrono::seconds timeout{600};
};

// Appends to `fd`. Certificates are verified; redirects lead to http and https only, and never to another host with the
// token. No error message holds the token, or user and password of the URL. A token that is more than one word of
// printable ASCII is Errc::invalid: it would go into a header as it is. Errc::not_found for HTTP 404, Errc::permission
// for 401 and 403.
[[nodiscard]] Result<> download(const DownloadOptions& options, int fd);

}  // namespace ipguard::transfer
