#include "daemon/http_api.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/secret.h"
#include "base/text.h"
#include "enrich/lookup_json.h"
#include "enrich/netblocks_json.h"
#include "http/exposition.h"

namespace ipguard::daemon {
namespace {

using control::Json;

constexpr std::string_view api = "/v1/";
constexpr std::array<std::string_view, 4> changing = {"ban", "unban", "confirm", "reload"};
constexpr std::array<std::string_view, 3> about_addresses = {"explain", "lookup", "netblocks"};
constexpr std::array<std::string_view, 3> lists = {"status", "rules", "bans"};
constexpr std::array<std::string_view, 3> outside = {"/", "/metrics", "/healthz"};
constexpr std::string_view index_text =
    "ipguardd\n"
    "GET  /metrics\n"
    "GET  /healthz\n"
    "GET  /v1/status /v1/rules /v1/bans?evidence=1&ended=1\n"
    "GET  /v1/explain/ADDRESS /v1/lookup/ADDRESS /v1/netblocks/ADDRESS\n"
    "POST /v1/ban /v1/unban /v1/confirm /v1/reload   with a token\n";

http::Response json_response(const Json& json) {
  return {.type = std::string(http::json_type), .body = control::format_item(json) + '\n'};
}

http::Response refuse(unsigned status, const std::string& message) {
  auto response = http::error_response(status, message);
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ipguardd\"");
  }
  return response;
}

http::Response nothing_here() { return refuse(404, "there is nothing here; / tells what there is"); }

http::Response refuse_method(const std::string& allowed) {
  auto response = refuse(405, "this is asked with " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

http::Response response_of(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return refuse(404, error.message);
    case Errc::permission:
      return refuse(403, error.message);
    case Errc::invalid:
    case Errc::usage:
    case Errc::configuration:
      return refuse(400, error.message);
    case Errc::busy:
      return refuse(503, error.message);
    case Errc::failed:
    case Errc::corrupt:
      break;
  }
  return refuse(500, error.message);
}

// Lines of logs are not everybody's: {"path", "offset", "time", "line"} of evidence lose their text.
void hide_lines(Json& json) {
  if (json.is_object() && json.contains("line") && json.contains("offset")) {
    json["line"] = nullptr;
  }
  if (json.is_structured()) {
    for (auto& value : json) {
      hide_lines(value);
    }
  }
}

std::string without_lines(const std::string& item) {
  auto json = Json::parse(item);  // ours
  hide_lines(json);
  return control::format_item(json);
}

http::Response response_of(Result<Json> result, bool with_lines) {
  if (!result) {
    return response_of(result.error());
  }
  if (!with_lines) {
    hide_lines(*result);
  }
  return json_response(*result);
}

// Why nothing of a change came true; empty if something did. `result`: of a reload, of each target, or a summary.
std::string failure_of(const Json& result) {
  if (result.is_object() && !result.value("reloaded", true)) {
    return "the configuration is refused, the old one stays in force: " + result.value("text", std::string());
  }
  const bool summary = result.is_object() && result.contains("refusals");
  if (!summary && !result.is_array()) {
    return {};
  }
  constexpr std::array counts = {"banned", "lifted", "confirmed", "already"};
  const auto& targets = summary ? result["refusals"] : result;
  const bool some = summary ? std::ranges::any_of(counts, [&](auto key) { return result.value(key, 0U) > 0; })
                            : std::ranges::any_of(targets, [](const Json& target) { return target["ok"] == true; });
  if (some || targets.empty()) {
    return {};
  }
  const auto& first = targets[0]["error"].get_ref<const std::string&>();
  return targets.size() == 1 ? first : "every target is refused, the first because " + first;
}

// An error where nothing came true: who asks may look at the status alone (curl --fail).
http::Response response_of_change(Result<Json> result) {
  if (!result) {
    return response_of(result.error());
  }
  constexpr unsigned unprocessable = 422;  // RFC 9110 15.5.21
  auto failure = failure_of(*result);
  if (failure.empty()) {
    return json_response(*result);
  }
  if (result->is_array()) {
    *result = {{"targets", std::move(*result)}};
  }
  (*result)["error"] = std::move(failure);
  auto response = json_response(*result);
  response.status = unprocessable;
  return response;
}

// A list, written as it is made.
http::Response list_response(control::Items items, bool with_lines) {
  enum class Stage { begin, middle, end };
  auto pieces = [items = std::move(items), with_lines, stage = Stage::begin,
                 first = true]() mutable -> std::optional<std::string> {
    if (stage == Stage::end) {
      return std::nullopt;
    }
    std::string text = std::exchange(stage, Stage::middle) == Stage::begin ? "[" : "";
    auto portion = items();
    if (!portion) {
      stage = Stage::end;
      return text + "]\n";
    }
    for (const auto& item : *portion) {
      text += std::exchange(first, false) ? "" : ",";
      text += with_lines ? item : without_lines(item);
    }
    return text;
  };
  http::Response response{.type = std::string(http::json_type)};
  response.pieces = std::move(pieces);
  return response;
}

// "evidence=1": nullopt for what is neither yes nor no.
std::optional<bool> flag_of(std::string_view value) {
  if (value.empty() || value == "1" || value == "true") {
    return true;
  }
  return value == "0" || value == "false" ? std::optional(false) : std::nullopt;
}

std::string unknown_argument(std::string_view name, std::string_view value) {
  return "nothing is known of '" + printable(name, 40) + '=' + printable(value, 40) + "' here";
}

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The query as arguments of a command: flags of these names alone.
Result<Json> flags_of(const http::Request& request, std::span<const std::string_view> known) {
  Json arguments = Json::object();
  for (const auto& [name, value] : request.query) {
    const auto flag = flag_of(value);
    if (!is_among(known, name) || !flag) {
      return fail(Errc::invalid, unknown_argument(name, value));
    }
    arguments[name] = *flag;
  }
  return arguments;
}

// Of a path's "v1/explain/192.0.2.7" the command that is asked.
std::string_view command_of(std::string_view path) {
  const auto below = path.starts_with(api) ? path.substr(api.size()) : std::string_view();
  const auto name = below.substr(0, below.find('/'));
  return is_among(about_addresses, name) ? name : below;
}

// Of two values of one name, one would not be heard. Empty: there are none.
std::string_view named_twice(const http::Request& request) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : request.query) {
    if (!names.insert(name).second) {
      return name;
    }
  }
  return {};
}

http::Reply reply_of(control::Answer answer, std::function<http::Response(Result<Json>)> response) {
  if (answer.result) {
    return response(std::move(*answer.result));
  }
  return http::Later{
      .work = [work = std::move(answer.work), response = std::move(response)]() -> std::optional<http::Response> {
        auto result = work();
        return result ? std::optional(response(std::move(*result))) : std::nullopt;
      },
      .pause = answer.pause};
}

}  // namespace

HttpApi::HttpApi(const Guard& guard, ApiSources sources, const config::HttpConfig& config, std::string token)
    : guard_(guard),
      sources_(std::move(sources)),
      token_for_(config.token_for),
      over_unix_(config.listen.starts_with(config::unix_prefix)),
      token_(std::move(token)) {}

http::Reply HttpApi::answer(const http::Request& request) {
  const bool has_token = !token_.empty() && same_secret(http::bearer_of(request.authorization), token_);
  const bool wants_change = request.method == "POST";
  const bool needs_token = wants_change || token_for_ == config::TokenFor::everything ||
                           (token_for_ == config::TokenFor::api && request.path.starts_with(api));
  if (needs_token && token_.empty()) {
    return refuse(403, "nothing can be changed over HTTP: [http] token_file names no token");
  }
  if (needs_token && !has_token) {
    return refuse(401, "this needs the token of [http] token_file: \"Authorization: Bearer TOKEN\"");
  }
  // Answered as if nothing was given, a mistyped token would look like evidence that is not there.
  if (!has_token && !trim(request.authorization).empty()) {
    return token_.empty() ? refuse(403, "no token is the right one: [http] token_file names none")
                          : refuse(401, "this is not the token of [http] token_file: \"Authorization: Bearer TOKEN\"");
  }
  if (const auto name = named_twice(request); !name.empty()) {
    return refuse(400, in_quotes(name, 40) + " is given twice");
  }
  return wants_change ? change(request) : read(request, has_token || over_unix_);
}

http::Reply HttpApi::read(const http::Request& request, bool trusted) {
  if (request.path == "/metrics") {
    const auto format = http::exposition_for(request.accept);
    return http::Response{.type = std::string(http::ExpositionWriter::content_type(format)),
                          .body = sources_.metrics(format)};
  }
  if (request.path == "/healthz") {
    std::string text;
    for (const auto& sentence : sources_.ailments()) {
      text += printable(sentence) + '\n';
    }
    return http::Response{.status = text.empty() ? 200U : 503U, .body = text.empty() ? "ok\n" : text};
  }
  if (request.path == "/") {
    return http::Response{.body = std::string(index_text)};
  }
  const auto name = command_of(request.path);
  if (is_among(about_addresses, name)) {
    return about_address(name, request, trusted);
  }
  if (is_among(changing, name)) {
    return refuse_method("POST");
  }
  if (!is_among(lists, name)) {
    return nothing_here();
  }
  static constexpr std::array<std::string_view, 2> bans_flags = {"evidence", "ended"};
  auto arguments = flags_of(request, name == "bans" ? std::span(bans_flags) : std::span<const std::string_view>());
  if (!arguments) {
    return response_of(arguments.error());
  }
  return ask({.command = std::string(name), .arguments = std::move(*arguments)}, trusted);
}

// "/v1/explain/192.0.2.7" or "/v1/explain?address=192.0.2.7".
http::Reply HttpApi::about_address(std::string_view what, const http::Request& request, bool trusted) {
  const auto behind = std::string_view(request.path).substr(api.size() + what.size());
  auto query = request.query;
  std::string text(behind.substr(std::min<size_t>(behind.size(), 1)));
  if (behind.empty() && !query.empty() && query.front().first == "address") {
    text = std::move(query.front().second);
    query.erase(query.begin());
  }
  if (!query.empty()) {
    return refuse(400, unknown_argument(query.front().first, query.front().second));
  }
  const auto address = net::Address::parse(text);
  if (!address) {
    return refuse(400, in_quotes(text) + " is no IPv4 or IPv6 address");
  }
  if (what == "explain") {
    return ask({.command = "explain", .arguments = {{"address", address->to_string()}}}, trusted);
  }
  if (what == "lookup") {
    return http::Response{.type = std::string(http::json_type),
                          .body = enrich::lookup_json(*address, *guard_.loaded().routes) + '\n'};
  }
  return netblocks(*address);
}

// The index of all AS is made beside the loop when the daemon begins, and after each reload: it is waited for.
http::Reply HttpApi::netblocks(const net::Address& address) {
  constexpr std::chrono::milliseconds look_again{50};
  return http::Later{.work = [this, address]() -> std::optional<http::Response> {
                       const auto& routes = guard_.loaded().routes;
                       if (!routes->systems_known()) {
                         return std::nullopt;
                       }
                       if (finder_routes_ != routes) {
                         finder_routes_ = routes;
                         finder_ = std::make_unique<enrich::NetblockFinder>(routes);
                       }
                       JsonWriter json;
                       enrich::NetblocksJson(*finder_).write(json, finder_->find(address));
                       return http::Response{.type = std::string(http::json_type), .body = json.take()};
                     },
                     .pause = look_again};
}

http::Reply HttpApi::change(const http::Request& request) {
  const auto name = command_of(request.path);
  if (!is_among(changing, name)) {
    const bool is_read = is_among(outside, request.path) || is_among(lists, name) || is_among(about_addresses, name);
    return is_read ? refuse_method("GET, HEAD") : nothing_here();
  }
  if (!request.query.empty()) {
    return refuse(400, "the arguments go into the body, as a JSON object");
  }
  const auto body = trim(request.body);
  // As the control socket takes it, with all its bounds.
  auto command = control::parse_request(R"({"command":")" + std::string(name) + R"(","arguments":)" +
                                        std::string(body.empty() ? "{}" : body) + '}');
  if (!command || command->command != name) {
    return refuse(400, "the body is to be a JSON object of arguments, such as {\"targets\": [\"192.0.2.7\"]}" +
                           (command ? std::string() : ": " + printable(command.error().message)));
  }
  return reply_of(sources_.run(*command, true), response_of_change);
}

http::Reply HttpApi::ask(const control::Request& command, bool trusted) {
  auto answer = sources_.run(command, false);
  if (answer.items) {
    return list_response(std::move(answer.items), trusted);
  }
  return reply_of(std::move(answer),
                  [trusted](Result<Json> result) { return response_of(std::move(result), trusted); });
}

}  // namespace ipguard::daemon
