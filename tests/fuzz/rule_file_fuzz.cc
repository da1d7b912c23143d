// links: config
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/rule_file.h"

// Any text as a rule file: no crash, no endless work, and every rule that comes out is complete.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ipguard::config::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& rule : ipguard::config::parse_rules(text, "fuzz.toml", diagnostics)) {
    const bool has_condition =
        !rule.all_of.empty() || !rule.none_of.empty() || !rule.statuses.empty() || !rule.methods.empty();
    if (rule.id.empty() || rule.service.empty() || rule.threshold == 0 || rule.window.count() <= 0 || !has_condition ||
        rule.location.line == 0) {
      __builtin_trap();
    }
  }
  for (const char c : diagnostics.to_string()) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
      __builtin_trap();
    }
  }
  return 0;
}
