#include "enrich/mmdb_encoder.h"

#include <bit>

namespace ipguard::enrich {
namespace {

// The component of a dotted path that begins at `skip`.
std::string_view component(std::string_view path, size_t skip) {
  return path.substr(skip, path.find('.', skip) - skip);
}

}  // namespace

void MmdbEncoder::control(unsigned type, uint32_t size) {
  // Sizes from 29, 285 and 65,821 on take one, two and three bytes more.
  uint32_t small = size;
  unsigned more = 0;
  uint32_t rest = 0;
  if (size >= 65821) {
    small = 31;
    more = 3;
    rest = size - 65821;
  } else if (size >= 285) {
    small = 30;
    more = 2;
    rest = size - 285;
  } else if (size >= 29) {
    small = 29;
    more = 1;
    rest = size - 29;
  }
  if (type > 7) {
    bytes_ += static_cast<char>(small);
    bytes_ += static_cast<char>(type - 7);
  } else {
    bytes_ += static_cast<char>(type << 5U | small);
  }
  for (; more > 0; --more) {
    bytes_ += static_cast<char>(rest >> (8 * (more - 1)));
  }
}

void MmdbEncoder::number(unsigned type, uint64_t value, unsigned bytes) {
  control(type, bytes);
  for (unsigned i = bytes; i-- > 0;) {
    bytes_ += static_cast<char>(value >> (8 * i));
  }
}

void MmdbEncoder::pointer(uint32_t offset) {
  constexpr unsigned type = 1U << 5U;
  constexpr uint32_t first = 2048;
  constexpr uint32_t second = 526336;
  if (offset < first) {
    bytes_ += static_cast<char>(type | offset >> 8U);
  } else if (offset < second) {
    offset -= first;
    bytes_ += static_cast<char>(type | 1U << 3U | offset >> 16U);
    bytes_ += static_cast<char>(offset >> 8U);
  } else {
    bytes_ += static_cast<char>(type | 3U << 3U);
    bytes_ += static_cast<char>(offset >> 24U);
    bytes_ += static_cast<char>(offset >> 16U);
    bytes_ += static_cast<char>(offset >> 8U);
  }
  bytes_ += static_cast<char>(offset);
}

void MmdbEncoder::text(std::string_view value) {
  constexpr size_t pointer_size = 4;
  if (pointers_ && value.size() >= pointer_size) {
    const auto known = texts_.find(value);
    if (known != texts_.end()) {
      pointer(known->second);
      return;
    }
    texts_.emplace(value, static_cast<uint32_t>(bytes_.size()));
  }
  control(2, static_cast<uint32_t>(value.size()));
  bytes_ += value;
}

void MmdbEncoder::value(const FieldValue& value) {
  struct Writer {
    MmdbEncoder& out;
    void operator()(const std::string& text) const { out.text(text); }
    void operator()(uint64_t number) const {
      if (number <= UINT32_MAX) {
        out.uint32(static_cast<uint32_t>(number));
      } else {
        out.uint64(number);
      }
    }
    void operator()(int32_t number) const { out.number(8, static_cast<uint32_t>(number), 4); }
    void operator()(double number) const { out.number(3, std::bit_cast<uint64_t>(number), 8); }
    void operator()(float number) const { out.number(15, std::bit_cast<uint32_t>(number), 4); }
    void operator()(bool flag) const { out.control(14, flag ? 1 : 0); }
    void operator()(const std::vector<uint8_t>& bytes) const {
      out.control(4, static_cast<uint32_t>(bytes.size()));
      out.bytes_.append(bytes.begin(), bytes.end());
    }
  };
  std::visit(Writer{*this}, value);
}

uint32_t MmdbEncoder::record(const Fields& fields) {
  const auto offset = static_cast<uint32_t>(bytes_.size());
  group(fields.begin(), fields.end(), 0);
  return offset;
}

// The fields whose paths agree in their first `skip` bytes: a map, or an array if the components are 0, 1, 2 …
void MmdbEncoder::group(Fields::const_iterator begin, Fields::const_iterator end, size_t skip) {
  struct Part {
    std::string_view name;
    Fields::const_iterator begin;
    Fields::const_iterator end;
  };
  std::vector<Part> parts;
  for (auto field = begin; field != end; ++field) {
    const auto name = component(field->first, skip);
    if (parts.empty() || parts.back().name != name) {
      parts.push_back({name, field, field});
    }
    ++parts.back().end;
  }
  // Sorted as texts, "10" stands before "2".
  std::vector<const Part*> ordered(parts.size(), nullptr);
  bool is_array = skip > 0;
  for (const auto& part : parts) {
    const auto index = parse_number(part.name);
    is_array = is_array && index && *index < parts.size() && ordered[*index] == nullptr;
    if (is_array) {
      ordered[*index] = &part;
    }
  }
  is_array ? array(static_cast<uint32_t>(parts.size())) : map(static_cast<uint32_t>(parts.size()));
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = is_array ? *ordered[i] : parts[i];
    if (!is_array) {
      text(part.name);
    }
    if (part.begin->first.size() == skip + part.name.size()) {
      value(part.begin->second);
    } else {
      group(part.begin, part.end, skip + part.name.size() + 1);
    }
  }
}

}  // namespace ipguard::enrich
