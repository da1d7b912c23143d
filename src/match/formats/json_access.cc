#include "match/formats/json_access.h"

#include <array>

#include "match/formats/request.h"
#include "net/address.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::NamedValue;
using net::Address;

// The names that one server gives its values; an empty one is not there. A record is the server's if it has the client,
// the status, and either the request line or method and target.
//
// The client is the name that the other end of the connection has. What a server takes from X-Forwarded-For or
// X-Real-IP is the client's to write, unless a proxy in front replaces it, which the record does not say. Where
// `witness` names the address that the server believes in, and the two differ, the other end is a proxy and the true
// client is hearsay: such a record has no address.
struct Server {
  std::string_view client{};
  std::string_view witness{};
  std::string_view status{};
  std::string_view request{};  // the whole request line
  std::string_view method{};
  std::string_view target{};
  std::string_view query{};
  std::string_view protocol{};
  std::string_view bytes{};
  std::string_view referer{};
  std::string_view user_agent{};
  std::string_view user{};
  std::string_view vhost{};
};

// Caddy's versions differ in where the client stands.
constexpr Server caddy(std::string_view client, std::string_view witness = {}) {
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

constexpr std::array<Server, 24> servers = {{
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

bool is_servers(const Server& server, Record record) {
  return has(record, server.client) && has(record, server.status) &&
         (server.request.empty() ? has(record, server.method) && has(record, server.target)
                                 : has(record, server.request));
}

// The value of that name, nothing for a hyphen, null or what occurs twice.
std::string_view text_of(Record record, std::string_view name) {
  const NamedValue* const value = name.empty() ? nullptr : find_only_value(record, name);
  return value == nullptr || value->value == "-" || value->value == "null" ? std::string_view{} : value->value;
}

// "ADDRESS" or "ADDRESS:PORT". Envoy writes port 0 behind an address that it has from X-Forwarded-For.
std::optional<Address> parse_client(std::string_view text) {
  if (text.size() > 64 || text.ends_with(":0")) {
    return std::nullopt;
  }
  return Address::parse_logged(text);
}

std::optional<Address> client_of(const Server& server, Record record) {
  const NamedValue* const client = find_only_value(record, server.client);
  if (client == nullptr) {
    return std::nullopt;
  }
  const auto address = parse_client(client->value);
  if (!server.witness.empty() && has(record, server.witness)) {
    const NamedValue* const witness = find_only_value(record, server.witness);
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

bool fill_access(Record record, std::string_view line, ParseScratch& scratch, Event& event) {
  for (const Server& server : servers) {
    if (!is_servers(server, record)) {
      continue;
    }
    event.address = client_of(server, record);
    if (server.request.empty()) {
      fill_request_columns({.method = text_of(record, server.method),
                            .target = text_of(record, server.target),
                            .query = text_of(record, server.query),
                            .protocol = text_of(record, server.protocol)},
                           false, line, scratch, event);
    } else {
      fill_request(text_of(record, server.request), true, false, scratch, event);
    }
    event[Field::status] = number_of(record, server.status);
    event[Field::bytes] = number_of(record, server.bytes);
    event[Field::referer] = text_of(record, server.referer);
    event[Field::user_agent] = text_of(record, server.user_agent);
    event[Field::user] = text_of(record, server.user);
    event[Field::vhost] = text_of(record, server.vhost);
    return true;
  }
  return false;
}

}  // namespace ipguard::match
