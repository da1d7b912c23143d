#include "input/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

namespace ipguard::input {
namespace {

// pread(2) over interruptions; short only at the end of the file.
ssize_t read_at(int fd, std::span<char> buffer, uint64_t offset) {
  ssize_t count = 0;
  do {
    count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  return count;
}

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

}  // namespace

uint64_t fingerprint(std::string_view head) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : head) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  return hash;
}

Result<std::unique_ptr<FileTail>> FileTail::open(const std::string& path, size_t max_line) {
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
  tail->head_ = tail->read_head();
  return tail;
}

FileTail::FileTail(UniqueFd fd, FileKey key, size_t max_line) : fd_(std::move(fd)), key_(key), splitter_(max_line) {}

void FileTail::start_at_end() { start_at_end_of(UINT64_MAX); }

void FileTail::start_at_end_of(uint64_t past_size) {
  const uint64_t end = std::min(size(), past_size);
  const std::optional<uint64_t> beginning = last_line_beginning(end);
  splitter_.restart(beginning.value_or(end), !beginning.has_value());
}

bool FileTail::resume(uint64_t offset, uint64_t replay_bytes) {
  known_size_ = size();
  if (offset > known_size_) {
    restart_after_truncation(known_size_, true);
    return false;
  }
  resume_offset_ = offset;
  const uint64_t replay = std::min(offset, replay_bytes);
  replaying_ = replay > 0;
  if (replay == 0) {
    splitter_.restart(offset, inside_line(offset));
  } else if (replay == offset) {
    splitter_.restart(0, false);
  } else {
    splitter_.restart(offset - replay - 1, true);
  }
  return true;
}

// A file that only lost its end (its whole fingerprint is still there) is not read again: no line is counted twice.
void FileTail::restart_after_truncation(uint64_t new_size, bool same_head) {
  resume_offset_ = 0;
  replaying_ = false;
  if (same_head && head_.size() == fingerprint_bytes) {
    splitter_.restart(new_size, inside_line(new_size));
  } else {
    splitter_.restart(0, false);
  }
}

// Truncation shows as a size below what was read or seen, or, when the file has grown past that again, as another
// beginning.
FileTail::Refreshed FileTail::refresh(const Emit& emit) {
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) {
    return {};
  }
  const auto new_size = static_cast<uint64_t>(status.st_size);
  std::string head = read_head();
  const bool same_head = head.starts_with(head_);
  const uint64_t reached = std::max(splitter_.position(), resume_offset_);
  Refreshed result;
  if (new_size < reached || !same_head) {
    result.truncated = true;
    result.lost_bytes = known_size_ > reached ? known_size_ - reached : 0;
    finish(emit);
    restart_after_truncation(new_size, same_head);
  } else if (new_size < known_size_) {
    result.truncated = true;
    result.lost_bytes = known_size_ - new_size;
  }
  known_size_ = new_size;
  head_ = std::move(head);
  return result;
}

FileTail::Turn FileTail::read(std::span<char> buffer, uint64_t budget, const Emit& emit) {
  const LineSplitter::Emit give = [&](std::string_view bytes, uint64_t offset, bool truncated) {
    emit(bytes, offset, replaying_, truncated);
  };
  Turn turn;
  while (turn.bytes < budget) {
    const size_t wanted = replaying_ ? std::min(buffer.size(), resume_offset_ - splitter_.position()) : buffer.size();
    const ssize_t count = read_at(fd_.get(), buffer.first(wanted), splitter_.position());
    if (count <= 0) {
      turn.at_end = true;
      turn.error_number = count < 0 ? errno : 0;
      return turn;
    }
    const auto got = static_cast<size_t>(count);
    turn.bytes += got;
    turn.replayed += replaying_ ? got : 0;
    splitter_.feed({buffer.data(), got}, give);
    known_size_ = std::max(known_size_, splitter_.position());
    if (replaying_ && splitter_.position() == resume_offset_) {
      replaying_ = false;
      splitter_.restart(resume_offset_, inside_line(resume_offset_));
    } else if (got < wanted) {
      turn.at_end = true;
      return turn;
    }
  }
  return turn;
}

void FileTail::finish(const Emit& emit) {
  if (!replaying_) {
    splitter_.finish(
        [&](std::string_view bytes, uint64_t offset, bool truncated) { emit(bytes, offset, false, truncated); });
  }
}

bool FileTail::is_file_of(const Cursor& cursor) const {
  return key_ == FileKey{cursor.device, cursor.inode} && cursor.fingerprint_length <= head_.size() &&
         fingerprint(std::string_view(head_).substr(0, cursor.fingerprint_length)) == cursor.fingerprint;
}

Cursor FileTail::cursor(const std::string& path) const {
  return {.path = path,
          .device = key_.device,
          .inode = key_.inode,
          .fingerprint = fingerprint(head_),
          .fingerprint_length = static_cast<uint32_t>(head_.size()),
          .offset = offset()};
}

uint64_t FileTail::behind() const {
  const uint64_t end = size();
  const uint64_t reached = std::max(splitter_.position(), resume_offset_);
  return end > reached ? end - reached : 0;
}

bool FileTail::deleted() const {
  struct stat status{};
  return ::fstat(fd_.get(), &status) == 0 && status.st_nlink == 0;
}

// fcntl(2): a read lease is refused with EAGAIN while the file is open for writing.
FileTail::Writer FileTail::writer() const {
  static_cast<void>(::fcntl(fd_.get(), F_SETSIG, SIGURG));  // not SIGIO, which would end the process
  if (::fcntl(fd_.get(), F_SETLEASE, F_RDLCK) != 0) {
    return errno == EAGAIN ? Writer::some : Writer::unknown;
  }
  static_cast<void>(::fcntl(fd_.get(), F_SETLEASE, F_UNLCK));
  return Writer::none;
}

uint64_t FileTail::size() const {
  struct stat status{};
  return ::fstat(fd_.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

std::string FileTail::read_head() const {
  std::string head(fingerprint_bytes, '\0');
  const ssize_t count = read_at(fd_.get(), head, 0);
  head.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return head;
}

bool FileTail::inside_line(uint64_t offset) const {
  char before = '\n';
  return offset > 0 && read_at(fd_.get(), {&before, 1}, offset - 1) == 1 && before != '\n';
}

std::optional<uint64_t> FileTail::last_line_beginning(uint64_t end) const {
  std::array<char, 16UL << 10> window;  // NOLINT(*-member-init): read_at fills it
  const uint64_t furthest = end > splitter_.max_line() ? end - splitter_.max_line() - 1 : 0;
  for (uint64_t to = end; to > furthest;) {
    const uint64_t from = to - furthest > window.size() ? to - window.size() : furthest;
    const ssize_t count = read_at(fd_.get(), std::span(window).first(to - from), from);
    if (count <= 0) {
      return std::nullopt;
    }
    const size_t lf = std::string_view(window.data(), static_cast<size_t>(count)).rfind('\n');
    if (lf != std::string_view::npos) {
      return from + lf + 1;
    }
    to = from;
  }
  return furthest == 0 ? std::optional<uint64_t>(0) : std::nullopt;
}

}  // namespace ipguard::input
