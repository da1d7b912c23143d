#include "http/message.h"

#include "base/json_writer.h"

namespace ipguard::http {

Response error_response(unsigned status, std::string_view message) {
  JsonWriter json;
  json.open('{');
  json.text("error", message);
  json.close('}');
  json.end_line();
  return {.status = status, .type = std::string(json_type), .body = json.take()};
}

}  // namespace ipguard::http
