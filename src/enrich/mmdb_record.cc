#include "enrich/mmdb_record.h"

#include <maxminddb.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>

namespace ipguard::enrich {
namespace {

std::unexpected<Error> corrupt(std::string reason) { return fail(Errc::corrupt, std::move(reason)); }

// Of one value: what its control bytes say ("Data Field Format" of the format).
struct Value {
  uint8_t type = 0;      // MMDB_DATA_TYPE_…
  uint32_t size = 0;     // bytes of a scalar, members of a map or an array; a boolean itself
  uint32_t content = 0;  // offset behind the control bytes
};

// The bytes that a scalar of the type has at most.
uint32_t largest(uint8_t type) {
  switch (type) {
    case MMDB_DATA_TYPE_UINT16:
      return 2;
    case MMDB_DATA_TYPE_UINT32:
    case MMDB_DATA_TYPE_INT32:
      return 4;
    case MMDB_DATA_TYPE_UINT64:
      return 8;
    case MMDB_DATA_TYPE_UINT128:
      return 16;
    default:
      return UINT32_MAX;
  }
}

// Reads one record (or the metadata, which has the same encoding) value by value. MMDB_get_entry_data_list() would
// do it in one call, but in libmaxminddb before 1.13 nothing bounds what nested pointers make of a few bytes; and
// MMDB_aget_value() takes most of the time that a whois query takes.
class RecordReader {
 public:
  RecordReader(const MMDB_s& mmdb, const FieldVisitor& visit)
      : data_(mmdb.data_section, mmdb.data_section_size), visit_(visit) {}

  Result<> read(uint32_t offset) {
    auto end = read_value(offset, 0);
    if (!end) {
      return std::unexpected(std::move(end.error()));
    }
    return {};
  }

 private:
  static std::unexpected<Error> damaged(uint32_t offset, const std::string& how) {
    return corrupt("record at data offset " + std::to_string(offset) + ": " + how);
  }

  [[nodiscard]] bool holds(uint32_t offset, uint64_t size) const { return offset + size <= data_.size(); }

  // `size` bytes as a number, most significant first; at most 8, and within the data.
  [[nodiscard]] uint64_t number_at(uint32_t offset, uint32_t size) const {
    uint64_t number = 0;
    for (uint32_t i = 0; i < size; ++i) {
      number = number << 8U | data_[offset + i];
    }
    return number;
  }

  // The control bytes at `offset`, which no pointer is.
  [[nodiscard]] Result<Value> header(uint32_t offset) const {
    constexpr uint8_t extended = 0;
    constexpr uint8_t first_extended = 7;
    constexpr uint32_t longest_in_place = 28;
    constexpr std::array<uint32_t, 4> offsets{0, 29, 285, 65821};  // of sizes in 1, 2, 3 bytes of their own
    if (!holds(offset, 1)) {
      return damaged(offset, "it lies outside of the data section");
    }
    const uint8_t control = data_[offset];
    Value value{.type = static_cast<uint8_t>(control >> 5U), .size = control & 31U, .content = offset + 1};
    if (value.type == extended) {
      if (!holds(value.content, 1)) {
        return damaged(offset, "it is cut off");
      }
      value.type = static_cast<uint8_t>(std::min(first_extended + data_[value.content++], 255));
    }
    if (value.size > longest_in_place) {
      const uint32_t bytes = value.size - longest_in_place;
      if (!holds(value.content, bytes)) {
        return damaged(offset, "it is cut off");
      }
      value.size = offsets.at(bytes) + static_cast<uint32_t>(number_at(value.content, bytes));
      value.content += bytes;
    }
    return value;
  }

  [[nodiscard]] bool is_pointer(uint32_t offset) const {
    return holds(offset, 1) && data_[offset] >> 5U == MMDB_DATA_TYPE_POINTER;
  }

  // Where the value behind the pointer at `offset` begins: 1 + 1..4 bytes by the two size bits of its control byte.
  [[nodiscard]] uint32_t after_pointer(uint32_t offset) const { return offset + 2U + ((data_[offset] >> 3U) & 3U); }

  // What the pointer at `offset` leads to.
  [[nodiscard]] Result<uint32_t> target(uint32_t offset) const {
    constexpr std::array<uint64_t, 4> bases{0, 2048, 526336, 0};
    const uint32_t size = (data_[offset] >> 3U) & 3U;
    if (!holds(offset + 1, size + 1)) {
      return damaged(offset, "it is cut off");
    }
    // The control byte's last three bits are the first ones of the number, but not in front of four bytes.
    const uint64_t high = size == 3 ? 0 : uint64_t{data_[offset] & 7U} << (8 * (size + 1));
    const uint64_t result = bases.at(size) + (high | number_at(offset + 1, size + 1));
    return result < data_.size() ? Result<uint32_t>(static_cast<uint32_t>(result))
                                 : damaged(offset, "it points outside of the data section");
  }

  // The value at `offset`, a pointer followed; counted.
  Result<Value> decode(uint32_t offset) {
    if (values_++ >= RecordLimits::values) {
      return corrupt("a record has more than " + std::to_string(RecordLimits::values) + " values");
    }
    if (is_pointer(offset)) {
      const auto place = target(offset);
      if (!place) {
        return std::unexpected(place.error());
      }
      if (is_pointer(*place)) {
        return damaged(offset, "a pointer leads to a pointer");
      }
      offset = *place;
    }
    auto value = header(offset);
    if (value && (value->type == MMDB_DATA_TYPE_UTF8_STRING || value->type == MMDB_DATA_TYPE_BYTES)) {
      bytes_ += value->size;
      if (bytes_ > RecordLimits::bytes) {
        return corrupt("a record has more than " + std::to_string(RecordLimits::bytes) + " bytes of text");
      }
    }
    return value;
  }

  // Returns the offset after the value.
  Result<uint32_t> read_value(uint32_t offset, unsigned depth) {
    if (depth > RecordLimits::depth) {
      return corrupt("a record is nested deeper than " + std::to_string(RecordLimits::depth) + " levels");
    }
    const auto value = decode(offset);
    if (!value) {
      return std::unexpected(value.error());
    }
    Result<uint32_t> end = 0;
    if (value->type == MMDB_DATA_TYPE_MAP) {
      end = read_map(*value, depth);
    } else if (value->type == MMDB_DATA_TYPE_ARRAY) {
      end = read_array(*value, depth);
    } else {
      end = read_scalar(*value);
    }
    return end && is_pointer(offset) ? after_pointer(offset) : end;
  }

  Result<uint32_t> read_map(const Value& map, unsigned depth) {
    uint32_t next = map.content;
    for (uint32_t i = 0; i < map.size; ++i) {
      const auto key = decode(next);
      if (!key) {
        return std::unexpected(key.error());
      }
      if (key->type != MMDB_DATA_TYPE_UTF8_STRING || !holds(key->content, key->size)) {
        return damaged(next, "a map key is no string");
      }
      const uint32_t after = is_pointer(next) ? after_pointer(next) : key->content + key->size;
      auto end = read_member(text(*key), after, depth);
      if (!end) {
        return end;
      }
      next = *end;
    }
    return next;
  }

  Result<uint32_t> read_array(const Value& array, unsigned depth) {
    uint32_t next = array.content;
    for (uint32_t i = 0; i < array.size; ++i) {
      auto end = read_member(std::to_string(i), next, depth);
      if (!end) {
        return end;
      }
      next = *end;
    }
    return next;
  }

  Result<uint32_t> read_member(std::string_view name, uint32_t offset, unsigned depth) {
    const size_t length = path_.size();
    if (depth > 0) {
      path_ += '.';
    }
    path_ += name;
    auto end = read_value(offset, depth + 1);
    path_.resize(length);
    return end;
  }

  [[nodiscard]] std::string_view text(const Value& value) const {
    return {reinterpret_cast<const char*>(data_.data()) + value.content, value.size};
  }

  // Visits it and returns the offset after it.
  Result<uint32_t> read_scalar(const Value& value) {
    if (value.type == MMDB_DATA_TYPE_BOOLEAN) {
      visit_(path_, value.size != 0);
      return value.content;
    }
    if (!holds(value.content, value.size)) {
      return damaged(value.content, "it is cut off");
    }
    const auto scalar = to_scalar(value);
    if (!scalar) {
      return std::unexpected(scalar.error());
    }
    visit_(path_, *scalar);
    return value.content + value.size;
  }

  [[nodiscard]] Result<Scalar> to_scalar(const Value& value) {
    if (value.size > largest(value.type)) {
      return damaged(value.content, "a number of " + std::to_string(value.size) + " bytes");
    }
    switch (value.type) {
      case MMDB_DATA_TYPE_UTF8_STRING:
        return text(value);
      case MMDB_DATA_TYPE_BYTES:
        return data_.subspan(value.content, value.size);
      case MMDB_DATA_TYPE_UINT16:
      case MMDB_DATA_TYPE_UINT32:
      case MMDB_DATA_TYPE_UINT64:
        return number_at(value.content, value.size);
      case MMDB_DATA_TYPE_INT32:
        return static_cast<int32_t>(static_cast<uint32_t>(number_at(value.content, value.size)));
      case MMDB_DATA_TYPE_DOUBLE:
        return value.size == 8 ? Result<Scalar>(std::bit_cast<double>(number_at(value.content, 8)))
                               : damaged(value.content, "a double of another size");
      case MMDB_DATA_TYPE_FLOAT:
        return value.size == 4
                   ? Result<Scalar>(std::bit_cast<float>(static_cast<uint32_t>(number_at(value.content, 4))))
                   : damaged(value.content, "a float of another size");
      case MMDB_DATA_TYPE_UINT128:
        wide_ = {};
        std::ranges::copy(data_.subspan(value.content, value.size), wide_.end() - value.size);
        return std::span<const uint8_t>(wide_);
      default:
        return damaged(value.content, "unknown data type " + std::to_string(value.type));
    }
  }

  std::span<const uint8_t> data_;
  const FieldVisitor& visit_;
  std::string path_;
  unsigned values_ = 0;
  size_t bytes_ = 0;
  std::array<uint8_t, 16> wide_{};  // the 128-bit number being visited
};

// The shortest text that reads back as the same number.
template <typename Number>
std::string shortest(Number number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

}  // namespace

std::string to_text(const Scalar& value) {
  struct Writer {
    std::string operator()(std::string_view text) const { return std::string(text); }
    std::string operator()(uint64_t number) const { return std::to_string(number); }
    std::string operator()(int32_t number) const { return std::to_string(number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(double number) const { return shortest(number); }
    std::string operator()(float number) const { return shortest(number); }
    std::string operator()(std::span<const uint8_t> bytes) const {
      constexpr std::string_view digits = "0123456789abcdef";
      std::string result = "0x";
      for (const uint8_t byte : bytes) {
        result += digits[byte >> 4U];
        result += digits[byte & 15U];
      }
      return result;
    }
  };
  return std::visit(Writer{}, value);
}

Result<> read_record(const MMDB_s& mmdb, uint32_t offset, const FieldVisitor& visit) {
  return RecordReader(mmdb, visit).read(offset);
}

}  // namespace ipguard::enrich
