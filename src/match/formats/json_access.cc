#include "match/formats/json_access.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/request.h"
#include "match/forwarded_client.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::NamedValue;
using net::Address;

// Caddy's versions differ in where the client stands.
constexpr AccessNames caddy(std::string_view client, std::string_view witness = {}) {
  return {.client = client,
          .witness = witness,
          .status = "status",
          .method = "request.method",
          .target = "request.uri",
          .protocol = "request.proto",
          .bytes = "size",
          .referer = "request.headers.Referer.0",
          .user_agent = "request.headers.User-Agent.0",
          .user = "user_id",
          .vhost = "request.host"};
}

constexpr std::array<AccessNames, 24> servers = {{
    // 2.5 and later; client_ip is what trusted_proxies makes of the headers.
    caddy("request.remote_ip", "request.client_ip"),
    caddy("request.remote_addr"),  // 2.0 to 2.4: "ADDRESS:PORT"
    caddy("request.client_ip"),    // with remote_ip filtered out
    // Traefik (pkg/middlewares/accesslog/logdata.go); ClientHost is X-Forwarded-For where the entry point lets it pass.
    {.client = "ClientAddr",
     .witness = "ClientHost",
     .status = "DownstreamStatus",
     .method = "RequestMethod",
     .target = "RequestPath",
     .protocol = "RequestProtocol",
     .bytes = "DownstreamContentSize",
     .referer = "request_Referer",
     .user_agent = "request_User-Agent",
     .user = "ClientUsername",
     .vhost = "RequestHost"},
    // Envoy Gateway and Istio, whose default names differ.
    {.client = "downstream_remote_address",
     .witness = "downstream_direct_remote_address",
     .status = "response_code",
     .method = "method",
     .target = "x-envoy-origin-path",
     .protocol = "protocol",
     .bytes = "bytes_sent",
     .user_agent = "user-agent",
     .vhost = ":authority"},
    {.client = "downstream_remote_address",
     .witness = "downstream_direct_remote_address",
     .status = "response_code",
     .method = "method",
     .target = "path",
     .protocol = "protocol",
     .bytes = "bytes_sent",
     .user_agent = "user_agent",
     .vhost = "authority"},
    // nginx: escape=json formats, named after its variables.
    {.client = "remote_addr",
     .status = "status",
     .request = "request",
     .bytes = "body_bytes_sent",
     .referer = "http_referer",
     .user_agent = "http_user_agent",
     .user = "remote_user",
     .vhost = "host"},
    {.client = "remote_addr",
     .status = "status",
     .method = "request_method",
     .target = "request_uri",
     .protocol = "server_protocol",
     .bytes = "body_bytes_sent",
     .referer = "http_referer",
     .user_agent = "http_user_agent",
     .user = "remote_user",
     .vhost = "host"},
    {.client = "remote_addr",
     .status = "status",
     .method = "request_method",
     .target = "uri",
     .query = "args",
     .protocol = "server_protocol",
     .bytes = "body_bytes_sent",
     .referer = "http_referer",
     .user_agent = "http_user_agent",
     .user = "remote_user",
     .vhost = "host"},
    // The one of ingress-nginx's documentation.
    {.client = "remote_addr",
     .status = "status",
     .method = "method",
     .target = "path",
     .query = "request_query",
     .protocol = "request_proto",
     .bytes = "bytes_sent",
     .referer = "http_referrer",
     .user_agent = "http_user_agent",
     .user = "remote_user",
     .vhost = "vhost"},
    // Apache: the formats that its users pass on.
    {.client = "remoteIP",
     .status = "status",
     .method = "method",
     .target = "request",
     .query = "query",
     .protocol = "protocol",
     .bytes = "bytes",
     .referer = "referer",
     .user_agent = "userAgent",
     .user = "user",
     .vhost = "host"},
    {.client = "remote_host",
     .status = "status",
     .request = "request",
     .bytes = "bytes",
     .referer = "referer",
     .user_agent = "user_agent",
     .user = "user",
     .vhost = "vhost"},
    {.client = "clientip",
     .status = "status",
     .request = "request",
     .bytes = "bytes",
     .referer = "referer",
     .user_agent = "agent",
     .user = "auth",
     .vhost = "vhost"},
    // nginx again, under the names of Elastic's examples and of many who followed them.
    {.client = "remote_ip",
     .status = "status",
     .request = "request",
     .bytes = "bytes",
     .referer = "referrer",
     .user_agent = "user_agent",
     .user = "remote_user",
     .vhost = "host"},
    {.client = "remote_ip",
     .status = "response",
     .request = "request",
     .bytes = "bytes",
     .referer = "referrer",
     .user_agent = "agent",
     .user = "remote_user"},
    {.client = "remote_ip",
     .status = "status",
     .method = "request_method",
     .target = "request_uri",
     .protocol = "server_protocol",
     .bytes = "body_bytes_sent",
     .referer = "http_referer",
     .user_agent = "http_user_agent",
     .user = "remote_user",
     .vhost = "host"},
    // HAProxy: the format that its users pass on (it has none of its own).
    {.client = "client_ip",
     .status = "status_code",
     .method = "http_method",
     .target = "http_uri",
     .protocol = "http_version",
     .bytes = "bytes_read",
     .referer = "http_referer",
     .user_agent = "http_user_agent",
     .vhost = "http_host"},
    // IIS, its columns as they are
    // (https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/logfile).
    {.client = "c-ip",
     .status = "sc-status",
     .method = "cs-method",
     .target = "cs-uri-stem",
     .query = "cs-uri-query",
     .protocol = "cs-version",
     .bytes = "sc-bytes",
     .referer = "cs(Referer)",
     .user_agent = "cs(User-Agent)",
     .user = "cs-username",
     .vhost = "cs-host"},
    // The Elastic Common Schema (https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html).
    {.client = "source.ip",
     .witness = "client.ip",
     .status = "http.response.status_code",
     .method = "http.request.method",
     .target = "url.path",
     .query = "url.query",
     .protocol = "http.version",
     .bytes = "http.response.body.bytes",
     .referer = "http.request.referrer",
     .user_agent = "user_agent.original",
     .user = "user.name",
     .vhost = "url.domain"},
    // Logstash's names for a combined line (COMBINEDAPACHELOG).
    {.client = "clientip",
     .status = "response",
     .method = "verb",
     .target = "request",
     .bytes = "bytes",
     .referer = "referrer",
     .user_agent = "agent",
     .user = "auth"},
    // Google Cloud's HttpRequest.
    {.client = "httpRequest.remoteIp",
     .status = "httpRequest.status",
     .method = "httpRequest.requestMethod",
     .target = "httpRequest.requestUrl",
     .protocol = "httpRequest.protocol",
     .bytes = "httpRequest.responseSize",
     .referer = "httpRequest.referer",
     .user_agent = "httpRequest.userAgent"},
    // Cloudflare's HTTP requests data set.
    {.client = "ClientIP",
     .status = "EdgeResponseStatus",
     .method = "ClientRequestMethod",
     .target = "ClientRequestURI",
     .protocol = "ClientRequestProtocol",
     .bytes = "EdgeResponseBytes",
     .referer = "ClientRequestReferer",
     .user_agent = "ClientRequestUserAgent",
     .vhost = "ClientRequestHost"},
    // Azure's application gateway.
    {.client = "properties.clientIP",
     .status = "properties.httpStatus",
     .method = "properties.httpMethod",
     .target = "properties.requestUri",
     .query = "properties.requestQuery",
     .protocol = "properties.httpVersion",
     .bytes = "properties.sentBytes",
     .user_agent = "properties.userAgent",
     .vhost = "properties.host"},
    // Amazon's API gateway, in the format that its documentation suggests.
    {.client = "ip",
     .status = "status",
     .method = "httpMethod",
     .target = "resourcePath",
     .protocol = "protocol",
     .bytes = "responseLength",
     .user = "user"},
}};

bool has(Record record, std::string_view name) { return find_value(record, name) != nullptr; }

// The value of that name, nothing for a hyphen, null or what occurs twice.
std::string_view text_of(Record record, std::string_view name) {
  const NamedValue* const value = name.empty() ? nullptr : find_only_value(record, name);
  return value == nullptr || value->value == "-" || value->value == "null" ? std::string_view{} : value->value;
}

// "ADDRESS" or "ADDRESS:PORT". Envoy writes port 0 behind an address that it has from X-Forwarded-For.
std::optional<Address> parse_client(std::string_view text) {
  const bool has_port = text.starts_with('[') || std::ranges::count(text, ':') == 1;
  if (text.size() > 64 || (has_port && text.ends_with(":0"))) {
    return std::nullopt;
  }
  return Address::parse_logged(text);
}

// What the proxies say: one value, or an array, whose last element the nearest proxy wrote.
void look_at_forwarded(const ForwardedClient& forwarded, Record record, ClientSearch& search) {
  constexpr size_t most_lines = 32;
  if (const NamedValue* const only = find_value(record, forwarded.value)) {
    if (find_only_value(record, forwarded.value) == nullptr) {
      search.give_up();  // twice: somebody forged one
    } else if (only->value != "null") {
      search.look_at(only->value);
    }
    return;
  }
  std::array<std::string_view, most_lines> lines;
  size_t count = 0;
  for (const NamedValue& value : record) {
    const auto& name = value.name;
    if (name.size() <= forwarded.value.size() + 1 || !name.starts_with(forwarded.value) ||
        name[forwarded.value.size()] != '.' || !all_digits(name.substr(forwarded.value.size() + 1))) {
      continue;
    }
    if (count == most_lines) {
      search.give_up();
      return;
    }
    lines[count++] = value.value;  // the elements of an array stand in their order
  }
  while (count > 0) {
    search.look_at(lines[--count]);
  }
}

std::optional<Address> client_of(const AccessNames& names, Record record, const ForwardedClient* forwarded) {
  const NamedValue* const client = find_only_value(record, names.client);
  if (client == nullptr) {
    return std::nullopt;
  }
  const auto address = parse_client(client->value);
  if (address && forwarded != nullptr) {
    ClientSearch search(forwarded->proxies, *address);
    look_at_forwarded(*forwarded, record, search);
    return search.client();
  }
  if (!names.witness.empty() && has(record, names.witness)) {
    const NamedValue* const witness = find_only_value(record, names.witness);
    if (witness == nullptr || parse_client(witness->value) != address) {
      return std::nullopt;
    }
  }
  return address;
}

std::string_view number_of(Record record, std::string_view name) {
  const auto text = text_of(record, name);
  return all_digits(text) ? text : std::string_view{};
}

}  // namespace

bool has_names(const AccessNames& names, Record record) {
  const auto fits = [record](std::string_view name) { return name.empty() || has(record, name); };
  return has(record, names.client) && fits(names.status) &&
         (names.request.empty() ? fits(names.method) && has(record, names.target) : has(record, names.request));
}

void fill_by_names(const AccessNames& names, Record record, std::string_view line, const ParseContext& context,
                   Event& event) {
  event.address = client_of(names, record, context.forwarded);
  if (names.request.empty()) {
    fill_request_columns({.method = text_of(record, names.method),
                          .target = text_of(record, names.target),
                          .query = text_of(record, names.query),
                          .protocol = text_of(record, names.protocol)},
                         false, line, *context.scratch, event);
  } else {
    fill_request(text_of(record, names.request), true, false, *context.scratch, event);
  }
  event[Field::status] = number_of(record, names.status);
  event[Field::bytes] = number_of(record, names.bytes);
  event[Field::referer] = text_of(record, names.referer);
  event[Field::user_agent] = text_of(record, names.user_agent);
  event[Field::user] = text_of(record, names.user);
  event[Field::vhost] = text_of(record, names.vhost);
}

bool fill_access(Record record, std::string_view line, const ParseContext& context, Event& event) {
  const auto* const names =
      std::ranges::find_if(servers, [record](const AccessNames& each) { return has_names(each, record); });
  if (names == servers.end()) {
    return false;
  }
  fill_by_names(*names, record, line, context, event);
  return true;
}

}  // namespace ipguard::match
