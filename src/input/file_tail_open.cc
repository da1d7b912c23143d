// FileTail: opening, and what a file begins with.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"
#include "input/file_tail.h"

namespace ipguard::input {
namespace {

// NULs looked through for the end of a hole that a file system does not know (its blocks, huge pages of tmpfs).
constexpr uint64_t most_nuls = 4UL << 20;

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) {
    return "is a folder";
  }
  if (S_ISFIFO(mode)) {
    return "is a named pipe";
  }
  if (S_ISSOCK(mode)) {
    return "is a socket";
  }
  return "is a device";
}

uint64_t birth_of(int fd) {
  constexpr uint64_t nanoseconds = 1'000'000'000;
  struct statx status{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 || (status.stx_mask & STATX_BTIME) == 0) {
    return 0;
  }
  return static_cast<uint64_t>(status.stx_btime.tv_sec) * nanoseconds + status.stx_btime.tv_nsec;
}

}  // namespace

Result<std::unique_ptr<FileTail>> FileTail::open_file(const std::string& path, size_t max_line) {
  struct stat status{};
  // Looked at before opening, because opening some devices has effects; and after, because it may have changed.
  if (::stat(path.c_str(), &status) != 0) {
    return fail_errno("cannot open", errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::invalid, std::string(kind_of(status.st_mode)));
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.valid() && (errno == EMFILE || errno == ENFILE)) {
    return fail(Errc::busy, "too many files are open");
  }
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot open", errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::invalid, std::string(kind_of(status.st_mode)));
  }
  std::unique_ptr<FileTail> tail(new FileTail(std::move(fd), {status.st_dev, status.st_ino}, max_line));
  tail->known_size_ = static_cast<uint64_t>(status.st_size);
  tail->born_ = birth_of(tail->fd_.get());
  tail->read_head();
  return tail;
}

Result<std::unique_ptr<FileTail>> FileTail::open(const std::string& path, size_t max_line) {
  Result<std::unique_ptr<FileTail>> tail = open_file(path, max_line);
  if (tail && (*tail)->looks_packed()) {
    return fail(Errc::invalid, "is compressed");
  }
  return tail;
}

Result<std::unique_ptr<FileTail>> FileTail::open_rotated(const std::string& path, size_t max_line) {
  Result<std::unique_ptr<FileTail>> opened = open_file(path, max_line);
  if (!opened || !(*opened)->looks_packed()) {
    return opened;
  }
  FileTail& tail = **opened;
  const int fd = tail.fd_.get();
  tail.head_.resize(fingerprint_bytes);
  const Result<size_t> count = PackedStream::of(fd)->read(tail.head_);
  if (!count) {
    return std::unexpected(count.error());
  }
  tail.head_.resize(*count);
  tail.packed_ = PackedStream::of(fd);  // once more from the beginning
  tail.known_size_ = 0;
  return opened;
}

bool FileTail::begins() {
  if (head_.empty() && !packed_) {
    read_head();
  }
  return !head_.empty();
}

bool FileTail::looks_packed() const { return !packed_ && packing_of(head_) != Packing::none; }

void FileTail::read_head() {
  std::array<char, fingerprint_bytes> room;  // NOLINT(*-member-init): view_at fills it
  head_ = view_at(0, room);
}

std::string_view FileTail::view_at(uint64_t offset, std::span<char> room) const {
  const ssize_t count = read_at(fd_.get(), room, offset);
  return {room.data(), count > 0 ? static_cast<size_t>(count) : 0};
}

uint64_t FileTail::hole() const {
  if (!head_.starts_with('\0')) {
    return 0;
  }
  const off_t data = ::lseek(fd_.get(), 0, SEEK_DATA);
  if (data < 0) {
    return errno == ENXIO ? size() : 0;  // nothing but a hole
  }
  std::array<char, 16UL << 10> window;  // NOLINT(*-member-init): view_at fills it
  const auto begin = static_cast<uint64_t>(data);
  for (uint64_t at = begin; at < begin + most_nuls;) {
    const std::string_view bytes = view_at(at, window);
    if (bytes.empty()) {
      return at;
    }
    if (const size_t other = bytes.find_first_not_of('\0'); other != std::string_view::npos) {
      return at + other;
    }
    at += bytes.size();
  }
  return 0;
}

}  // namespace ipguard::input
