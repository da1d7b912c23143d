// Unpacker: gzip (RFC 1952) and xz, streamed. The only wrapper of zlib and liblzma.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace ipguard {

enum class Packing : uint8_t { none, gzip, xz };

// By the first bytes of a file; six are enough.
[[nodiscard]] Packing packing_of(std::string_view beginning);

// Foreign bytes: memory is bounded (at most 256 MiB, what `xz -9` needs four times over), the size of what comes out is
// for the taker to bound. Several packed files one behind the other are one. Used by one thread.
class Unpacker {
 public:
  // Gets what was unpacked, piece by piece; an error of its own ends the unpacking and is passed on.
  using Take = std::function<Result<>(std::string_view bytes)>;

  explicit Unpacker(Packing packing);  // Packing::none hands everything through
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // Errc::corrupt for bytes that are not packed so.
  [[nodiscard]] Result<> feed(std::string_view bytes, const Take& take);
  // At the end of the input: Errc::corrupt if it ended too early.
  [[nodiscard]] Result<> finish(const Take& take);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard
