// Formats that a configuration describes ([[format]]): lines read by position, and JSON by the names of its values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "match/format.h"

namespace ipguard::match {

// What a variable of a format is to ipguard.
enum class Role : uint8_t {
  none,
  address,
  address_port,  // "ADDRESS:PORT", the port behind a bare colon in IPv6, too
  time,
  request,  // the whole request line
  method,
  target,
  query,
  protocol,
  status,
  bytes,
  referer,
  user_agent,
  user,
  vhost,
  forwarded,  // what the source's trusted proxies say of the client
};
inline constexpr size_t role_count = static_cast<size_t>(Role::forwarded) + 1;

// Which bytes a variable's value is made of.
enum class Shape : uint8_t {
  text,     // anything that the server writes as it is
  word,     // no blank
  number,   // digits, '.', '+', '-'
  address,  // what addresses and host names are made of
  fixed,    // a stamp: always as long
};
[[nodiscard]] bool may_hold(Shape shape, char c);

// A literal, or a variable's value.
struct Piece {
  std::string literal{};  // empty: a variable
  Shape shape = Shape::text;
  uint8_t length = 0;  // Shape::fixed
  Role role = Role::none;
};

// What stands between two bytes that no client can write, because servers escape them: the pieces on the left of at
// most one text, that text, and those on its right. Whatever the text holds, the others are found.
struct Segment {
  std::vector<Piece> left = {};
  std::optional<Piece> text = {};
  std::vector<Piece> right = {};
  char end = '\0';  // the byte behind it; NUL = the line's end
};

struct Positions {
  std::string name;
  std::vector<Segment> segments = {};
  bool open_end = false;     // behind the last segment's end byte stands what is not looked at
  bool json_escape = false;  // nginx's escape=json: \uXXXX
  // How lines are scanned. `rewritten_behind`: something that is decoded stands behind the first quoted column.
  // `status_behind`: the byte in front of the status where StatusScan does not look, '\n' for a line's beginning.
  bool rewritten_behind = false;
  std::optional<char> status_behind = {};
};

[[nodiscard]] std::unique_ptr<const LogFormat> make_position_format(Positions positions);

// json_fields (config/format.h) to the dotted paths of values; "" = not there.
struct JsonPaths {
  std::string name;
  std::string address = {};
  std::string time = {};
  std::string status = {};
  std::string request = {};
  std::string method = {};
  std::string path = {};
  std::string query = {};
  std::string protocol = {};
  std::string bytes = {};
  std::string user_agent = {};
  std::string referer = {};
  std::string user = {};
  std::string host = {};
};
[[nodiscard]] std::unique_ptr<const LogFormat> make_json_format(JsonPaths paths);

}  // namespace ipguard::match
