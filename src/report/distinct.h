// Distinct: how many different things were seen, for hundreds of thousands of groups at once. Exact while there are few
// of them, estimated by HyperLogLog above (Flajolet and others, 2007; the estimator is Ertl's, "New cardinality
// estimation algorithms for HyperLogLog sketches", 2017, which needs no table of corrections).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ipguard::report {

// A well mixed hash of any bytes, the same in every run.
[[nodiscard]] uint64_t hash_of(std::string_view bytes);

// The blocks that counters of one report keep their hashes in. While there is room, sets grow. Then the pool is
// thrifty: who has seen more than a few things goes on in the smallest sketch, which needs no more room. Used by one
// thread.
class DistinctPool {
 public:
  // Of the sketches `large` is the largest: one byte for each of its 4,096 registers. What is larger holds sets only.
  enum class Size : uint8_t { small, medium, large, k1, k2, k4, k8, k16, k32, k64, k128, k256, k512, m1, m2 };
  static constexpr std::array<size_t, 15> words = {
      8, 64, 512, 1024, 2048, 4096, 8192, 16'384, 32'768, 65'536, 131'072, 262'144, 524'288, 1'048'576, 2'097'152};

  // `budget`: bytes that blocks up to `large` may take in any case. `room`: bytes for all together; without it there
  // are no larger ones.
  explicit DistinctPool(size_t budget, size_t room = 0) : budget_(budget), room_(room) {}

  // Zeros. The number is valid until release().
  [[nodiscard]] uint32_t allocate(Size size);
  void release(Size size, uint32_t block);
  [[nodiscard]] std::span<uint64_t> at(Size size, uint32_t block);
  [[nodiscard]] std::span<const uint64_t> at(Size size, uint32_t block) const;

  [[nodiscard]] size_t bytes() const { return bytes_; }
  [[nodiscard]] size_t large_bytes() const { return large_bytes_; }  // of them in blocks larger than `large`
  [[nodiscard]] bool thrifty() const { return thrifty_ || (bytes_ > room_ && bytes_ - large_bytes_ > budget_); }
  // Whether a set may have a block of this size in the place of its present one.
  [[nodiscard]] bool has_room(Size size, Size present) const;
  // From now on; what is there already stays.
  void set_room(size_t bytes) { room_ = bytes; }
  // The largest that somebody has, if it is larger than `large`; else `large`.
  [[nodiscard]] Size largest() const;
  // From now on, whatever the budget.
  void set_thrifty() { thrifty_ = true; }

 private:
  static constexpr size_t words_a_chunk = 1024;
  struct Class {
    std::vector<std::unique_ptr<uint64_t[]>> chunks;  // NOLINT(modernize-avoid-c-arrays): raw words
    std::vector<uint32_t> free;
    uint32_t used = 0;  // blocks ever handed out
  };
  // What is larger than a chunk has one of its own, which is freed when it is given back.
  static constexpr size_t blocks_a_chunk(size_t length) { return length < words_a_chunk ? words_a_chunk / length : 1; }

  size_t budget_;
  size_t room_;
  size_t bytes_ = 0;
  size_t large_bytes_ = 0;
  bool thrifty_ = false;
  std::array<Class, words.size()> classes_;
};

// Eight bytes; what does not fit stands in the pool, which is the same one for all calls. Not freed by itself: clear().
class Distinct {
 public:
  // `hash`: of the thing (hash_of()). False only if it is surely not new.
  bool insert(uint64_t hash, DistinctPool& pool);
  // Has the memory fetched that insert() will need: sets are larger than a processor's caches, and several can be
  // fetched at once.
  void prepare(uint64_t hash, const DistinctPool& pool) const;
  // Everything that another counter has seen, whose blocks are in the pool `from`.
  void merge(const Distinct& other, const DistinctPool& from, DistinctPool& pool);
  [[nodiscard]] uint64_t count(const DistinctPool& pool) const;
  // The relative standard error of count(): 0 = exact.
  [[nodiscard]] double error() const;
  void clear(DistinctPool& pool);
  // A set in a block of this size becomes a sketch, of `large` at most: an estimate from now on, and nearly all of the
  // block is given back.
  void estimate_set_of(DistinctPool::Size size, DistinctPool& pool);

 private:
  // In the lowest two bits; the rest is a hash, or a block's size, how many it holds, and its number.
  enum class Form : uint8_t { empty, single, set, sketch };

  [[nodiscard]] Form form() const { return static_cast<Form>(bits_ & 3U); }
  [[nodiscard]] DistinctPool::Size size() const { return static_cast<DistinctPool::Size>(bits_ >> 2U & 15U); }
  [[nodiscard]] uint32_t block() const { return static_cast<uint32_t>(bits_ >> 32U); }
  [[nodiscard]] size_t held() const { return bits_ >> 6U & 0x3ff'ffffU; }
  void set(Form form, DistinctPool::Size size, uint32_t block, size_t held) {
    bits_ = static_cast<uint64_t>(block) << 32U | static_cast<uint64_t>(held) << 6U |
            static_cast<uint64_t>(size) << 2U | static_cast<uint64_t>(form);
  }
  bool insert_in_set(uint64_t hash, DistinctPool& pool);
  void grow(DistinctPool& pool);
  // Becomes a sketch of at most this size.
  void become_sketch(DistinctPool::Size wanted, DistinctPool& pool);

  uint64_t bits_ = 0;
};

}  // namespace ipguard::report
