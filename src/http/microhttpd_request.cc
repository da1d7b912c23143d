#include "http/microhttpd_request.h"

#include "base/ascii.h"
#include "base/text.h"
#include "http/headers.h"

namespace ipguard::http {
namespace {

MHD_Result take_header(void* user, MHD_ValueKind /*kind*/, const char* key, size_t key_size, const char* /*value*/,
                       size_t /*value_size*/) {
  static_cast<HeaderCheck*>(user)->see({key, key_size});
  return MHD_YES;
}

MHD_Result take_argument(void* user, MHD_ValueKind /*kind*/, const char* key, size_t key_size, const char* value,
                         size_t value_size) {
  static_cast<std::vector<std::pair<std::string, std::string>>*>(user)->emplace_back(
      std::string(key, key_size), value == nullptr ? std::string() : std::string(value, value_size));
  return MHD_YES;
}

// Whether it is for a host of ours, too. HTTP/1.0 knows requests without a Host (RFC 9112, 3.2, has them refused in
// HTTP/1.1 alone): they are answered. Every browser sends one in whatever version, and a page that a rebound name leads
// here has nothing but its browser: a request without is a program's, which could have written any Host it liked.
std::optional<Response> fault_of(MHD_Connection* connection, const Head& head, const std::vector<std::string>& hosts) {
  if (!head.target_fault.empty()) {
    return error_response(MHD_HTTP_BAD_REQUEST, head.target_fault);
  }
  HeaderCheck headers;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &headers);
  if (const auto fault = headers.fault(); !fault.empty()) {
    return error_response(MHD_HTTP_BAD_REQUEST, fault);
  }
  if (!headers.has_host()) {
    return head.version == MHD_HTTP_VERSION_1_0
               ? std::nullopt
               : std::optional(error_response(MHD_HTTP_BAD_REQUEST, "a request of HTTP/1.1 needs a header Host"));
  }
  if (!is_own_host(header(connection, MHD_HTTP_HEADER_HOST), hosts)) {
    return error_response(MHD_HTTP_MISDIRECTED_REQUEST,
                          "this is no name of this server: ask for its address, for localhost, or for a name of "
                          "[http] hosts");
  }
  return std::nullopt;
}

}  // namespace

std::string header(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? "" : value;
}

std::vector<std::pair<std::string, std::string>> query_of(MHD_Connection* connection) {
  std::vector<std::pair<std::string, std::string>> query;
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_argument, &query);
  return query;
}

std::optional<Response> refusal(MHD_Connection* connection, const Head& head, const std::vector<std::string>& hosts,
                                size_t body_bytes) {
  if (auto fault = fault_of(connection, head, hosts)) {
    return fault;
  }
  if (head.method != "GET" && head.method != "HEAD" && head.method != "POST") {
    auto response = error_response(MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD and POST are understood");
    response.headers.emplace_back("Allow", "GET, HEAD, POST");
    return response;
  }
  // "http://another.example/": what a proxy is asked for (RFC 9112, 3.2.2), and its host would not be the header's.
  if (!head.path.starts_with('/')) {
    return error_response(MHD_HTTP_BAD_REQUEST, "this is no proxy: ask for a path");
  }
  // RFC 9112, 6.1. libmicrohttpd knows chunks alone, and would wait for the end of anything else.
  const char* const coding =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
  if (coding != nullptr && !equal_ignoring_case(coding, "chunked")) {
    return error_response(MHD_HTTP_NOT_IMPLEMENTED, "the transfer coding 'chunked' is understood, and no other");
  }
  const auto length = parse_number(header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH));
  return length && *length > body_bytes ? std::optional(too_large(body_bytes)) : std::nullopt;
}

Response too_large(size_t body_bytes) {
  return error_response(MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than " + format_size(body_bytes));
}

}  // namespace ipguard::http
