#include "control/protocol.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/text.h"

namespace ipguard::control {
namespace {

constexpr size_t max_command_bytes = 64;

constexpr std::array<std::pair<Errc, std::string_view>, 8> error_names = {{
    {Errc::failed, "failed"},
    {Errc::not_found, "not_found"},
    {Errc::permission, "permission"},
    {Errc::invalid, "invalid"},
    {Errc::busy, "busy"},
    {Errc::corrupt, "corrupt"},
    {Errc::usage, "usage"},
    {Errc::configuration, "configuration"},
}};

std::string_view name_of(Errc code) {
  const auto* it = std::ranges::find(error_names, code, &std::pair<Errc, std::string_view>::first);
  return it == error_names.end() ? "failed" : it->second;
}

Errc code_of(std::string_view name) {
  const auto* it = std::ranges::find(error_names, name, &std::pair<Errc, std::string_view>::second);
  return it == error_names.end() ? Errc::failed : it->first;
}

// Counts what a document would cost before it is parsed. It need not be JSON: whatever passes goes to the parser, which
// builds no more than was counted here. (The parser's ordered objects look their keys up one by one, hence the bound on
// keys; writing a value recurses, hence the bound on depth.)
class Budget {
 public:
  explicit Budget(bool count_values) : count_values_(count_values) {}

  // Empty when `text` is within the bounds, else what is wrong with it.
  std::string_view check(std::string_view text) {
    for (const char c : text) {
      if (const auto problem = in_string_ ? string_byte(c) : byte(c); !problem.empty()) {
        return problem;
      }
    }
    return {};
  }
  // The names of all objects, of a text that is JSON: outside of strings each has a colon behind it, and nothing else.
  [[nodiscard]] size_t members() const { return members_; }

 private:
  std::string_view string_byte(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return {};
  }

  std::string_view byte(char c) {
    switch (c) {
      case '"':
        in_string_ = true;
        return {};
      case '[':
      case '{':
        if (++depth_ > max_nesting) {
          return "it nests too deeply";
        }
        keys_.at(depth_) = 0;
        return count();
      case ']':
      case '}':
        depth_ -= depth_ > 0 ? 1 : 0;
        return {};
      case ':':
        ++members_;
        return count_values_ && ++keys_.at(depth_) > max_object_keys ? "an object has too many keys"
                                                                     : std::string_view{};
      case ',':
        return count();
      default:
        return {};
    }
  }

  std::string_view count() {
    return count_values_ && ++values_ > max_values ? "it holds too many values" : std::string_view{};
  }

  bool count_values_;
  bool in_string_ = false;
  bool escaped_ = false;
  size_t depth_ = 0;
  size_t values_ = 0;
  size_t members_ = 0;
  std::array<size_t, max_nesting + 1> keys_{};
};

size_t members_of(const Json& value) {
  size_t count = value.is_object() ? value.size() : 0;
  for (const auto& inner : value) {
    count += inner.is_structured() ? members_of(inner) : 0;  // as deep as the text nests, which is bounded
  }
  return count;
}

// A name that an object has twice.
std::string first_repeated(std::string_view text) {
  std::vector<std::vector<std::string>> open;
  std::string repeated;
  const auto look = [&](int /*depth*/, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) {
      open.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      open.pop_back();
    } else if (event == Json::parse_event_t::key) {
      auto name = parsed.get<std::string>();
      auto& names = open.back();
      if (repeated.empty() && std::ranges::find(names, name) != names.end()) {
        repeated = name;
      }
      names.push_back(std::move(name));
    }
    return true;
  };
  [[maybe_unused]] const auto whole = Json::parse(text, look);
  return repeated;
}

// Of a reply, which is our own daemon's, nothing but the depth is bounded.
Result<Json> parse_bounded(std::string_view text, std::string_view what, bool is_request) {
  Budget budget(is_request);
  if (const auto problem = budget.check(text); !problem.empty()) {
    return fail(Errc::invalid, std::string(what) + " is refused: " + std::string(problem));
  }
  try {
    auto json = Json::parse(text);
    // The parser keeps the last of two members of one name, and what the other one said would go unheard.
    if (is_request && members_of(json) != budget.members()) {
      return fail(Errc::invalid,
                  std::string(what) + " has \"" + printable(first_repeated(text), 64) + "\" twice in one object");
    }
    return json;
  } catch (const Json::parse_error& error) {
    // The library's own words quote the bytes; the position says as much.
    return fail(Errc::invalid, std::string(what) + " is no valid JSON at byte " + std::to_string(error.byte));
  } catch (const std::exception& error) {
    return fail(Errc::invalid, std::string(what) + " cannot be parsed: " + printable(error.what()));
  }
}

std::string write(const Json& value) { return format_item(value) + '\n'; }

bool is_command(std::string_view name) {
  return !name.empty() && name.size() <= max_command_bytes &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || c == '-' || c == '_'; });
}

const std::string* text_at(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : it->get_ptr<const std::string*>();
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
  if (line.size() > max_request_bytes) {
    return fail(Errc::invalid, "the request is larger than " + format_size(max_request_bytes));
  }
  auto json = parse_bounded(line, "the request", true);
  if (!json) {
    return std::unexpected(std::move(json.error()));
  }
  const std::string* command = json->is_object() ? text_at(*json, "command") : nullptr;
  if (command == nullptr || !is_command(*command)) {
    return fail(Errc::invalid, R"(a request is an object like {"command": "status", "arguments": {}})");
  }
  Request request{.command = *command, .arguments = Json::object()};
  for (auto& [key, value] : json->items()) {
    if (key == "arguments") {
      if (!value.is_object()) {
        return fail(Errc::invalid, "\"arguments\" of a request is no object");
      }
      request.arguments = std::move(value);
    } else if (key != "command") {
      return fail(Errc::invalid, "a request has no \"" + printable(key, 64) + "\"");
    }
  }
  return request;
}

std::string format_request(const Request& request) {
  Json json = Json::object();
  json["command"] = request.command;
  json["arguments"] = request.arguments;
  return write(json);
}

std::string format_reply(const Result<Json>& result) {
  Json json = Json::object();
  json["ok"] = result.has_value();
  if (!result) {
    json["error"] = {{"code", name_of(result.error().code)}, {"message", result.error().message}};
    return write(json);
  }
  // The result is not copied into the envelope: it may be large.
  std::string text = write(*result);
  text.insert(0, R"({"ok":true,"result":)");
  text.insert(text.size() - 1, "}");
  return text;
}

std::string format_item(const Json& item) { return item.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Json> parse_reply(std::string_view line) {
  auto json = parse_bounded(line, "ipguardd's reply", false);
  if (!json) {
    return json;
  }
  const auto ok = json->is_object() ? json->find("ok") : json->end();
  if (ok == json->end() || !ok->is_boolean()) {
    return fail(Errc::invalid, "ipguardd's reply is not of the protocol's form");
  }
  if (ok->get<bool>()) {
    const auto result = json->find("result");
    return result == json->end() ? Json() : std::move(*result);
  }
  const auto error = json->find("error");
  const auto* code = error != json->end() && error->is_object() ? text_at(*error, "code") : nullptr;
  const auto* message = error != json->end() && error->is_object() ? text_at(*error, "message") : nullptr;
  if (code == nullptr || message == nullptr) {
    return fail(Errc::invalid, "ipguardd's reply is not of the protocol's form");
  }
  return fail(code_of(*code), *message);
}

std::string words_of(const Json::exception& error) {
  const std::string_view words = error.what();
  const size_t end = words.find("] ");  // of "[json.exception.type_error.302] "
  return std::string(words.starts_with('[') && end != std::string_view::npos ? words.substr(end + 2) : words);
}

}  // namespace ipguard::control
