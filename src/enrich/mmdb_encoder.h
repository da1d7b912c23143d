// The encoding of records ("Output Data Section" of the MaxMind DB format).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"
#include "enrich/mmdb_writer.h"

namespace ipguard::enrich {

// Appends values to a data section. A text that stood there before is written as a pointer to it, if `pointers`.
class MmdbEncoder {
 public:
  explicit MmdbEncoder(bool pointers) : pointers_(pointers) {}

  // A record: maps and arrays as the dotted paths tell. Returns its offset.
  uint32_t record(const Fields& fields);
  void text(std::string_view value);
  void map(uint32_t size) { control(7, size); }
  void array(uint32_t size) { control(11, size); }
  void number(unsigned type, uint64_t value, unsigned bytes);
  void uint16(uint16_t value) { number(5, value, 2); }
  void uint32(uint32_t value) { number(6, value, 4); }
  void uint64(uint64_t value) { number(9, value, 8); }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void control(unsigned type, uint32_t size);
  void pointer(uint32_t offset);
  void value(const FieldValue& value);
  void group(Fields::const_iterator begin, Fields::const_iterator end, size_t skip);

  bool pointers_;
  std::string bytes_;
  std::unordered_map<std::string, uint32_t, StringHash, std::equal_to<>> texts_;
};

}  // namespace ipguard::enrich
