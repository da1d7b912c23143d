// links: http
// Headers that ipguard reads itself, and labels of metrics: never a crash, and no label leaves its quotes.
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exposition.h"
#include "http/headers.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ipguard::http;
  using ipguard::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto host = host_of(text)) {
    // What was read is a host by itself and reads the same.
    const auto again = host_of(host->find(':') == std::string::npos ? *host : '[' + *host + ']');
    require(again == host);
  } else {
    require(!is_own_host(text, {}));
  }
  require(bearer_of(text).size() < text.size() || text.empty());
  static_cast<void>(exposition_for(text));
  const auto label = escape_label(text);
  bool escaped = false;
  for (const char c : label) {
    require(c != '\n' && (c != '"' || escaped));
    escaped = c == '\\' && !escaped;
  }
  require(!escaped);
  return 0;
}
