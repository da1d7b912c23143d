// The values of enforce/wire.h as bytes: numbers in little-endian order, texts with their length before them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/set_batch.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enforce::wire {

class Encoder {
 public:
  void put_u8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void put_bool(bool value) { put_u8(value ? 1 : 0); }
  void put_u32(uint32_t value) { put_number(value, 4); }
  void put_u64(uint64_t value) { put_number(value, 8); }
  void put_time(TimePoint time);  // kept within the years 1970 to 9999
  void put_text(std::string_view text);
  void put_address(const net::Address& address);
  void put_prefix(const net::Prefix& prefix);
  void put_element(const model::SetElement& element);

  void reserve(size_t bytes) { bytes_.reserve(bytes); }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void put_number(uint64_t value, unsigned bytes);

  std::string bytes_;
};

// Reads what an Encoder wrote. The first value that is missing or out of its range makes it fail for good: from then on
// every value is zero, so it is enough to ask at the end.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  uint8_t take_u8() { return static_cast<uint8_t>(take_number(1)); }
  bool take_bool();
  uint32_t take_u32() { return static_cast<uint32_t>(take_number(4)); }
  uint64_t take_u64() { return take_number(8); }
  TimePoint take_time();
  std::string take_text();
  net::Address take_address();
  // Host bits are zero, and its length is one of its family.
  net::Prefix take_prefix();
  // A prefix as above that is not the whole address space, and a scope that there is.
  model::SetElement take_element();
  // How many items of at least `item_bytes` follow; no more than there are bytes for.
  uint32_t take_count(size_t item_bytes);

  // `what` is out of its range; the first one stays.
  void fail(std::string_view what);
  [[nodiscard]] bool failed() const { return !problem_.empty(); }
  // Empty if everything was read and in its range.
  [[nodiscard]] std::string_view finish();

 private:
  uint64_t take_number(unsigned bytes);
  [[nodiscard]] std::string_view take_bytes(size_t count);

  std::string_view rest_;
  std::string_view problem_;  // of static duration
};

}  // namespace ipguard::enforce::wire
