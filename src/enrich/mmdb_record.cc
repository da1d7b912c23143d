#include "enrich/mmdb_record.h"

#include <maxminddb.h>

#include <array>
#include <charconv>
#include <utility>

namespace ipguard::enrich {
namespace {

std::unexpected<Error> corrupt(std::string reason) { return fail(Errc::corrupt, std::move(reason)); }

// Reads one record (or the metadata, which has the same encoding) value by value. MMDB_get_entry_data_list() would
// do it in one call, but in libmaxminddb before 1.13 nothing bounds what nested pointers make of a few bytes.
class RecordReader {
 public:
  RecordReader(const MMDB_s& mmdb, const FieldVisitor& visit) : mmdb_(mmdb), visit_(visit) {}

  Result<> read(uint32_t offset) {
    auto end = read_value(offset, 0);
    if (!end) {
      return std::unexpected(std::move(end.error()));
    }
    return {};
  }

 private:
  // MMDB_aget_value() with an empty path decodes the one value at `offset`, following a pointer.
  Result<MMDB_entry_data_s> decode(uint32_t offset) {
    if (values_++ >= RecordLimits::values) {
      return corrupt("a record has more than " + std::to_string(RecordLimits::values) + " values");
    }
    MMDB_entry_s start{.mmdb = &mmdb_, .offset = offset};
    MMDB_entry_data_s data{};
    const std::array<const char*, 1> path{nullptr};
    const int status = MMDB_aget_value(&start, &data, path.data());
    if (status != MMDB_SUCCESS || !data.has_data) {
      return corrupt("record at data offset " + std::to_string(offset) + ": " +
                     (status != MMDB_SUCCESS ? MMDB_strerror(status) : "no data"));
    }
    if (data.type == MMDB_DATA_TYPE_UTF8_STRING || data.type == MMDB_DATA_TYPE_BYTES) {
      bytes_ += data.data_size;
      if (bytes_ > RecordLimits::bytes) {
        return corrupt("a record has more than " + std::to_string(RecordLimits::bytes) + " bytes of text");
      }
    }
    return data;
  }

  // Where the value after the one at `offset` starts, if that one is a pointer: 1 + 1..4 bytes by the two size bits
  // of its control byte. libmaxminddb gives the place after the *target* when that is a map or an array.
  [[nodiscard]] uint32_t after_pointer(uint32_t offset) const {
    return offset + 2U + ((mmdb_.data_section[offset] >> 3U) & 3U);
  }

  // Returns the offset after the value.
  Result<uint32_t> read_value(uint32_t offset, unsigned depth) {
    if (depth > RecordLimits::depth) {
      return corrupt("a record is nested deeper than " + std::to_string(RecordLimits::depth) + " levels");
    }
    const auto data = decode(offset);
    if (!data) {
      return std::unexpected(data.error());
    }
    Result<uint32_t> end = data->offset_to_next;
    if (data->type == MMDB_DATA_TYPE_MAP) {
      end = read_map(*data, depth);
    } else if (data->type == MMDB_DATA_TYPE_ARRAY) {
      end = read_array(*data, depth);
    } else if (auto scalar = to_scalar(*data)) {
      visit_(path_, *scalar);
    } else {
      return std::unexpected(std::move(scalar.error()));
    }
    const bool was_pointer = data->offset != offset;
    return end && was_pointer ? after_pointer(offset) : end;
  }

  Result<uint32_t> read_map(const MMDB_entry_data_s& map, unsigned depth) {
    uint32_t next = map.offset_to_next;
    for (uint32_t i = 0; i < map.data_size; ++i) {
      const auto key = decode(next);
      if (!key) {
        return std::unexpected(key.error());
      }
      if (key->type != MMDB_DATA_TYPE_UTF8_STRING) {
        return corrupt("record at data offset " + std::to_string(next) + ": a map key is no string");
      }
      auto end = read_member({key->utf8_string, key->data_size}, key->offset_to_next, depth);
      if (!end) {
        return end;
      }
      next = *end;
    }
    return next;
  }

  Result<uint32_t> read_array(const MMDB_entry_data_s& array, unsigned depth) {
    uint32_t next = array.offset_to_next;
    for (uint32_t i = 0; i < array.data_size; ++i) {
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

  Result<Scalar> to_scalar(const MMDB_entry_data_s& data) {
    switch (data.type) {
      case MMDB_DATA_TYPE_UTF8_STRING:
        return std::string_view(data.utf8_string, data.data_size);
      case MMDB_DATA_TYPE_BYTES:
        return std::span<const uint8_t>(data.bytes, data.data_size);
      case MMDB_DATA_TYPE_DOUBLE:
        return data.double_value;
      case MMDB_DATA_TYPE_FLOAT:
        return data.float_value;
      case MMDB_DATA_TYPE_UINT16:
        return uint64_t{data.uint16};
      case MMDB_DATA_TYPE_UINT32:
        return uint64_t{data.uint32};
      case MMDB_DATA_TYPE_UINT64:
        return data.uint64;
      case MMDB_DATA_TYPE_INT32:
        return data.int32;
      case MMDB_DATA_TYPE_BOOLEAN:
        return data.boolean;
      case MMDB_DATA_TYPE_UINT128:
        for (size_t i = 0; i < wide_.size(); ++i) {
          wide_[i] = static_cast<uint8_t>(data.uint128 >> (120 - 8 * i));
        }
        return std::span<const uint8_t>(wide_);
      default:
        return corrupt("record at data offset " + std::to_string(data.offset) + ": unknown data type " +
                       std::to_string(data.type));
    }
  }

  const MMDB_s& mmdb_;
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
