// FormatConfig: one [[format]], a log format of the user's own, as a server's configuration says it or by the names of
// JSON values. match/ compiles it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/rule.h"

namespace ipguard::config {

enum class FormatSyntax : uint8_t {
  nginx,   // log_format of ngx_http_log_module
  apache,  // LogFormat of mod_log_config
  json,    // a JSON object a line
};

// What the values of a JSON line may be.
inline constexpr std::array<std::string_view, 13> json_fields = {
    "address",  "time",  "status",     "request", "method", "path", "query",
    "protocol", "bytes", "user_agent", "referer", "user",   "host"};

// A value of a JSON line: which of json_fields it is, and the dotted path of its name.
struct JsonName {
  size_t field = 0;
  std::string path;
};

struct FormatConfig {
  std::string name;
  FormatSyntax syntax = FormatSyntax::nginx;
  std::string text = {};               // nginx, apache: as it was written
  bool json_escape = false;            // nginx: escape=json
  std::vector<JsonName> names = {};    // json
  model::Location location = {};       // of [[format]]
  model::Location text_location = {};  // of the value that says the format
};

}  // namespace ipguard::config
