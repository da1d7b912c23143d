#include "report/distinct.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace ipguard::report {
namespace {

constexpr uint64_t form_bits = 3;
// The smallest may be full; the others are to a quarter free, so that searches stay short.
constexpr size_t most_in_set(DistinctPool::Size size) {
  const size_t length = DistinctPool::words.at(static_cast<size_t>(size));
  return size == DistinctPool::Size::small ? length : length / 4 * 3;
}

// A hash as it is kept: never 0, and without the bits that tell the form.
uint64_t kept(uint64_t hash) { return std::max<uint64_t>(hash & ~form_bits, form_bits + 1); }

// Where a search for it begins.
size_t home(uint64_t kept_hash, size_t set_size) { return (kept_hash >> 8U) & (set_size - 1); }

// True if it was not there. The set has room.
bool put(std::span<uint64_t> set, uint64_t hash) {
  const size_t mask = set.size() - 1;
  for (size_t at = home(hash, set.size());; at = (at + 1) & mask) {
    if (set[at] == hash) {
      return false;
    }
    if (set[at] == 0) {
      set[at] = hash;
      return true;
    }
  }
}

bool holds(std::span<const uint64_t> set, uint64_t hash) {
  const size_t mask = set.size() - 1;
  size_t at = home(hash, set.size());
  for (size_t tried = 0; tried < set.size() && set[at] != 0; ++tried, at = (at + 1) & mask) {
    if (set[at] == hash) {
      return true;
    }
  }
  return false;
}

// Registers are bytes: as many as fit the words.
std::span<uint8_t> registers_of(std::span<uint64_t> words) {
  return {reinterpret_cast<uint8_t*>(words.data()), words.size() * sizeof(uint64_t)};  // NOLINT: bytes of our own
}
std::span<const uint8_t> registers_of(std::span<const uint64_t> words) {
  return {reinterpret_cast<const uint8_t*>(words.data()), words.size() * sizeof(uint64_t)};  // NOLINT: as above
}

void sketch(std::span<uint8_t> registers, uint64_t hash) {
  const auto index_bits = static_cast<unsigned>(std::countr_zero(registers.size()));
  const uint64_t rest = hash << index_bits | uint64_t{1} << (index_bits - 1);
  const auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  uint8_t& reached = registers[hash >> (64U - index_bits)];
  reached = std::max(reached, rank);
}

// What a sketch knows into one of as many registers or fewer: of an index's lowest bits, which are too many there, the
// rank begins.
void raise(std::span<uint8_t> to, std::span<const uint8_t> from) {
  const int extra = std::countr_zero(from.size()) - std::countr_zero(to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 0) {
      const size_t low = i & ((size_t{1} << static_cast<unsigned>(extra)) - 1);
      const int rank = low == 0 ? extra + from[i] : extra - static_cast<int>(std::bit_width(low)) + 1;
      uint8_t& reached = to[i >> static_cast<unsigned>(extra)];
      reached = std::max(reached, static_cast<uint8_t>(rank));
    }
  }
}

double sigma(double x) {
  double y = 1;
  double z = x;
  for (double before = -1; z != before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) {
    return 0;
  }
  double y = 1;
  double z = 1 - x;
  for (double before = -1; z != before;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

// Ertl's algorithm 6.
uint64_t estimate(std::span<const uint8_t> registers) {
  std::array<size_t, 66> histogram{};
  for (const uint8_t reached : registers) {
    ++histogram.at(reached);
  }
  const auto m = static_cast<double>(registers.size());
  if (histogram[0] == registers.size()) {
    return 0;
  }
  const size_t q = 64U - static_cast<size_t>(std::countr_zero(registers.size()));
  double z = m * tau(1 - static_cast<double>(histogram.at(q + 1)) / m);
  for (size_t k = q; k >= 1; --k) {
    z = 0.5 * (z + static_cast<double>(histogram.at(k)));
  }
  z += m * sigma(static_cast<double>(histogram[0]) / m);
  return static_cast<uint64_t>(std::llround(m * m / (2 * std::log(2.0) * z)));
}

}  // namespace

uint64_t hash_of(std::string_view bytes) {
  uint64_t x = std::hash<std::string_view>{}(bytes);
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;  // splitmix64's mix: all bits depend on all
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

uint32_t DistinctPool::allocate(Size size) {
  Class& blocks = classes_[static_cast<size_t>(size)];
  const size_t length = words[static_cast<size_t>(size)];
  bytes_ += length * sizeof(uint64_t);
  large_bytes_ += size > Size::large ? length * sizeof(uint64_t) : 0;
  if (!blocks.free.empty()) {
    const uint32_t block = blocks.free.back();
    blocks.free.pop_back();
    if (length >= words_a_chunk) {
      blocks.chunks[block] = std::make_unique<uint64_t[]>(length);  // NOLINT(modernize-avoid-c-arrays)
    } else {
      std::ranges::fill(at(size, block), 0);
    }
    return block;
  }
  if (blocks.used % blocks_a_chunk(length) == 0) {
    blocks.chunks.push_back(
        std::make_unique<uint64_t[]>(std::max(length, words_a_chunk)));  // NOLINT(modernize-avoid-c-arrays)
  }
  return blocks.used++;
}

void DistinctPool::release(Size size, uint32_t block) {
  const size_t length = words[static_cast<size_t>(size)];
  Class& blocks = classes_[static_cast<size_t>(size)];
  bytes_ -= length * sizeof(uint64_t);
  large_bytes_ -= size > Size::large ? length * sizeof(uint64_t) : 0;
  blocks.free.push_back(block);
  if (length >= words_a_chunk) {
    blocks.chunks[block].reset();
  }
}

bool DistinctPool::has_room(Size size, Size present) const {
  const auto bytes_of = [](Size each) { return words[static_cast<size_t>(each)] * sizeof(uint64_t); };
  return size > Size::large ? !thrifty_ && bytes_ - bytes_of(present) + bytes_of(size) <= room_ : !thrifty();
}

DistinctPool::Size DistinctPool::largest() const {
  size_t size = words.size() - 1;
  while (size > static_cast<size_t>(Size::large) && classes_[size].used == classes_[size].free.size()) {
    --size;
  }
  return static_cast<Size>(size);
}

std::span<uint64_t> DistinctPool::at(Size size, uint32_t block) {
  const size_t length = words[static_cast<size_t>(size)];
  const size_t a_chunk = blocks_a_chunk(length);
  auto& chunk = classes_[static_cast<size_t>(size)].chunks[block / a_chunk];
  return {chunk.get() + (block % a_chunk) * length, length};
}

std::span<const uint64_t> DistinctPool::at(Size size, uint32_t block) const {
  return const_cast<DistinctPool*>(this)->at(size, block);  // NOLINT: it changes nothing
}

bool Distinct::insert(uint64_t hash, DistinctPool& pool) {
  switch (form()) {
    case Form::empty:
      bits_ = kept(hash) | static_cast<uint64_t>(Form::single);
      return true;
    case Form::single: {
      const uint64_t first = bits_ & ~form_bits;
      if (first == kept(hash)) {
        return false;
      }
      const uint32_t block = pool.allocate(DistinctPool::Size::small);
      set(Form::set, DistinctPool::Size::small, block, 1);
      put(pool.at(DistinctPool::Size::small, block), first);
      return insert_in_set(hash, pool);
    }
    case Form::set:
      return insert_in_set(hash, pool);
    case Form::sketch:
      sketch(registers_of(pool.at(size(), block())), kept(hash));
      break;  // whether it is new, a sketch does not tell
  }
  return true;
}

void Distinct::prepare(uint64_t hash, const DistinctPool& pool) const {
  if (form() == Form::set) {
    const auto blocks = pool.at(size(), block());
    __builtin_prefetch(&blocks[home(kept(hash), blocks.size())], 1);
  }
}

bool Distinct::insert_in_set(uint64_t hash, DistinctPool& pool) {
  const auto blocks = pool.at(size(), block());
  if (held() >= most_in_set(size())) {
    if (holds(blocks, kept(hash))) {
      return false;
    }
    grow(pool);
    return insert(hash, pool);
  }
  if (!put(blocks, kept(hash))) {
    return false;
  }
  set(Form::set, size(), block(), held() + 1);
  return true;
}

// A full set becomes a larger one, or a sketch: the largest of the room that there is.
void Distinct::grow(DistinctPool& pool) {
  const auto before = size();
  const uint32_t old_block = block();
  const auto old = pool.at(before, old_block);
  const std::vector<uint64_t> hashes(old.begin(), old.end());
  constexpr auto large = DistinctPool::Size::large;
  const bool largest = static_cast<size_t>(before) + 1 == DistinctPool::words.size();
  const auto next = largest ? before : static_cast<DistinctPool::Size>(static_cast<uint8_t>(before) + 1);
  const bool sketched = largest || !pool.has_room(next, before);
  const DistinctPool::Size after = sketched ? std::min(before, large) : next;
  pool.release(before, old_block);
  const uint32_t fresh = pool.allocate(after);
  const size_t count = held();
  set(sketched ? Form::sketch : Form::set, after, fresh, sketched ? 0 : count);
  for (const uint64_t hash : hashes) {
    if (hash != 0) {
      if (sketched) {
        sketch(registers_of(pool.at(after, fresh)), hash);
      } else {
        put(pool.at(after, fresh), hash);
      }
    }
  }
}

void Distinct::merge(const Distinct& other, const DistinctPool& from, DistinctPool& pool) {
  switch (other.form()) {
    case Form::empty:
      return;
    case Form::single:
      insert(other.bits_ & ~form_bits, pool);
      return;
    case Form::set:
      for (const uint64_t hash : from.at(other.size(), other.block())) {
        if (hash != 0) {
          insert(hash, pool);
        }
      }
      return;
    case Form::sketch:
      break;
  }
  become_sketch(other.size(), pool);
  const auto theirs = registers_of(from.at(other.size(), other.block()));
  raise(registers_of(pool.at(size(), block())), theirs);
}

void Distinct::become_sketch(DistinctPool::Size wanted, DistinctPool& pool) {
  if (form() == Form::sketch && size() <= wanted) {
    return;
  }
  const Distinct before = *this;
  const uint32_t fresh = pool.allocate(wanted);
  set(Form::sketch, wanted, fresh, 0);
  if (before.form() == Form::sketch) {
    raise(registers_of(pool.at(wanted, fresh)), registers_of(std::as_const(pool).at(before.size(), before.block())));
  } else if (before.form() == Form::set) {
    for (const uint64_t hash : pool.at(before.size(), before.block())) {
      if (hash != 0) {
        sketch(registers_of(pool.at(wanted, fresh)), hash);
      }
    }
  } else if (before.form() == Form::single) {
    sketch(registers_of(pool.at(wanted, fresh)), before.bits_ & ~form_bits);
  }
  Distinct(before).clear(pool);
}

void Distinct::estimate_set_of(DistinctPool::Size wanted, DistinctPool& pool) {
  if (form() == Form::set && size() == wanted) {
    become_sketch(std::min(wanted, DistinctPool::Size::large), pool);
  }
}

uint64_t Distinct::count(const DistinctPool& pool) const {
  switch (form()) {
    case Form::empty:
      return 0;
    case Form::single:
      return 1;
    case Form::set:
      return held();
    case Form::sketch:
      return estimate(registers_of(pool.at(size(), block())));
  }
  return 0;
}

double Distinct::error() const {
  constexpr double of_one_register = 1.04;
  return form() == Form::sketch
             ? of_one_register / std::sqrt(DistinctPool::words[static_cast<size_t>(size())] * sizeof(uint64_t))
             : 0;
}

void Distinct::clear(DistinctPool& pool) {
  if (form() == Form::set || form() == Form::sketch) {
    pool.release(size(), block());
  }
  bits_ = 0;
}

}  // namespace ipguard::report
