// links: enrich
// A download of any bytes: unpacked within bounds, or refused; and the same again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/unique_fd.h"
#include "enrich/packed_database.h"
#include "require.h"

namespace {

using ipguard::fuzz::require;

constexpr uint64_t most = 1U << 20U;

struct Outcome {
  std::string error;
  std::string bytes;
  bool operator==(const Outcome&) const = default;
};

Outcome unpack(const uint8_t* data, size_t size) {
  const ipguard::UniqueFd from(::memfd_create("packed", MFD_CLOEXEC));
  const ipguard::UniqueFd to(::memfd_create("unpacked", MFD_CLOEXEC));
  require(from.valid() && to.valid());
  for (size_t written = 0; written < size;) {
    const ssize_t count = ::write(from.get(), data + written, size - written);
    require(count > 0);
    written += static_cast<size_t>(count);
  }
  const auto done = ipguard::enrich::unpack_database(from.get(), to.get(), most);
  Outcome outcome{.error = done ? "" : done.error().message, .bytes = std::string(most + 1, '\0')};
  require(done || !outcome.error.empty());
  const ssize_t came = ::pread(to.get(), outcome.bytes.data(), outcome.bytes.size(), 0);
  require(came >= 0 && static_cast<uint64_t>(came) <= most);
  require(!done || *done || came == 0);
  outcome.bytes.resize(static_cast<size_t>(came));
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  require(unpack(data, size) == unpack(data, size));
  return 0;
}
