// StatusScan: HTTP status codes looked for in a block of access lines.
//
// A status stands alone: behind the request's quote (`" 404 `), in columns, or as a number of JSON (`:404,`). What else
// has three digits and stands so is reported too.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "match/scan_receiver.h"

namespace ipguard::match {

// A scan may be shared between threads while no code is added.
class StatusScan {
 public:
  // A status code `code` (100 to 599) will be reported as `id`.
  void add(uint16_t code, uint32_t id);
  [[nodiscard]] bool empty() const { return empty_; }
  // What `code` is reported as; nullopt if it is not looked for.
  [[nodiscard]] std::optional<uint32_t> id_of(uint16_t code) const {
    return code < codes && id_of_[code] != 0 ? std::optional(id_of_[code] - 1) : std::nullopt;
  }

  void scan(std::string_view block, ScanReceiver& receiver) const;
  // Whether scan() finds a code between these two bytes.
  [[nodiscard]] static bool stands_usually(char before, char behind);
  // Codes that stand right behind `before` (an LF: at the beginning of a line), whatever follows them: for formats that
  // part their columns otherwise.
  void scan_behind(char before, std::string_view block, ScanReceiver& receiver) const;

 private:
  void look_at(std::string_view block, size_t at, ScanReceiver& receiver) const;
  void take_code(std::string_view block, size_t at, ScanReceiver& receiver) const;

  static constexpr size_t codes = 600;
  std::array<uint32_t, codes> id_of_{};  // plus one; 0 = not looked for
  bool empty_ = true;
};

}  // namespace ipguard::match
