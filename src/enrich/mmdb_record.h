// Reading one record of a MaxMind DB ("Output Data Section" of the format) value by value, within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

struct MMDB_s;

namespace ipguard::enrich {

// Bounds of one record. The largest records of the databases in use (GeoIP2 Enterprise) have about 300 values,
// 6 levels and 4 kB of text.
struct RecordLimits {
  static constexpr unsigned values = 4096;
  static constexpr unsigned depth = 32;
  static constexpr size_t bytes = 65536;  // of keys and of string and byte values together
};

// A value that is no map and no array. Views point into the mapped file and live as long as the Mmdb.
using Scalar = std::variant<std::string_view, uint64_t, int32_t, double, float, bool, std::span<const uint8_t>>;

// As text: strings as they are (hostile: escape before showing), numbers in decimal, bytes and 128-bit numbers in hex.
[[nodiscard]] std::string to_text(const Scalar& value);

// Scalars of a record as text, by path, in the database's own order.
using RecordFields = std::vector<std::pair<std::string, std::string>>;

// Called for each scalar. `path` is dotted ("country.names.en", "subdivisions.0.iso_code"); "" when the whole record is
// one scalar.
using FieldVisitor = std::function<void(std::string_view path, const Scalar& value)>;

// Visits the scalars of the record at `offset` of the data section, in the file's order. Errc::corrupt when the record
// is damaged or exceeds RecordLimits; some scalars may have been visited by then. For Mmdb only.
[[nodiscard]] Result<> read_record(const MMDB_s& mmdb, uint32_t offset, const FieldVisitor& visit);

}  // namespace ipguard::enrich
