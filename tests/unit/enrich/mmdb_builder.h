// Writes small MaxMind DB files for tests: any record size and IP version, any record, and any damage.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/prefix.h"

namespace ipguard::enrich::testing {

// The encoding of values ("Output Data Section"): each function returns the bytes of one value.
namespace mmdb {

inline std::string control(unsigned type, uint32_t size) {
  std::string result;
  std::string extra;
  uint32_t small = size;
  if (size >= 65821) {
    small = 31;
    const uint32_t rest = size - 65821;
    extra = {static_cast<char>(rest >> 16U), static_cast<char>(rest >> 8U), static_cast<char>(rest)};
  } else if (size >= 285) {
    small = 30;
    extra = {static_cast<char>((size - 285) >> 8U), static_cast<char>(size - 285)};
  } else if (size >= 29) {
    small = 29;
    extra = {static_cast<char>(size - 29)};
  }
  if (type > 7) {
    result = {static_cast<char>(small), static_cast<char>(type - 7)};
  } else {
    result = {static_cast<char>(type << 5U | small)};
  }
  return result + extra;
}

inline std::string text(std::string_view value) {
  return control(2, static_cast<uint32_t>(value.size())) + std::string(value);
}

inline std::string number_of_type(unsigned type, uint64_t value, unsigned bytes) {
  std::string result = control(type, bytes);
  for (unsigned i = bytes; i-- > 0;) {
    result += static_cast<char>(value >> (8 * i));
  }
  return result;
}
inline std::string uint16(uint16_t value) { return number_of_type(5, value, 2); }
inline std::string uint32(uint32_t value) { return number_of_type(6, value, 4); }
inline std::string uint64(uint64_t value) { return number_of_type(9, value, 8); }
inline std::string int32(int32_t value) { return number_of_type(8, static_cast<uint32_t>(value), 4); }
inline std::string boolean(bool value) { return control(14, value ? 1 : 0); }
inline std::string pointer(uint32_t offset) {  // 32-bit form
  return {'\x38', static_cast<char>(offset >> 24U), static_cast<char>(offset >> 16U), static_cast<char>(offset >> 8U),
          static_cast<char>(offset)};
}

using Members = std::initializer_list<std::pair<std::string_view, std::string>>;
inline std::string map(Members members) {
  std::string result = control(7, static_cast<uint32_t>(members.size()));
  for (const auto& [key, value] : members) {
    result += text(key) + value;
  }
  return result;
}
inline std::string array(std::initializer_list<std::string> values) {
  std::string result = control(11, static_cast<uint32_t>(values.size()));
  for (const auto& value : values) {
    result += value;
  }
  return result;
}

}  // namespace mmdb

class MmdbBuilder {
 public:
  MmdbBuilder(unsigned ip_version, unsigned record_size) : ip_version_(ip_version), record_size_(record_size) {}

  // Appends a value to the data section and returns its offset.
  uint32_t data(const std::string& value) {
    data_ += value;
    return static_cast<uint32_t>(data_.size() - value.size());
  }
  // Gives `network` a record by its data offset; shorter prefixes come first.
  void network(std::string_view network, uint32_t offset) {
    put(path_of(network), {.kind = Kind::data, .value = offset});
  }
  void network(std::string_view prefix, const std::string& record) { network(prefix, data(record)); }
  // Lets `network` lead to where `target` is: an alias, or a cycle.
  void alias(std::string_view network, std::string_view target) {
    put(path_of(network), {.kind = Kind::node, .value = node_at(path_of(target))});
  }
  // Overrides of the metadata.
  std::optional<uint32_t> claimed_nodes;
  uint64_t build_epoch = 1'700'000'000;
  std::string type = "Test";
  std::string languages = mmdb::array({mmdb::text("en")});
  std::string description = mmdb::map({{"de", mmdb::text("Probe")}, {"en", mmdb::text("Test database")}});

  [[nodiscard]] std::string build() const {
    std::string file;
    for (const auto& node : nodes_) {
      append_node(file, raw(node[0]), raw(node[1]));
    }
    file += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    return file + mmdb::map({{"binary_format_major_version", mmdb::uint16(2)},
                             {"binary_format_minor_version", mmdb::uint16(0)},
                             {"build_epoch", mmdb::uint64(build_epoch)},
                             {"database_type", mmdb::text(type)},
                             {"description", description},
                             {"ip_version", mmdb::uint16(static_cast<uint16_t>(ip_version_))},
                             {"languages", languages},
                             {"node_count", mmdb::uint32(claimed_nodes.value_or(node_count()))},
                             {"record_size", mmdb::uint16(static_cast<uint16_t>(record_size_))}});
  }

 private:
  enum class Kind { empty, node, data };
  struct Side {
    Kind kind = Kind::empty;
    uint32_t value = 0;
  };
  using Path = std::vector<bool>;

  [[nodiscard]] uint32_t node_count() const { return static_cast<uint32_t>(nodes_.size()); }

  // The bits from the root: IPv4 lies under ::/96 of an IPv6 tree.
  [[nodiscard]] Path path_of(std::string_view text) const {
    const auto prefix = *net::Prefix::parse(text);
    Path path;
    if (prefix.family() == net::Family::ipv4 && ip_version_ == 6) {
      path.assign(96, false);
    }
    for (unsigned i = 0; i < prefix.length(); ++i) {
      path.push_back(prefix.address().bit(i));
    }
    return path;
  }

  uint32_t node_at(const Path& path) {
    uint32_t node = 0;
    for (const bool bit : path) {
      Side side = nodes_[node][bit ? 1 : 0];
      if (side.kind != Kind::node) {
        const Side next{.kind = Kind::node, .value = node_count()};
        nodes_.push_back({side, side});  // what covered both halves goes on to cover them
        nodes_[node][bit ? 1 : 0] = next;
        side = next;
      }
      node = side.value;
    }
    return node;
  }

  void put(Path path, Side side) {
    const bool last = path.back();
    path.pop_back();
    nodes_[node_at(path)][last ? 1 : 0] = side;
  }

  [[nodiscard]] uint32_t raw(const Side& side) const {
    switch (side.kind) {
      case Kind::empty:
        return node_count();
      case Kind::node:
        return side.value;
      case Kind::data:
        break;
    }
    return node_count() + 16 + side.value;
  }

  void append_node(std::string& file, uint32_t left, uint32_t right) const {
    const auto bytes = [&](uint32_t value, unsigned from) {
      for (unsigned shift = from; shift > 0; shift -= 8) {
        file += static_cast<char>(value >> (shift - 8));
      }
    };
    bytes(left, record_size_ == 32 ? 32 : 24);
    if (record_size_ == 28) {
      file += static_cast<char>((left >> 20U & 0xf0U) | (right >> 24U & 0x0fU));
    }
    bytes(right, record_size_ == 32 ? 32 : 24);
  }

  unsigned ip_version_;
  unsigned record_size_;
  std::vector<std::array<Side, 2>> nodes_ = {{}};
  std::string data_;
};

}  // namespace ipguard::enrich::testing
