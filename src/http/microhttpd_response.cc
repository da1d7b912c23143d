#include "http/microhttpd_response.h"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::http {
namespace {

constexpr size_t piece_bytes = 64U << 10;

// A body that is made while it is written.
struct Piecewise {
  Pieces next;
  std::string piece;
  size_t written = 0;
};

ssize_t read_piece(void* user, uint64_t /*position*/, char* room, size_t size) {
  auto& body = *static_cast<Piecewise*>(user);
  try {
    while (body.written == body.piece.size()) {
      auto piece = body.next();
      if (!piece) {
        return MHD_CONTENT_READER_END_OF_STREAM;
      }
      body.piece = std::move(*piece);
      body.written = 0;
    }
  } catch (const std::exception& error) {
    log_error("http: a response broke off: " + printable(error.what()));
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  const size_t count = std::min(size, body.piece.size() - body.written);
  std::copy_n(body.piece.data() + body.written, count, room);
  body.written += count;
  return static_cast<ssize_t>(count);
}

void free_pieces(void* user) { delete static_cast<Piecewise*>(user); }  // NOLINT(*-owning-memory): libmicrohttpd's

// Besides those of the response: what a browser should not do with it.
constexpr std::array<std::pair<const char*, const char*>, 4> common_headers = {{
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

}  // namespace

MHD_Result send(MHD_Connection* connection, Response response, Content content) {
  MHD_Response* made = nullptr;
  if (response.pieces) {
    auto body = std::make_unique<Piecewise>();
    body->next = std::move(response.pieces);
    made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, piece_bytes, read_piece, body.get(), free_pieces);
    if (made != nullptr) {
      static_cast<void>(body.release());
    }
    // Without content libmicrohttpd 0.9.75 sends the last chunk still, which would be the next response's beginning.
    // Nor may a length be told that is not known: so it is no chunked response, and the connection ends with it.
    if (made != nullptr && content == Content::left_out) {
      static_cast<void>(MHD_set_response_options(made, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END));
    }
  } else {
    made = MHD_create_response_from_buffer(response.body.size(), response.body.data(), MHD_RESPMEM_MUST_COPY);
  }
  if (made == nullptr) {
    return MHD_NO;
  }
  MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response.type.c_str());
  for (const auto& [name, value] : common_headers) {
    MHD_add_response_header(made, name, value);
  }
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(made, name.c_str(), value.c_str());
  }
  const auto result = MHD_queue_response(connection, response.status, made);
  MHD_destroy_response(made);
  return result;
}

}  // namespace ipguard::http
