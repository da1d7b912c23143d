// Unpacker: gzip (RFC 1952), xz, bzip2 and zstd (RFC 8878), streamed. The only wrapper of zlib, liblzma, libbz2 and
// libzstd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace ipguard {

enum class Packing : uint8_t { none, gzip, xz, bzip2, zstd };

// By the first bytes of a file; six are enough.
[[nodiscard]] Packing packing_of(std::string_view beginning);

// Foreign bytes: memory is bounded (at most 256 MiB, what `xz -9` needs four times over; 128 MiB for zstd, as zstd(1)
// has it), the size of what comes out is for the taker to bound. Several packed files one behind the other are one.
// Used by one thread.
class Unpacker {
 public:
  // Gets what was unpacked, piece by piece; an error of its own ends the unpacking and is passed on.
  using Take = std::function<Result<>(std::string_view bytes)>;

  explicit Unpacker(Packing packing);  // Packing::none hands everything through
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // Takes from the beginning of `bytes` what it needs to fill `room`, and returns how much of it was filled. With less
  // than all of `room` filled, all of `bytes` was taken. Errc::corrupt for bytes that are not packed so: what came out
  // before that is given first, however little it is, and the next call tells, as do all that follow.
  [[nodiscard]] Result<size_t> unpack(std::string_view& bytes, std::span<char> room);
  // The same for who takes everything as it comes: what came out before the damage is taken, then the call fails.
  [[nodiscard]] Result<> feed(std::string_view bytes, const Take& take);
  // At the end of the input, with nothing left to unpack: Errc::corrupt if it is damaged or ended too early.
  [[nodiscard]] Result<> end() const;

  struct Format;

 private:
  std::unique_ptr<Format> format_;  // null: Packing::none
};

}  // namespace ipguard
