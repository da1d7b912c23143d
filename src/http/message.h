// Requests and responses of the HTTP server, as its handler sees them.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ipguard::http {

struct Request {
  std::string method = {};                                      // "GET", "HEAD" or "POST": others were turned away
  std::string path = {};                                        // begins with "/", percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query = {};  // percent-decoded, in their order
  std::string accept = {};
  std::string authorization = {};
  std::string body = {};  // of a POST

  // The first argument of that name; nullopt without one.
  [[nodiscard]] std::optional<std::string_view> argument(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) {
        return value;
      }
    }
    return std::nullopt;
  }
};

inline constexpr std::string_view text_type = "text/plain; charset=utf-8";
inline constexpr std::string_view json_type = "application/json";

// The pieces of a body that is long, called when the one before is written, until it gives nullopt. Destroyed before
// that if the client has gone. Must not destroy the server.
using Pieces = std::function<std::optional<std::string>()>;

struct Response {
  unsigned status = 200;
  std::string type = std::string(text_type);
  std::string body = {};
  Pieces pieces = {};                                             // instead of `body`
  std::vector<std::pair<std::string, std::string>> headers = {};  // further ones
};

// {"error": "…"}: every error, whoever tells it. Any bytes.
[[nodiscard]] Response error_response(unsigned status, std::string_view message);

// The rest of a request that takes long: called once a turn of the loop (or each `pause`) until it gives the response.
// Must not destroy the server.
struct Later {
  std::function<std::optional<Response>()> work;
  std::chrono::milliseconds pause{0};
};

struct Reply {
  Reply(Response now) : response(std::move(now)) {}  // NOLINT(*-explicit-*): most handlers have it
  Reply(Later rest) : later(std::move(rest)) {}      // NOLINT(*-explicit-*)

  Response response;
  Later later;  // without work: `response` is it
};

}  // namespace ipguard::http
