// links: control
// Requests and replies of the control socket: never a crash or an exception; what was parsed is written so that it
// parses to the same.
#include <cstdint>
#include <string_view>

#include "control/protocol.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ipguard;
  using namespace ipguard::control;
  using fuzz::require;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto request = parse_request(line);
  if (request) {
    const auto again = parse_request(format_request(*request));
    require(again && again->command == request->command && again->arguments == request->arguments);
    const auto echo = parse_reply(format_reply(Result<Json>(request->arguments)));
    require(echo && *echo == request->arguments);
  } else {
    const auto told = parse_reply(format_reply(std::unexpected(request.error())));
    require(!told && told.error().code == Errc::invalid && !told.error().message.empty());
  }
  const auto reply = parse_reply(line);
  require(reply || !reply.error().message.empty() || line.find("\"message\"") != std::string_view::npos);
  return 0;
}
