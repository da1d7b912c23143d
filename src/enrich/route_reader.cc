#include "enrich/route_reader.h"

#include <algorithm>
#include <utility>

#include "enrich/route_table_impl.h"
#include "enrich/schema.h"

namespace ipguard::enrich {

size_t RouteReader::Hash::operator()(const std::vector<uint32_t>& records) const {
  uint64_t hash = 0;
  for (const uint32_t record : records) {
    hash = (hash ^ record) * 0x9e3779b97f4a7c15ULL;  // Fibonacci hashing
    hash ^= hash >> 32U;
  }
  return hash;
}

RouteReader::RouteReader(std::shared_ptr<const RouteTable> table, Indexing indexing)
    : table_(std::move(table)), indexing_(indexing), parts_(table_->impl_->databases.size()), records_(parts_.size()) {
  // Number 0 is what is known of an address in no database.
  facts_.emplace_back();
  briefs_.emplace_back();
  numbers_.emplace(std::vector<uint32_t>(parts_.size(), Part::no_record), 0);
  // Building reads every node of the tree once; a look-up without takes some twenty, and costs as much as eight of
  // those.
  constexpr uint64_t nodes_a_lookup = 8;
  for (const auto& mmdb : table_->impl_->databases) {
    worthwhile_ += mmdb->metadata().node_count / nodes_a_lookup;
  }
  adopt_indexes();
}

void RouteReader::adopt_indexes() {
  lookups_ = table_->lookup_indexes();
  if (lookups_.size() == 1) {
    by_record_.resize(lookups_.front().record_count() + 1);
  }
}

void RouteReader::expect(uint64_t lookups) {
  if (indexing_ == Indexing::when_warranted && lookups_.empty() && slow_ + lookups >= worthwhile_) {
    table_->index_lookups();
    adopt_indexes();
  }
}

RouteReader::Answer RouteReader::answer(uint32_t number, uint8_t length) const {
  const Brief& brief = briefs_[number];
  return {.facts = number, .asn = brief.asn, .country = brief.country, .found = brief.found, .length = length};
}

RouteReader::Answer RouteReader::find_indexed(const net::Address& address) {
  return answer_to(lookups_.front().find(address), address);
}

void RouteReader::find(std::span<const net::Address> addresses, std::span<Answer> answers) {
  size_t i = 0;
  for (; i < addresses.size() && lookups_.size() != 1; ++i) {
    answers[i] = find_slowly(addresses[i]);
  }
  const auto rest = addresses.subspan(i);
  if (rest.empty()) {
    return;
  }
  leaves_.resize(std::max(leaves_.size(), rest.size()));
  lookups_.front().find(rest, leaves_);
  for (size_t k = 0; k < rest.size(); ++k) {
    answers[i + k] = answer_to(leaves_[k], rest[k]);
  }
}

inline RouteReader::Answer RouteReader::answer_to(const LookupIndex::Leaf& leaf, const net::Address& address) {
  if (leaf.record == LookupIndex::no_record) {
    return answer(0, leaf.length);
  }
  uint32_t& number = by_record_[leaf.record];
  if (number == 0) {
    records_.front() = lookups_.front().offset_of(leaf.record);
    number = facts_of(records_);
  }
  return answer(number, briefs_[number].unreadable ? static_cast<uint8_t>(address.bits()) : leaf.length);
}

RouteReader::Part RouteReader::part_of(size_t database, const net::Address& address) const {
  if (!lookups_.empty()) {
    const auto leaf = lookups_[database].find(address);
    return {
        .record = leaf.record == LookupIndex::no_record ? Part::no_record : lookups_[database].offset_of(leaf.record),
        .length = leaf.length};
  }
  std::optional<net::Prefix> network;
  const auto record = table_->impl_->find(*table_->impl_->databases[database], address, network);
  if (!network) {
    return {};
  }
  return {.record = record.value_or(Part::no_record), .length = static_cast<uint8_t>(network->length())};
}

RouteReader::Answer RouteReader::find_slowly(const net::Address& address) {
  if (lookups_.empty()) {
    if (slow_++ == worthwhile_ && indexing_ == Indexing::when_warranted) {
      table_->index_lookups();
    }
    adopt_indexes();
    if (lookups_.size() == 1) {
      return find_indexed(address);
    }
  }
  for (size_t i = 0; i < parts_.size(); ++i) {
    parts_[i] = part_of(i, address);
    records_[i] = parts_[i].record;
  }
  const uint32_t number = facts_of(records_);
  return answer(number, length_of(facts_[number], address));
}

// See RouteTable::lookup(): the longest route of those that gave something, or the first empty network.
uint8_t RouteReader::length_of(const Facts& facts, const net::Address& address) const {
  std::optional<uint8_t> length;
  std::optional<uint8_t> empty;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].record == Part::no_record) {
      if (!empty || *empty == 0) {
        empty = parts_[i].length;
      }
    } else if (!facts.gave.empty() && facts.gave[i] && (!length || parts_[i].length > *length)) {
      length = parts_[i].length;
    }
  }
  if (!facts.route.found) {
    return empty.value_or(static_cast<uint8_t>(address.bits()));
  }
  return length.value_or(0);
}

uint32_t RouteReader::facts_of(const std::vector<uint32_t>& records) {
  const auto [known, is_new] = numbers_.try_emplace(records, static_cast<uint32_t>(facts_.size()));
  if (!is_new) {
    return known->second;
  }
  Facts& facts = facts_.emplace_back();
  facts.gave.resize(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    if (records[i] == Part::no_record || records[i] == Part::damaged) {
      continue;
    }
    const Mmdb& mmdb = *table_->impl_->databases[i];
    const auto more = read_facts(mmdb, records[i], &facts.further);
    if (!more) {
      table_->impl_->note_damage(mmdb, more.error());
      facts.unreadable = true;
      continue;
    }
    const bool gave_something = complete(facts.route, *more);
    facts.gave[i] = gave_something || !facts.route.found;
    facts.route.found = true;
  }
  const auto country = model::Country::parse(facts.route.country_code);
  briefs_.push_back({.asn = facts.route.asn ? facts.route.asn->number : 0,
                     .country = static_cast<uint16_t>(country ? country->number() : 0),
                     .found = facts.route.found,
                     .unreadable = facts.unreadable});
  return known->second;
}

}  // namespace ipguard::enrich
