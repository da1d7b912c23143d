// links: config
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/config.h"

// Any text as a configuration: no crash, no endless work, and what is said about it is safe for a terminal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ipguard::config::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = ipguard::config::parse_config(text, "fuzz.toml", diagnostics);
  for (const char c : diagnostics.to_string()) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
      __builtin_trap();
    }
  }
  const bool usable = config.ban.growth >= 1 && config.route_ladder.window.count() > 0 &&
                      config.asn_ladder.window.count() > 0 && config.protect.widest_ipv4 > 0;
  if (!usable) {
    __builtin_trap();
  }
  return 0;
}
