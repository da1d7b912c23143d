#include "enrich/mmdb.h"

#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "enrich/mmdb_metadata.h"

namespace ipguard::enrich {
namespace {

// What verify() reads of a file: about so many nodes, evenly spread, and so many different records that they lead to.
constexpr uint32_t verified_nodes = 1024;
constexpr size_t verified_records = 256;

std::string english_description(const MMDB_metadata_s& metadata) {
  std::string result;
  for (size_t i = 0; i < metadata.description.count; ++i) {
    const auto* entry = metadata.description.descriptions[i];
    if (i == 0 || std::string_view(entry->language) == "en") {
      result = entry->description;
    }
  }
  return result;
}

// Node `number`. libmaxminddb before 1.9 reports records that point nowhere by their type only, and takes those that
// lead back to the root or into the separator between tree and data.
Result<MMDB_search_node_s> read_node(const MMDB_s& mmdb, uint32_t number) {
  const auto damaged = [number](const std::string& how) {
    return fail(Errc::corrupt, "node " + std::to_string(number) + " of the search tree " + how);
  };
  MMDB_search_node_s node{};
  if (const int status = MMDB_read_node(&mmdb, number, &node); status != MMDB_SUCCESS) {
    return damaged(std::string("cannot be read: ") + MMDB_strerror(status));
  }
  if (node.left_record == 0 || node.right_record == 0) {
    return damaged("leads back to the root");
  }
  const auto outside = [&](uint8_t type, const MMDB_entry_s& entry) {
    return type == MMDB_RECORD_TYPE_INVALID ||
           (type == MMDB_RECORD_TYPE_DATA && entry.offset >= mmdb.data_section_size);
  };
  if (outside(node.left_record_type, node.left_record_entry) ||
      outside(node.right_record_type, node.right_record_entry)) {
    return damaged("points outside of the data section");
  }
  return node;
}

}  // namespace

// A place in the walk: the first `depth` bits of high:low, and what the tree has there: a node's number or, for a leaf,
// the offset of its record. IPv4 trees are walked as if they hung under ::/96.
struct Mmdb::Place {
  uint64_t high = 0;
  uint64_t low = 0;
  uint32_t value = 0;
  uint8_t depth = 0;
  bool leaf = false;

  [[nodiscard]] Place child(bool right) const {
    Place result = *this;
    if (right && depth < 64) {
      result.high |= uint64_t{1} << (63 - depth);
    } else if (right) {
      result.low |= uint64_t{1} << (127 - depth);
    }
    ++result.depth;
    return result;
  }
  // ::/96, where IPv4 lives, and ::ffff:0:0/96, where look-ups never go because such an address is an IPv4 address.
  [[nodiscard]] bool within_ipv4() const { return depth >= 96 && high == 0 && low >> 32 == 0; }
  [[nodiscard]] bool within_mapped() const { return depth >= 96 && high == 0 && low >> 32 == 0xffff; }
  [[nodiscard]] bool holds_all_ipv4() const { return depth < 96 && high == 0 && low == 0; }
  [[nodiscard]] net::Prefix prefix() const {
    if (within_ipv4()) {
      return {net::Address::from_ipv4(static_cast<uint32_t>(low)), depth - 96U};
    }
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < 8; ++i) {
      bytes[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
      bytes[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
    }
    return {net::Address::from_ipv6(bytes), depth};
  }
};

Mmdb::Mmdb(std::string path) : path_(std::move(path)), mmdb_(std::make_unique<MMDB_s>()) {}

Mmdb::~Mmdb() {
  if (opened_) {
    MMDB_close(mmdb_.get());
  }
}

Result<std::unique_ptr<Mmdb>> Mmdb::open(const std::string& path, const CopyFolder& copy_in) {
  const std::string context = "database " + printable(path);
  auto file = open_database_file(path);
  if (file && copy_in) {
    file = copy_database_file(*file, *copy_in);
  }
  if (!file) {
    return std::unexpected(add_context(file, context));
  }
  if (auto checked = verify_metadata(*file); !checked) {
    return std::unexpected(add_context(checked, context));
  }
  std::unique_ptr<Mmdb> result(new Mmdb(path));
  const int status = MMDB_open(copy_in ? file->path().c_str() : path.c_str(), MMDB_MODE_MMAP, result->mmdb_.get());
  if (status != MMDB_SUCCESS) {
    const bool file_problem = status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR;
    return fail(file_problem ? Errc::failed : Errc::corrupt, context + ": " + MMDB_strerror(status));
  }
  result->opened_ = true;
  const MMDB_metadata_s& metadata = result->mmdb_->metadata;
  result->metadata_ = Metadata{.type = metadata.database_type,
                               .description = english_description(metadata),
                               .build_epoch = metadata.build_epoch,
                               .node_count = metadata.node_count,
                               .record_size = metadata.record_size,
                               .ip_version = metadata.ip_version};
  if (auto verified = result->verify(); !verified) {
    return std::unexpected(add_context(verified, context));
  }
  return result;
}

void Mmdb::let_pages_go() const {
  // A shared mapping of a file, never written: nothing is lost, madvise(2). The pointer is const for its readers' sake.
  const auto* begin = static_cast<const void*>(mmdb_->file_content);
  static_cast<void>(::madvise(const_cast<void*>(begin), static_cast<size_t>(mmdb_->file_size), MADV_DONTNEED));
}

Result<> Mmdb::verify() const {
  const uint32_t stride = std::max<uint32_t>(1, metadata_.node_count / verified_nodes);
  std::unordered_set<uint32_t> records;
  for (uint64_t number = 0; number < metadata_.node_count; number += stride) {
    const auto node = read_node(*mmdb_, static_cast<uint32_t>(number));
    if (!node) {
      return std::unexpected(node.error());
    }
    for (const auto& [type, entry] : {std::pair{node->left_record_type, node->left_record_entry},
                                      std::pair{node->right_record_type, node->right_record_entry}}) {
      if (type != MMDB_RECORD_TYPE_DATA || records.size() >= verified_records || !records.insert(entry.offset).second) {
        continue;
      }
      if (auto checked = read(entry.offset, [](std::string_view, const Scalar&) {}); !checked) {
        return checked;
      }
    }
  }
  return {};
}

bool Mmdb::covers(net::Family family) const { return family == net::Family::ipv4 || metadata_.ip_version == 6; }

Result<TreeEntry> Mmdb::find(const net::Address& address) const {
  if (!covers(address.family())) {
    return TreeEntry{};
  }
  MMDB_lookup_result_s found{};
  int status = MMDB_SUCCESS;
  if (address.is_ipv4()) {
    sockaddr_in socket_address{};
    socket_address.sin_family = AF_INET;
    socket_address.sin_addr.s_addr = htonl(address.ipv4());
    found = MMDB_lookup_sockaddr(mmdb_.get(), reinterpret_cast<const sockaddr*>(&socket_address), &status);
  } else {
    sockaddr_in6 socket_address{};
    socket_address.sin6_family = AF_INET6;
    std::ranges::copy(address.bytes(), socket_address.sin6_addr.s6_addr);
    found = MMDB_lookup_sockaddr(mmdb_.get(), reinterpret_cast<const sockaddr*>(&socket_address), &status);
  }
  if (status != MMDB_SUCCESS) {
    return fail(Errc::corrupt, "look-up of " + address.to_string() + ": " + MMDB_strerror(status));
  }
  unsigned length = found.netmask;
  if (address.is_ipv4() && metadata_.ip_version == 6) {
    length = length > 96 ? length - 96 : 0;
  }
  TreeEntry result{.network = net::Prefix(address, std::min(length, address.bits())), .record = std::nullopt};
  if (found.found_entry) {
    if (found.entry.offset >= mmdb_->data_section_size) {
      return fail(Errc::corrupt, "look-up of " + address.to_string() + ": its record lies outside of the data section");
    }
    result.record = found.entry.offset;
  }
  return result;
}

Branch Mmdb::root(net::Family family) const {
  if (!covers(family)) {
    return {};
  }
  if (family == net::Family::ipv6 || metadata_.ip_version == 4) {
    return {.kind = Branch::Kind::node, .value = 0};
  }
  const uint32_t start = mmdb_->ipv4_start_node.node_value;
  if (start < metadata_.node_count) {
    return {.kind = Branch::Kind::node, .value = start};
  }
  const uint32_t offset = start - metadata_.node_count - mmdb_separator;
  return start == metadata_.node_count || offset >= mmdb_->data_section_size
             ? Branch{}
             : Branch{.kind = Branch::Kind::record, .value = offset};
}

Result<std::array<Branch, 2>> Mmdb::branches(uint32_t node) const {
  const auto read = read_node(*mmdb_, node);
  if (!read) {
    return std::unexpected(read.error());
  }
  const auto branch = [](uint8_t type, uint64_t record, const MMDB_entry_s& entry) {
    switch (type) {
      case MMDB_RECORD_TYPE_EMPTY:
        return Branch{};
      case MMDB_RECORD_TYPE_DATA:
        return Branch{.kind = Branch::Kind::record, .value = entry.offset};
      default:
        return Branch{.kind = Branch::Kind::node, .value = static_cast<uint32_t>(record)};
    }
  };
  return std::array{branch(read->left_record_type, read->left_record, read->left_record_entry),
                    branch(read->right_record_type, read->right_record, read->right_record_entry)};
}

Result<> Mmdb::read(uint32_t record, const FieldVisitor& visit) const { return read_record(*mmdb_, record, visit); }

Result<> Mmdb::walk(const NetworkVisitor& visit) const {
  return walk_from(Place{.depth = metadata_.ip_version == 6 ? uint8_t{0} : uint8_t{96}}, visit);
}

Result<> Mmdb::walk_within(const net::Prefix& prefix, const NetworkVisitor& visit) const {
  if (!covers(prefix.family())) {
    return {};
  }
  const bool is_ipv4 = prefix.family() == net::Family::ipv4;
  const unsigned above = is_ipv4 ? 96 : 0;  // bits of the way to where the family begins
  const auto bit = [&](unsigned depth) { return depth >= above && prefix.address().bit(depth - above); };
  Place place{.depth = metadata_.ip_version == 6 ? uint8_t{0} : uint8_t{96}};
  const unsigned length = prefix.length() + above;
  while (place.depth < length) {
    const auto node = read_node(*mmdb_, place.value);
    if (!node) {
      return std::unexpected(node.error());
    }
    const bool right = bit(place.depth);
    const auto type = right ? node->right_record_type : node->left_record_type;
    if (type == MMDB_RECORD_TYPE_EMPTY) {
      return {};
    }
    if (type == MMDB_RECORD_TYPE_DATA) {
      static_cast<void>(visit(prefix, (right ? node->right_record_entry : node->left_record_entry).offset));
      return {};
    }
    place = place.child(right);
    place.value = static_cast<uint32_t>(right ? node->right_record : node->left_record);
  }
  return walk_from(place, [&](const net::Prefix& network, uint32_t record) {
    return network.family() != prefix.family() || visit(network, record);
  });
}

Result<> Mmdb::walk_from(const Place& start, const NetworkVisitor& visit) const {
  const bool tree_of_ipv6 = metadata_.ip_version == 6;
  const uint32_t ipv4_root = mmdb_->ipv4_start_node.node_value;
  std::vector<Place> stack{start};
  const auto push = [&](Place place, uint8_t type, uint64_t record, const MMDB_entry_s& entry) {
    place.leaf = type == MMDB_RECORD_TYPE_DATA;
    place.value = place.leaf ? entry.offset : static_cast<uint32_t>(record);
    const bool alias = !place.leaf && tree_of_ipv6 && place.value == ipv4_root && !place.within_ipv4();
    if (type != MMDB_RECORD_TYPE_EMPTY && !alias && !place.within_mapped()) {
      stack.push_back(place);
    }
  };
  // A sound tree visits each node once; writers that share equal subtrees may visit some more often.
  uint64_t budget = 2 * uint64_t{metadata_.node_count} + 4096;
  while (!stack.empty()) {
    const Place place = stack.back();
    stack.pop_back();
    if (place.leaf) {
      const bool go_on = (!place.holds_all_ipv4() || visit(net::Prefix(net::Address::from_ipv4(0), 0), place.value)) &&
                         visit(place.prefix(), place.value);
      if (!go_on) {
        return {};
      }
      continue;
    }
    if (budget-- == 0 || place.depth >= 128) {
      return fail(Errc::corrupt, "the search tree has a cycle");
    }
    const auto node = read_node(*mmdb_, place.value);
    if (!node) {
      return std::unexpected(node.error());
    }
    push(place.child(true), node->right_record_type, node->right_record, node->right_record_entry);
    push(place.child(false), node->left_record_type, node->left_record, node->left_record_entry);
  }
  return {};
}

}  // namespace ipguard::enrich
