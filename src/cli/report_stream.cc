#include "cli/report_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/text.h"

namespace ipguard::cli {
namespace {

constexpr size_t packed_at_once = 256U << 10U;

}  // namespace

Result<InputStream> InputStream::open(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : printable(path);
  UniqueFd fd(standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                             : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) {
    return fail_errno("cannot read " + name, errno);
  }
  InputStream stream(std::move(fd), name);
  struct stat status{};
  if (::fstat(stream.fd_.get(), &status) != 0) {
    return stream;
  }
  if (!S_ISCHR(status.st_mode) || ::isatty(stream.fd_.get()) == 1) {
    stream.identity_.emplace(status.st_dev, status.st_ino);
  }
  if (S_ISREG(status.st_mode)) {
    stream.repeatable_ = !standard_input;
    stream.raw_size_ = static_cast<uint64_t>(status.st_size);
    // Any number that a file's owner chose, if the file system keeps it: years of four digits are times.
    const TimePoint last = from_civil(9999, 12, 31, 23, 59, 59);
    stream.modified_ = TimePoint(Seconds(std::clamp<int64_t>(status.st_mtim.tv_sec, 0, seconds_since_epoch(last))));
    static_cast<void>(::posix_fadvise(stream.fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL));
  }
  return stream;
}

Result<size_t> InputStream::read_raw(std::span<char> room) {
  while (true) {
    const ssize_t count = ::read(fd_.get(), room.data(), room.size());
    if (count >= 0) {
      raw_position_ += static_cast<uint64_t>(count);
      return static_cast<size_t>(count);
    }
    if (errno != EINTR) {
      return fail_errno("cannot read " + name_, errno);
    }
  }
}

// By the first bytes; a pipe may hand them out one by one.
Result<> InputStream::detect() {
  constexpr size_t enough = 6;
  buffer_.resize(packed_at_once);
  size_t filled = 0;
  while (filled < enough) {
    const auto count = read_raw(std::span(buffer_).subspan(filled));
    if (!count) {
      return std::unexpected(count.error());
    }
    if (*count == 0) {
      break;
    }
    filled += *count;
  }
  pending_ = std::string_view(buffer_).substr(0, filled);
  packing_ = packing_of(pending_);
  unpacker_ = std::make_unique<Unpacker>(packing_);
  return {};
}

Result<size_t> InputStream::read(std::span<char> room) {
  if (error_) {
    return std::unexpected(*error_);
  }
  if (!unpacker_) {
    if (auto begun = detect(); !begun) {
      error_ = begun.error();
      return std::unexpected(begun.error());
    }
  }
  size_t filled = 0;
  while (filled < room.size() && !ended_) {
    const auto count = unpack_some(room.subspan(filled));
    if (!count) {
      error_ = count.error();
      return filled > 0 ? Result<size_t>(filled) : std::unexpected(count.error());
    }
    filled += *count;
  }
  return filled;
}

Result<size_t> InputStream::unpack_some(std::span<char> room) {
  if (pending_.empty()) {
    if (packing_ == Packing::none) {  // nothing to unpack: straight to where it is wanted
      const auto count = read_raw(room);
      ended_ = count && *count == 0;
      return count;
    }
    const auto count = read_raw(buffer_);
    if (!count) {
      return count;
    }
    if (*count == 0) {
      ended_ = true;
      if (auto whole = unpacker_->end(); !whole) {
        return std::unexpected(add_context(whole, "cannot unpack all of " + name_));
      }
      return size_t{0};
    }
    pending_ = std::string_view(buffer_).substr(0, *count);
  }
  auto unpacked = unpacker_->unpack(pending_, room);
  if (!unpacked) {
    return std::unexpected(add_context(unpacked, "cannot unpack all of " + name_));
  }
  return unpacked;
}

}  // namespace ipguard::cli
