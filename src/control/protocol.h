// The control protocol: over a Unix stream socket, one JSON object a line each way.
//   request  {"command": "ban", "arguments": {…}}
//   reply    {"ok": true, "result": …}   or   {"ok": false, "error": {"code": "not_found", "message": "…"}}
// A connection may carry several requests, one after the other. A request is at most 16 MiB (imports), nests at most 64
// deep, and holds at most 2 million values and 256 keys an object, so that parsing it costs a bounded time; no object
// has a key twice. Nothing but the depth bounds a reply. The commands themselves are in daemon/commands.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard::control {

using Json = nlohmann::ordered_json;

inline constexpr size_t max_request_bytes = 16U << 20;
inline constexpr size_t max_nesting = 64;
inline constexpr size_t max_values = 2'000'000;  // 16 MiB of the shortest addresses hold fewer
inline constexpr size_t max_object_keys = 256;

struct Request {
  std::string command;
  Json arguments = Json::object();  // always an object
};

// Parses one line; anything else than the form above is Errc::invalid. "arguments" may be missing.
[[nodiscard]] Result<Request> parse_request(std::string_view line);
[[nodiscard]] std::string format_request(const Request& request);  // ends in LF
// Invalid UTF-8 inside strings is replaced, never an exception.
[[nodiscard]] std::string format_reply(const Result<Json>& result);  // ends in LF
// The same reply in pieces, for an array: list_begin, its items with commas between, list_end.
inline constexpr std::string_view list_begin = R"({"ok":true,"result":[)";
inline constexpr std::string_view list_end = "]}\n";
[[nodiscard]] std::string format_item(const Json& item);
[[nodiscard]] Result<Json> parse_reply(std::string_view line);
// What the library says is wrong, without its own names: "type must be string, but is number".
[[nodiscard]] std::string words_of(const Json::exception& error);

}  // namespace ipguard::control
