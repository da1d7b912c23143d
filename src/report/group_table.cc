#include "report/group_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

namespace ipguard::report {
namespace {

constexpr size_t first_slots = 64;

uint32_t capped(uint64_t number) {
  return static_cast<uint32_t>(std::min<uint64_t>(number, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

GroupTable::GroupTable(bool counts_distinct, DistinctPool& pool)
    : pool_(pool), counts_distinct_(counts_distinct), slots_(first_slots, 0) {}

GroupTable::~GroupTable() = default;

GroupTable::Touched GroupTable::add(std::string_view key, TimePoint time, bool attack) {
  key = key.substr(0, longest_key);
  const auto touched = find_or_append(key, static_cast<uint32_t>(hash_of(key) >> 32U));
  Group& group = touched.group;
  if (touched.is_new) {
    group.hits = most_unseen_;
    group.error = capped(most_unseen_);
    group.attacks = most_unseen_attacks_;
    group.first = time;
    group.last = time;
  }
  count(group, time, attack);
  return touched;
}

GroupTable::Touched GroupTable::find_or_append(std::string_view key, uint32_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Group& group = at(slots_[slot] - 1);
    if (group.hash == hash && key_of(group) == key) {
      return {.group = group, .number = slots_[slot] - 1, .is_new = false};
    }
  }
  slots_[slot] = size_ + 1;
  Group& group = append(key, hash);
  if (size_ > slots_.size() / 4 * 3) {
    index_all(slots_.size() * 2);
  }
  return {.group = group, .number = size_ - 1, .is_new = true};
}

Group& GroupTable::append(std::string_view key, uint32_t hash) {
  if (size_ == groups_.size() * groups_a_block) {
    groups_.push_back(std::make_unique<GroupBlock>());
    if (counts_distinct_) {
      counts_.push_back(std::make_unique<CountBlock>());
    }
  }
  Group& group = at(size_++);
  group = {.hash = hash, .key = store_key(key), .key_length = static_cast<uint16_t>(key.size())};
  return group;
}

// A key lies in one block.
uint32_t GroupTable::store_key(std::string_view key) {
  if (key_end_ % key_block + key.size() > key_block) {
    key_end_ += static_cast<uint32_t>(key_block - key_end_ % key_block);
  }
  while (keys_.size() * key_block < key_end_ + key.size()) {
    keys_.push_back(std::make_unique<KeyBlock>());
  }
  if (!key.empty()) {
    std::memcpy(keys_[key_end_ / key_block]->data() + key_end_ % key_block, key.data(), key.size());
  }
  return std::exchange(key_end_, key_end_ + static_cast<uint32_t>(key.size()));
}

std::string_view GroupTable::key_of(const Group& group) const {
  return group.key_length == 0
             ? std::string_view{}
             : std::string_view(keys_[group.key / key_block]->data() + group.key % key_block, group.key_length);
}

void GroupTable::index_all(size_t slots) {
  slots_.assign(slots, 0);
  const size_t mask = slots - 1;
  for (uint32_t i = 0; i < size_; ++i) {
    size_t slot = at(i).hash & mask;
    while (slots_[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    slots_[slot] = i + 1;
  }
}

// A group that is in one of the tables only may have had as many hits in the other as that one has let go of.
void GroupTable::merge(const GroupTable& other, const std::function<uint32_t(uint32_t)>& facts_of) {
  const uint64_t unseen_there = other.most_unseen_;
  const uint64_t attacks_there = other.most_unseen_attacks_;
  for (uint32_t i = 0; unseen_there > 0 && i < size_; ++i) {
    at(i).hits += unseen_there;
    at(i).error = capped(at(i).error + unseen_there);
    at(i).attacks = capped(at(i).attacks + attacks_there);
  }
  const uint64_t unseen_here = std::exchange(most_unseen_, most_unseen_ + unseen_there);
  const uint64_t attacks_here = std::exchange(most_unseen_attacks_, capped(most_unseen_attacks_ + attacks_there));
  for (uint32_t i = 0; i < other.size_; ++i) {
    const Group& theirs = other.at(i);
    const auto touched = find_or_append(other.key_of(theirs), theirs.hash);
    Group& mine = touched.group;
    if (touched.is_new) {
      mine.length = theirs.length;
      mine.facts = facts_of(theirs.facts);
      mine.hits = unseen_here + unseen_there;
      mine.error = capped(unseen_here + unseen_there);
      mine.first = theirs.first;
      mine.last = theirs.last;
    }
    mine.hits += theirs.hits - unseen_there;
    mine.error = capped(mine.error + uint64_t{theirs.error} - std::min<uint64_t>(theirs.error, unseen_there));
    const uint64_t attacks =
        touched.is_new ? attacks_here : mine.attacks - std::min<uint64_t>(mine.attacks, attacks_there);
    mine.attacks = capped(attacks + theirs.attacks);
    mine.first = std::min(mine.first, theirs.first);
    mine.last = std::max(mine.last, theirs.last);
    if (counts_distinct_) {
      const DistinctCounts& from = other.counts_of(i);
      DistinctCounts& to = counts_of(touched.number);
      to.addresses.merge(from.addresses, other.pool_, pool_);
      to.routes.merge(from.routes, other.pool_, pool_);
      to.asns.merge(from.asns, other.pool_, pool_);
    }
  }
}

void GroupTable::estimate_sets_of(DistinctPool::Size size) {
  for (uint32_t i = 0; counts_distinct_ && i < size_; ++i) {
    DistinctCounts& counts = counts_of(i);
    counts.addresses.estimate_set_of(size, pool_);
    counts.routes.estimate_set_of(size, pool_);
    counts.asns.estimate_set_of(size, pool_);
  }
}

void GroupTable::shrink() {
  const uint32_t before = size_;
  const uint32_t left = before / 2;
  std::vector<uint32_t> order(before);
  std::iota(order.begin(), order.end(), 0U);
  // By number among equals, so that the result is the same in every run.
  const auto ahead = [this](uint32_t a, uint32_t b) {
    return at(a).hits != at(b).hits ? at(a).hits > at(b).hits : a < b;
  };
  std::ranges::nth_element(order, order.begin() + left, ahead);
  for (uint32_t i = left; i < before; ++i) {
    most_unseen_ = std::max(most_unseen_, at(order[i]).hits);
    most_unseen_attacks_ = std::max(most_unseen_attacks_, at(order[i]).attacks);
    if (counts_distinct_) {
      auto& counts = counts_of(order[i]);
      counts.addresses.clear(pool_);
      counts.routes.clear(pool_);
      counts.asns.clear(pool_);
    }
  }
  order.resize(left);
  std::ranges::sort(order);
  auto old_keys = std::exchange(keys_, {});
  key_end_ = 0;
  for (uint32_t i = 0; i < left; ++i) {  // order[i] >= i: nothing is overwritten that is still to be moved
    Group group = at(order[i]);
    if (group.key_length > 0) {
      group.key = store_key({old_keys[group.key / key_block]->data() + group.key % key_block, group.key_length});
    }
    at(i) = group;
    if (counts_distinct_ && order[i] != i) {
      counts_of(i) = std::exchange(counts_of(order[i]), {});
    }
  }
  size_ = left;
  groups_.resize((left + groups_a_block - 1) / groups_a_block);
  counts_.resize(counts_distinct_ ? groups_.size() : 0);
  const size_t slots = std::max(first_slots, std::bit_ceil(size_t{left} * 2));
  slots_ = std::vector<uint32_t>();  // its memory, too
  index_all(slots);
}

size_t GroupTable::bytes() const {
  return slots_.size() * sizeof(uint32_t) + groups_.size() * sizeof(GroupBlock) + counts_.size() * sizeof(CountBlock) +
         keys_.size() * sizeof(KeyBlock);
}

}  // namespace ipguard::report
