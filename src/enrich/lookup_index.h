// LookupIndex: the search tree of one database, rearranged for many look-ups.
//
// The first 16 bits of an address are an index into a table; each node below decides eight bits. Of a node's 256
// places those that follow each other with the same answer are kept once: a bitmap marks where an answer begins, and
// counting its bits up to a place gives the answer's index (the idea of poptrie, Asai and Ohara, SIGCOMM 2015). So a
// look-up touches two cache lines for each node on its way, mostly one node for IPv4 and three to five for IPv6,
// where the tree of bits takes 20 to 50 steps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "enrich/mmdb.h"
#include "net/address.h"

namespace ipguard::enrich {

// Immutable once built; may be asked from several threads. Needs the database only while it is built.
class LookupIndex {
 public:
  static constexpr uint32_t no_record = 0;
  struct Leaf {
    uint32_t record = no_record;  // number of the record, from 1
    uint8_t length = 0;           // of the network, in bits of the family
  };

  // Errc::corrupt for a damaged tree, one with cycles or one with more than 2^26 records.
  [[nodiscard]] static Result<LookupIndex> build(const Mmdb& mmdb);

  // Exactly what Mmdb::find() says.
  [[nodiscard]] Leaf find(const net::Address& address) const;
  // The same of many, several times as fast: while one waits for memory, the others go on. `leaves` is as long.
  void find(std::span<const net::Address> addresses, std::span<Leaf> leaves) const;
  // The data offset of record `number` of a leaf.
  [[nodiscard]] uint32_t offset_of(uint32_t number) const { return records_[number - 1]; }
  [[nodiscard]] size_t record_count() const { return records_.size(); }
  [[nodiscard]] size_t memory_bytes() const;

 private:
  class Builder;
  // An answer: the number of a node (with node_flag), or a leaf: how many bits of the node's (or of the 16) its network
  // has, shifted, and the number of its record.
  using Entry = uint32_t;
  static constexpr Entry node_flag = 1U << 31U;
  static constexpr unsigned bits_shift = 26;
  static constexpr Entry record_mask = (1U << bits_shift) - 1;
  static constexpr unsigned root_bits = 16;
  static constexpr unsigned node_bits = 8;

  struct alignas(64) Node {            // one cache line
    std::array<uint64_t, 4> begins{};  // bit i: another answer than that of place i - 1 begins; bit 0 is set
    uint32_t first = 0;                // of its answers in entries_
    std::array<uint8_t, 4> before{};   // answers that begin before each word
  };
  // A look-up on its way down.
  struct Step {
    Entry entry = 0;
    uint8_t next = 0;     // byte of the address
    uint8_t length = 0;   // bits above the entry's node
    uint32_t answer = 0;  // index in entries_ that comes next
  };
  [[nodiscard]] Step begin(const net::Address& address) const;
  // The index of the answer for `place`.
  [[nodiscard]] uint32_t answer_index(Entry node, uint8_t place) const;
  void take(Step& step) const;
  [[nodiscard]] static Leaf leaf_of(const Step& step);
  void find_block(std::span<const net::Address> addresses, std::span<Leaf> leaves) const;

  std::vector<Entry> root4_;  // 2^16 each
  std::vector<Entry> root6_;
  std::vector<Node> nodes_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> records_;
};

}  // namespace ipguard::enrich
