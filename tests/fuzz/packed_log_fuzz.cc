// links: input
// A rotated log of any bytes, compressed or not: what comes out of it, in reads of any size, is what comes out of it in
// one; of a damaged one it is all that comes before the damage. The first byte seeds the sizes of the reads.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "base/unpacker.h"
#include "input/packed_stream.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

constexpr size_t most = size_t{256} << 10U;  // of what comes out

struct Outcome {
  std::string bytes;
  std::string error;
};

// In reads as the follower does them, by its budget.
Outcome read_in_pieces(int fd, std::minstd_rand& sizes) {
  Outcome outcome;
  const auto stream = input::PackedStream::of(fd);
  require(stream != nullptr);
  std::string room(8192, '\0');
  bool ended = false;
  while (outcome.bytes.size() < most) {
    const size_t wanted = 1 + sizes() % (1 + sizes() % room.size());
    const auto got = stream->read({room.data(), wanted});
    if (!got) {
      require(!got.error().message.empty());
      outcome.error = got.error().message;
      return outcome;
    }
    require(*got <= wanted);
    outcome.bytes.append(room, 0, *got);
    require(stream->position() == outcome.bytes.size(), "another place than bytes were given");
    if (*got == 0) {
      return outcome;
    }
    ended = ended || *got < wanted;
    require(!ended || *got < wanted, "more behind the end");
  }
  return outcome;
}

// The same without the stream.
Outcome unpack_whole(std::string_view packed) {
  Outcome outcome;
  Unpacker unpacker(packing_of(packed));
  std::string room(most + 8192, '\0');
  const auto got = unpacker.unpack(packed, {room.data(), room.size()});
  if (!got) {
    outcome.error = got.error().message;
    require(!unpacker.end(), "the damage is forgotten");
    return outcome;
  }
  outcome.bytes = room.substr(0, *got);
  if (*got < room.size()) {
    require(packed.empty(), "room and bytes were left");
    if (const auto end = unpacker.end(); !end) {
      outcome.error = end.error().message;
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view packed(reinterpret_cast<const char*>(data) + 1, size - 1);
  const UniqueFd fd(::memfd_create("log", MFD_CLOEXEC));
  require(::write(fd.get(), packed.data(), packed.size()) == static_cast<ssize_t>(packed.size()));
  if (packing_of(packed) == Packing::none) {
    require(input::PackedStream::of(fd.get()) == nullptr);
    return 0;
  }
  std::minstd_rand sizes(data[0] + 1U);
  const auto pieces = read_in_pieces(fd.get(), sizes);
  const auto other = read_in_pieces(fd.get(), sizes);
  require(pieces.error == other.error || std::max(pieces.bytes.size(), other.bytes.size()) >= most);
  require(pieces.bytes.starts_with(other.bytes) || other.bytes.starts_with(pieces.bytes), "the cuts change the bytes");
  const auto whole = unpack_whole(packed);
  if (std::max({pieces.bytes.size(), other.bytes.size(), whole.bytes.size()}) >= most) {
    return 0;  // stopped; damage may lie behind
  }
  require(pieces.error == whole.error, pieces.error + " instead of " + whole.error);
  // Of the very block that is damaged it depends on the cuts how much liblzma and libbz2 give out: never something
  // else.
  const auto packing = packing_of(packed);
  const bool by_cuts = !whole.error.empty() && (packing == Packing::xz || packing == Packing::bzip2);
  require(pieces.bytes == whole.bytes ||
              (by_cuts && (pieces.bytes.starts_with(whole.bytes) || whole.bytes.starts_with(pieces.bytes))),
          "other bytes");
  return 0;
}
