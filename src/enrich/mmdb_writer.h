// MmdbWriter: makes a MaxMind DB file (format 2.0, https://maxmind.github.io/MaxMind-DB/) out of networks and fields.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "enrich/mmdb.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enrich {

using FieldValue = std::variant<std::string, uint64_t, int32_t, double, float, bool, std::vector<uint8_t>>;
// A record's scalars by dotted path ("country.iso_code", as FieldVisitor gives them), sorted, each path once, none
// within another.
using Fields = std::vector<std::pair<std::string, FieldValue>>;
// Whether a record cannot have both paths: "country" is a scalar, or the map that "country.iso_code" is in.
[[nodiscard]] bool clash(std::string_view one, std::string_view other);

// Used by one thread. About 20 bytes a network and what the different records take.
class MmdbWriter {
 public:
  struct About {
    std::string type;
    std::string description;
    uint64_t build_epoch = 0;  // seconds since 1970; libmaxminddb refuses 0
  };

  // All networks of `base`; everything is copied. Errc::corrupt where it is damaged.
  [[nodiscard]] Result<> load(const Mmdb& base);
  // Every address of the network gets these fields; of what it had before, other fields stay that do not clash. A
  // network inside of one that is there already becomes one of its own. In the format's tree IPv4 lies under ::/96, so
  // ::/0 is all of both.
  void put(const net::Prefix& network, const Fields& fields);
  void put(const net::Address& first, const net::Address& last, const Fields& fields);

  // The file's bytes, an IPv6 tree with IPv4 below ::/96 and the aliases ::ffff:0:0/96 and 2002::/16 of it.
  // Errc::invalid if it would be too large for the format.
  [[nodiscard]] Result<std::string> build(const About& about) const;
  [[nodiscard]] size_t record_count() const { return records_.size() - 1; }

 private:
  // A half of a node: the number of a node, or leaf_flag and the number of a record (0 = none).
  using Side = uint32_t;
  static constexpr Side leaf_flag = 1U << 31U;
  using Overlaid = std::unordered_map<uint32_t, uint32_t>;  // record without and with the fields of one put()

  [[nodiscard]] Side* place_of(const net::Prefix& network);
  void overlay(Side& side, const Fields& fields, Overlaid& known);
  [[nodiscard]] uint32_t number_of(Fields fields);
  [[nodiscard]] uint32_t overlaid(uint32_t record, const Fields& fields, Overlaid& known);

  std::vector<std::array<Side, 2>> nodes_ = {{leaf_flag, leaf_flag}};
  std::vector<Fields> records_ = std::vector<Fields>(1);
  std::unordered_map<std::string, uint32_t> numbers_;  // of records, by their encoding
};

}  // namespace ipguard::enrich
