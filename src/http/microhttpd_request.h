// Requests as libmicrohttpd has them. Internal to http/.
#pragma once

#include <microhttpd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace ipguard::http {

// The value of the first header of that name; empty without one. Of a value with a NUL libmicrohttpd shows what stands
// before it, here and everywhere.
[[nodiscard]] std::string header(MHD_Connection* connection, const char* name);
// As of Request::query.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_of(MHD_Connection* connection);

// What is known of a request once its head was read.
struct Head {
  std::string_view method;
  std::string_view path;          // decoded, cut at a NUL
  std::string_view version;       // "HTTP/1.1"
  std::string_view target_fault;  // fault_of_target(), of the target as it was sent
};

// The answer to what is wrong with a request before anybody looks at what it asks for; nullopt: nothing is. A host that
// is not in `hosts` (headers.h) is answered with 421.
[[nodiscard]] std::optional<Response> refusal(MHD_Connection* connection, const Head& head,
                                              const std::vector<std::string>& hosts, size_t body_bytes);
[[nodiscard]] Response too_large(size_t body_bytes);

}  // namespace ipguard::http
