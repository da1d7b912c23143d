#include "input/packed_stream.h"

#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace ipguard::input {

std::unique_ptr<PackedStream> PackedStream::of(int fd) {
  std::array<char, 6> beginning{};
  const ssize_t count = read_at(fd, beginning, 0);
  if (count <= 0) {
    return nullptr;
  }
  const Packing packing = packing_of({beginning.data(), static_cast<size_t>(count)});
  return packing == Packing::none ? nullptr : std::unique_ptr<PackedStream>(new PackedStream(fd, packing));
}

Result<size_t> PackedStream::read(std::span<char> room) {
  size_t filled = 0;
  while (filled < room.size()) {
    const Result<size_t> made = unpacker_.unpack(left_, room.subspan(filled));
    if (!made) {
      if (filled == 0) {
        return made;
      }
      break;  // what came before the damage is no part of it
    }
    filled += *made;
    if (filled == room.size()) {
      break;
    }
    const ssize_t count = read_at(fd_, packed_, packed_position_);
    if (count < 0) {
      return fail_errno("cannot read", errno);
    }
    if (count == 0) {
      if (const Result<> whole = unpacker_.end(); !whole && filled == 0) {
        return std::unexpected(whole.error());
      }
      break;
    }
    packed_position_ += static_cast<uint64_t>(count);
    left_ = {packed_.data(), static_cast<size_t>(count)};
  }
  position_ += filled;
  return filled;
}

}  // namespace ipguard::input
