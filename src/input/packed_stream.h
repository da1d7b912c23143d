// PackedStream: the content of a compressed file, read from its beginning to its end.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unpacker.h"

namespace ipguard::input {

class PackedStream {
 public:
  // nullptr if `fd`, which must outlive the stream, is no compressed file by its first bytes. Reads with pread(2).
  [[nodiscard]] static std::unique_ptr<PackedStream> of(int fd);

  // Fills `room` with what comes next; less only at the end, or where damage follows, which the next call tells.
  // Errc::corrupt: damaged, or it ends too early.
  [[nodiscard]] Result<size_t> read(std::span<char> room);

  // Of the unpacked byte that comes next.
  [[nodiscard]] uint64_t position() const { return position_; }
  // Compressed bytes taken from the file so far.
  [[nodiscard]] uint64_t packed_position() const { return packed_position_; }

 private:
  PackedStream(int fd, Packing packing) : fd_(fd), unpacker_(packing) {}

  int fd_;
  Unpacker unpacker_;
  std::array<char, 16UL << 10> packed_{};
  std::string_view left_;  // of packed_
  uint64_t packed_position_ = 0;
  uint64_t position_ = 0;
};

}  // namespace ipguard::input
