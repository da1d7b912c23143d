// RouteReader: route, AS and country of many addresses, one after the other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "enrich/route_table.h"
#include "model/route.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enrich {

// Says what RouteTable::lookup() says, faster: what records mean is read once and kept, and when as many look-ups were
// asked for as make up for it, the table's look-up indexes are built (RouteTable::index_lookups()). Used by one thread;
// several may share the table. Keeps about 300 bytes a record met: 40 MB for all of a full database.
class RouteReader {
 public:
  enum class Indexing : uint8_t {
    when_warranted,  // find() builds the indexes itself: it stands still for the time that takes
    by_others,       // find() uses them as soon as somebody has built them; warranted() tells that it is time to
  };
  struct Answer {
    uint32_t facts = 0;    // number of what is known, for facts(); the same number, the same facts
    uint32_t asn = 0;      // 0 = none
    uint16_t country = 0;  // model::Country::number(), 0 = none
    bool found = false;
    uint8_t length = 0;  // of the route, in bits of the address's family

    [[nodiscard]] net::Prefix route(const net::Address& address) const { return {address, length}; }
  };

  explicit RouteReader(std::shared_ptr<const RouteTable> table, Indexing indexing = Indexing::when_warranted);

  [[nodiscard]] Answer find(const net::Address& address) {
    return lookups_.size() == 1 ? find_indexed(address) : find_slowly(address);
  }
  // The same of many at once, several times as fast where the indexes are there. `answers` is as long.
  void find(std::span<const net::Address> addresses, std::span<Answer> answers);
  // Everything but the prefix, which differs. Valid as long as the reader.
  [[nodiscard]] const model::Route& facts(uint32_t number) const { return facts_[number].route; }
  // See RouteTable::further_fields().
  [[nodiscard]] const RecordFields& further_fields(uint32_t number) const { return facts_[number].further; }
  // Facts are numbered from 0; this many are known by now.
  [[nodiscard]] size_t fact_count() const { return facts_.size(); }
  // So many look-ups are going to follow: if they make up for it, the indexes are built at once (when_warranted).
  void expect(uint64_t lookups);
  // A look-up that the table was asked for past the reader: it would be faster with the indexes, too.
  void count_lookup() { ++slow_; }
  [[nodiscard]] bool warranted() const { return slow_ >= worthwhile_ && table_->lookup_indexes().empty(); }
  [[nodiscard]] const RouteTable& table() const { return *table_; }

 private:
  // What one database says of an address.
  struct Part {
    static constexpr uint32_t no_record = UINT32_MAX;
    static constexpr uint32_t damaged = UINT32_MAX - 1;
    uint32_t record = damaged;  // offset
    uint8_t length = 0;
  };
  struct Facts {
    model::Route route;
    RecordFields further;
    std::vector<bool> gave;  // by database: has facts of use; the first one that has a record counts in any case
    bool unreadable = false;
  };
  struct Hash {
    size_t operator()(const std::vector<uint32_t>& records) const;
  };

  [[nodiscard]] Answer find_indexed(const net::Address& address);
  [[nodiscard]] Answer answer_to(const LookupIndex::Leaf& leaf, const net::Address& address);
  [[nodiscard]] Answer find_slowly(const net::Address& address);
  void adopt_indexes();
  [[nodiscard]] Part part_of(size_t database, const net::Address& address) const;
  [[nodiscard]] uint32_t facts_of(const std::vector<uint32_t>& records);
  [[nodiscard]] uint8_t length_of(const Facts& facts, const net::Address& address) const;
  [[nodiscard]] Answer answer(uint32_t number, uint8_t length) const;

  // What answers need, apart from the texts: it stays in the cache.
  struct Brief {
    uint32_t asn = 0;
    uint16_t country = 0;
    bool found = false;
    bool unreadable = false;
  };

  std::shared_ptr<const RouteTable> table_;
  Indexing indexing_;
  std::span<const LookupIndex> lookups_;   // of the table, once they are there
  uint64_t worthwhile_ = 0;                // look-ups that take as long as building the indexes
  uint64_t slow_ = 0;                      // made without
  std::vector<LookupIndex::Leaf> leaves_;  // scratch of find() of many
  std::vector<Part> parts_;                // scratch, one a database
  std::vector<uint32_t> records_;
  std::unordered_map<std::vector<uint32_t>, uint32_t, Hash> numbers_;  // of the facts that records make together
  std::vector<uint32_t> by_record_;  // one indexed database: facts by the index's record number; 0 = not yet read
  std::deque<Facts> facts_;
  std::vector<Brief> briefs_;
};

}  // namespace ipguard::enrich
