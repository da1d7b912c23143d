// Scanner: many expressions looked for in one pass over a block of bytes. The only file that knows Vectorscan (hs.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "match/scan_receiver.h"

struct hs_database;
struct hs_scratch;

namespace ipguard::match {

struct ScannerRefusal {
  size_t expression = 0;  // index of the refused one
  std::string message;
};

// Compiled expressions; immutable, may be shared between threads.
class Scanner {
 public:
  // At least one expression, none of which may match the empty text; no flags, the block may hold any byte. A match of
  // expressions[i] is reported as `ids[i]`.
  [[nodiscard]] static std::expected<std::unique_ptr<const Scanner>, ScannerRefusal> compile(
      std::span<const std::string> expressions, std::span<const uint32_t> ids);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

 private:
  friend class ScanState;
  explicit Scanner(hs_database* database) : database_(database) {}
  hs_database* database_;
};

// What a thread needs to scan; belongs to one thread.
class ScanState {
 public:
  // Throws std::bad_alloc when there is no memory.
  explicit ScanState(const Scanner& scanner);
  ~ScanState();
  ScanState(const ScanState&) = delete;
  ScanState& operator=(const ScanState&) = delete;

  // `block` is at most UINT32_MAX bytes long. The receiver must not scan with this state.
  void scan(const Scanner& scanner, std::string_view block, ScanReceiver& receiver);

 private:
  hs_scratch* scratch_ = nullptr;
};

}  // namespace ipguard::match
