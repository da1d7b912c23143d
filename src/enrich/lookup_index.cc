#include "enrich/lookup_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

// Counting bits takes one instruction on every x86-64 of the last fifteen years, and a function call without it. (Which one
// it is, is decided before a sanitizer's library is ready to be called.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define IPGUARD_WITH_POPCNT __attribute__((target_clones("popcnt", "default")))
#else
#define IPGUARD_WITH_POPCNT
#endif

namespace ipguard::enrich {
namespace {

// Bytes 8 to 11 of an IPv4 address in Address (::ffff:0:0/96), in memory order.
constexpr uint32_t mapped_middle = std::endian::native == std::endian::little ? 0xffff0000U : 0xffffU;
// As many look-ups on their way together as a core has misses in flight, or twice that.
constexpr size_t block_size = 32;

}  // namespace

class LookupIndex::Builder {
 public:
  Builder(const Mmdb& mmdb, LookupIndex& index)
      : mmdb_(mmdb), index_(index), known_(mmdb.metadata().node_count), budget_(2 * uint64_t{known_.size()} + 4096) {}

  Result<> build() {
    for (const auto& [family, root] :
         {std::pair{net::Family::ipv4, &index_.root4_}, std::pair{net::Family::ipv6, &index_.root6_}}) {
      root->resize(size_t{1} << root_bits);
      if (auto filled = fill(mmdb_.root(family), *root, 0, net::address_bits(family) - root_bits); !filled) {
        return filled;
      }
    }
    index_.nodes_.shrink_to_fit();
    index_.entries_.shrink_to_fit();
    index_.records_.shrink_to_fit();
    return {};
  }

 private:
  // Writes what `branch` leads to into all of `places`; `bits` of the node's bits lead to it, and below its last bit
  // `below` bits of the address are left.
  Result<> fill(const Branch& branch, std::span<Entry> places, unsigned bits, unsigned below) {
    if (branch.kind != Branch::Kind::node) {
      auto entry = leaf(branch, bits);
      if (!entry) {
        return std::unexpected(std::move(entry.error()));
      }
      std::ranges::fill(places, *entry);
      return {};
    }
    if (places.size() == 1) {
      auto node = node_of(branch.value, below);
      if (!node) {
        return std::unexpected(std::move(node.error()));
      }
      places.front() = *node;
      return {};
    }
    // A sound tree has each node once; writers that share equal subtrees may have some more often.
    if (budget_-- == 0) {
      return fail(Errc::corrupt, mmdb_.path() + ": the search tree has a cycle");
    }
    const auto halves = mmdb_.branches(branch.value);
    if (!halves) {
      return std::unexpected(halves.error());
    }
    const size_t half = places.size() / 2;
    if (auto filled = fill((*halves)[0], places.first(half), bits + 1, below); !filled) {
      return filled;
    }
    return fill((*halves)[1], places.last(half), bits + 1, below);
  }

  Result<Entry> leaf(const Branch& branch, unsigned bits) {
    uint32_t number = no_record;
    if (branch.kind == Branch::Kind::record) {
      const auto [known, is_new] =
          numbers_.try_emplace(branch.value, static_cast<uint32_t>(index_.records_.size() + 1));
      number = known->second;
      if (number > record_mask) {
        return fail(Errc::corrupt, mmdb_.path() + ": more than " + std::to_string(record_mask) + " records");
      }
      if (is_new) {
        index_.records_.push_back(branch.value);
      }
    }
    return bits << bits_shift | number;
  }

  // The index's node for the eight bits below the tree's node `number`. Where the tree leads to one node from several
  // places (the aliases of IPv4), so does the index: nothing in a node depends on where it hangs.
  Result<Entry> node_of(uint32_t number, unsigned below) {
    if (known_[number] != 0) {
      return known_[number];
    }
    if (below < node_bits) {
      return fail(Errc::corrupt, mmdb_.path() + ": the search tree is deeper than an address is long");
    }
    std::array<Entry, size_t{1} << node_bits> places{};
    if (auto filled = fill({.kind = Branch::Kind::node, .value = number}, places, 0, below - node_bits); !filled) {
      return std::unexpected(std::move(filled.error()));
    }
    Node node{.first = static_cast<uint32_t>(index_.entries_.size())};
    for (size_t i = 0; i < places.size(); ++i) {
      if (i % 64 == 0) {
        node.before.at(i / 64) = static_cast<uint8_t>(index_.entries_.size() - node.first);
      }
      if (i == 0 || places.at(i) != places.at(i - 1)) {
        node.begins.at(i / 64) |= uint64_t{1} << (i % 64);
        index_.entries_.push_back(places.at(i));
      }
    }
    known_[number] = node_flag | static_cast<Entry>(index_.nodes_.size());
    index_.nodes_.push_back(node);
    return known_[number];
  }

  const Mmdb& mmdb_;
  LookupIndex& index_;
  std::vector<Entry> known_;  // by number of the tree's node; 0 = none yet
  std::unordered_map<uint32_t, uint32_t> numbers_;
  uint64_t budget_;
};

Result<LookupIndex> LookupIndex::build(const Mmdb& mmdb) {
  LookupIndex index;
  if (auto built = Builder(mmdb, index).build(); !built) {
    return std::unexpected(std::move(built.error()));
  }
  return index;
}

inline LookupIndex::Step LookupIndex::begin(const net::Address& address) const {
  const auto& bytes = address.bytes();
  // Address::is_ipv4(), without looking at each byte by itself.
  uint64_t high = 0;
  uint32_t middle = 0;
  std::memcpy(&high, bytes.data(), sizeof high);
  std::memcpy(&middle, bytes.data() + sizeof high, sizeof middle);
  const bool is_ipv4 = high == 0 && middle == mapped_middle;
  const uint8_t next = is_ipv4 ? 12 : 0;
  const size_t place = static_cast<size_t>(bytes[next] << 8U | bytes[next + 1U]);
  return {.entry = (is_ipv4 ? root4_ : root6_)[place], .next = static_cast<uint8_t>(next + 2U)};
}

inline uint32_t LookupIndex::answer_index(Entry node, uint8_t place) const {
  const Node& found = nodes_[node & ~node_flag];
  const size_t word = place / 64U;
  const auto begun = static_cast<uint32_t>(std::popcount(found.begins[word] & (~uint64_t{0} >> (63U - place % 64U))));
  return found.first + found.before[word] + begun - 1;
}

inline void LookupIndex::take(Step& step) const {
  step.length = step.length == 0 ? root_bits : static_cast<uint8_t>(step.length + node_bits);
  step.entry = entries_[step.answer];
  ++step.next;
}

inline LookupIndex::Leaf LookupIndex::leaf_of(const Step& step) {
  if ((step.entry & node_flag) != 0) {
    return {};  // an alias that leads deeper than an address is long
  }
  return {.record = step.entry & record_mask, .length = static_cast<uint8_t>(step.length + (step.entry >> bits_shift))};
}

IPGUARD_WITH_POPCNT
LookupIndex::Leaf LookupIndex::find(const net::Address& address) const {
  Step step = begin(address);
  while ((step.entry & node_flag) != 0 && step.next < address.bytes().size()) {
    step.answer = answer_index(step.entry, address.bytes()[step.next]);
    take(step);
  }
  return leaf_of(step);
}

// All of a block go down a node together, in two rounds: each asks for the memory that the next one reads.
IPGUARD_WITH_POPCNT
void LookupIndex::find_block(std::span<const net::Address> addresses, std::span<Leaf> leaves) const {
  std::array<Step, block_size> steps;
  std::array<uint8_t, block_size> active;  // those not at a leaf yet
  size_t count = 0;
  for (size_t i = 0; i < addresses.size(); ++i) {
    steps[i] = begin(addresses[i]);
    active[count] = static_cast<uint8_t>(i);
    if ((steps[i].entry & node_flag) != 0) {
      __builtin_prefetch(&nodes_[steps[i].entry & ~node_flag]);
      ++count;
    }
  }
  while (count > 0) {
    for (size_t i = 0; i < count; ++i) {
      Step& step = steps[active[i]];
      step.answer = answer_index(step.entry, addresses[active[i]].bytes()[step.next]);
      __builtin_prefetch(&entries_[step.answer]);
    }
    size_t left = 0;
    for (size_t i = 0; i < count; ++i) {
      Step& step = steps[active[i]];
      take(step);
      active[left] = active[i];
      if ((step.entry & node_flag) != 0 && step.next < addresses.front().bytes().size()) {
        __builtin_prefetch(&nodes_[step.entry & ~node_flag]);
        ++left;
      }
    }
    count = left;
  }
  for (size_t i = 0; i < addresses.size(); ++i) {
    leaves[i] = leaf_of(steps[i]);
  }
}

void LookupIndex::find(std::span<const net::Address> addresses, std::span<Leaf> leaves) const {
  for (size_t from = 0; from < addresses.size(); from += block_size) {
    const size_t count = std::min(block_size, addresses.size() - from);
    find_block(addresses.subspan(from, count), leaves.subspan(from, count));
  }
}

size_t LookupIndex::memory_bytes() const {
  return (root4_.capacity() + root6_.capacity() + entries_.capacity()) * sizeof(Entry) +
         nodes_.capacity() * sizeof(Node) + records_.capacity() * sizeof(uint32_t);
}

}  // namespace ipguard::enrich
