#include "enrich/mmdb_writer.h"

#include <algorithm>
#include <iterator>

#include "enrich/mmdb_encoder.h"
#include "enrich/mmdb_metadata.h"
#include "enrich/number.h"

namespace ipguard::enrich {
namespace {

constexpr unsigned ipv4_depth = 96;

FieldValue to_field(const Scalar& value) {
  struct Copy {
    FieldValue operator()(std::string_view text) const { return std::string(text); }
    FieldValue operator()(std::span<const uint8_t> bytes) const {
      return std::vector<uint8_t>(bytes.begin(), bytes.end());
    }
    FieldValue operator()(uint64_t number) const { return number; }
    FieldValue operator()(int32_t number) const { return number; }
    FieldValue operator()(double number) const { return number; }
    FieldValue operator()(float number) const { return number; }
    FieldValue operator()(bool flag) const { return flag; }
  };
  return std::visit(Copy{}, value);
}

// The bits of the way from the root of an IPv6 tree.
bool way_bit(const net::Prefix& network, unsigned depth) {
  if (network.family() == net::Family::ipv6) {
    return network.address().bit(depth);
  }
  return depth >= ipv4_depth && network.address().bit(depth - ipv4_depth);
}

unsigned way_length(const net::Prefix& network) {
  return network.length() + (network.family() == net::Family::ipv4 ? ipv4_depth : 0);
}

void append_big_endian(std::string& bytes, uint32_t value, unsigned count) {
  for (; count > 0; --count) {
    bytes += static_cast<char>(value >> (8 * (count - 1)));
  }
}

void append_node(std::string& file, uint32_t left, uint32_t right, unsigned record_size) {
  const unsigned whole = record_size == 32 ? 4 : 3;
  append_big_endian(file, left, whole);
  if (record_size == 28) {
    file += static_cast<char>((left >> 20U & 0xf0U) | (right >> 24U & 0x0fU));
  }
  append_big_endian(file, right, whole);
}

std::string metadata(const MmdbWriter::About& about, uint32_t nodes, unsigned record_size) {
  MmdbEncoder out(false);
  out.map(9);
  const auto put16 = [&](std::string_view key, uint16_t value) {
    out.text(key);
    out.uint16(value);
  };
  put16("binary_format_major_version", 2);
  put16("binary_format_minor_version", 0);
  out.text("build_epoch");
  out.uint64(about.build_epoch);
  out.text("database_type");
  out.text(about.type);
  out.text("description");
  out.map(1);
  out.text("en");
  out.text(about.description);
  put16("ip_version", 6);
  out.text("languages");
  out.array(1);
  out.text("en");
  out.text("node_count");
  out.uint32(nodes);
  put16("record_size", static_cast<uint16_t>(record_size));
  return out.bytes();
}

// Whether `inner` lies within `outer`: "country.iso_code" within "country".
bool is_within(std::string_view inner, std::string_view outer) {
  return inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '.';
}

}  // namespace

bool clash(std::string_view one, std::string_view other) { return is_within(one, other) || is_within(other, one); }

MmdbWriter::Side* MmdbWriter::place_of(const net::Prefix& network) {
  const unsigned length = way_length(network);
  uint32_t node = 0;
  for (unsigned depth = 0; depth + 1 < length; ++depth) {
    const bool right = way_bit(network, depth);
    const Side side = nodes_[node][right ? 1 : 0];
    if ((side & leaf_flag) != 0) {
      const auto fresh = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({side, side});  // what covered both halves goes on to cover them
      nodes_[node][right ? 1 : 0] = fresh;
      node = fresh;
    } else {
      node = side;
    }
  }
  return &nodes_[node][way_bit(network, length - 1) ? 1 : 0];
}

void MmdbWriter::put(const net::Prefix& network, const Fields& fields) {
  Overlaid known;
  if (way_length(network) == 0) {  // ::/0 has no place of its own
    put(network.child(false), fields);
    put(network.child(true), fields);
    return;
  }
  overlay(*place_of(network), fields, known);
}

void MmdbWriter::put(const net::Address& first, const net::Address& last, const Fields& fields) {
  const auto put_all = [&](auto from, auto to) {
    for_each_prefix(from, to, [&](auto value, unsigned host_bits) {
      const auto address = to_address(value);
      // ::ffff:0:0/96 in the middle of an IPv6 range: what Address calls IPv4, and no part of that range.
      if (address.is_ipv4() == first.is_ipv4()) {
        put(net::Prefix(address, address.bits() - host_bits), fields);
      }
    });
  };
  if (first.is_ipv4()) {
    put_all(first.ipv4(), last.ipv4());
  } else {
    put_all(to_number(first), to_number(last));
  }
}

void MmdbWriter::overlay(Side& side, const Fields& fields, Overlaid& known) {
  if ((side & leaf_flag) != 0) {
    side = leaf_flag | overlaid(side & ~leaf_flag, fields, known);
    return;
  }
  const uint32_t node = side;  // at most 128 of them on the way down
  overlay(nodes_[node][0], fields, known);
  overlay(nodes_[node][1], fields, known);
}

uint32_t MmdbWriter::overlaid(uint32_t record, const Fields& fields, Overlaid& known) {
  const auto [place, is_new] = known.try_emplace(record);
  if (is_new) {
    // What is a text cannot be a map as well: the new one stays.
    Fields before = records_[record];
    std::erase_if(before, [&](const auto& field) {
      return std::ranges::any_of(fields, [&](const auto& fresh) { return clash(field.first, fresh.first); });
    });
    Fields merged;
    // Of two with the same path, the first one stays: the new one.
    std::ranges::set_union(fields, before, std::back_inserter(merged), {}, &Fields::value_type::first,
                           &Fields::value_type::first);
    place->second = number_of(std::move(merged));
  }
  return place->second;
}

uint32_t MmdbWriter::number_of(Fields fields) {
  if (fields.empty()) {
    return 0;
  }
  MmdbEncoder encoder(false);
  encoder.record(fields);
  const auto [known, is_new] = numbers_.try_emplace(encoder.bytes(), static_cast<uint32_t>(records_.size()));
  if (is_new) {
    records_.push_back(std::move(fields));
  }
  return known->second;
}

Result<> MmdbWriter::load(const Mmdb& base) {
  std::unordered_map<uint32_t, uint32_t> numbers;  // by the base's offset
  Result<> read;
  auto walked = base.walk([&](const net::Prefix& network, uint32_t record) {
    const auto [known, is_new] = numbers.try_emplace(record);
    if (is_new) {
      Fields fields;
      read = base.read(record, [&](std::string_view path, const Scalar& value) {
        fields.emplace_back(path.empty() ? "value" : path, to_field(value));
      });
      std::ranges::sort(fields, {}, &Fields::value_type::first);
      fields.erase(std::ranges::unique(fields, {}, &Fields::value_type::first).begin(), fields.end());
      known->second = number_of(std::move(fields));
    }
    if (way_length(network) > 0) {
      *place_of(network) = leaf_flag | known->second;
    }
    return read.has_value();
  });
  if (walked && !read) {
    walked = std::move(read);
  }
  return walked ? Result<>() : std::unexpected(add_context(walked, base.path()));
}

Result<std::string> MmdbWriter::build(const About& about) const {
  MmdbEncoder data(true);
  std::vector<uint32_t> offsets(records_.size());
  for (size_t i = 1; i < records_.size(); ++i) {
    offsets[i] = data.record(records_[i]);
  }
  MmdbWriter copy;
  copy.nodes_ = nodes_;
  auto& nodes = copy.nodes_;
  // IPv4's own node, and the aliases of it where nothing else is.
  const Side ipv4 = *copy.place_of(net::Prefix(net::Address(), ipv4_depth));
  if ((ipv4 & leaf_flag) == 0) {
    for (const auto& [high, bits] : {std::pair{uint16_t{0x2002}, 16U}, std::pair{uint16_t{0}, ipv4_depth}}) {
      // ::ffff:0:0/96 as an IPv6 prefix is what Address calls IPv4, so its way is made by hand: its neighbour's.
      std::array<uint8_t, 16> bytes{static_cast<uint8_t>(high >> 8U), static_cast<uint8_t>(high)};
      bytes[11] = bits == ipv4_depth ? 0xfe : 0;
      bytes[10] = bits == ipv4_depth ? 0xff : 0;
      Side* place = copy.place_of(net::Prefix(net::Address::from_ipv6(bytes), bits));
      place = bits == ipv4_depth ? place + 1 : place;  // the other half of the same node
      if (*place == leaf_flag) {
        *place = ipv4;
      }
    }
  }
  const uint64_t largest = nodes.size() + mmdb_separator + data.bytes().size();
  const unsigned record_size = largest < 1U << 24U ? 24 : largest < 1U << 28U ? 28 : 32;
  if (largest > UINT32_MAX) {
    return fail(Errc::invalid, "the database would be larger than its format allows");
  }
  const auto count = static_cast<uint32_t>(nodes.size());
  const auto raw = [&](Side side) {
    if ((side & leaf_flag) == 0) {
      return side;
    }
    const uint32_t record = side & ~leaf_flag;
    return record == 0 ? count : count + mmdb_separator + offsets[record];
  };
  std::string file;
  file.reserve(nodes.size() * record_size / 4 + data.bytes().size() + 1024);
  for (const auto& node : nodes) {
    append_node(file, raw(node[0]), raw(node[1]), record_size);
  }
  file += std::string(mmdb_separator, '\0') + data.bytes() + "\xab\xcd\xefMaxMind.com";
  return file + metadata(about, count, record_size);
}

}  // namespace ipguard::enrich
