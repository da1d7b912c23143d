#include "input/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/file.h"

namespace ipguard::input {
namespace {

uint64_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

FileTail::Proof FileTail::prove(uint64_t offset, std::string_view bytes) {
  return {.offset = offset, .fingerprint = fingerprint(bytes), .length = static_cast<uint32_t>(bytes.size())};
}

FileTail::FileTail(UniqueFd fd, FileKey key, size_t max_line) : fd_(std::move(fd)), key_(key), splitter_(max_line) {}

void FileTail::start_at_beginning() { restart(packed_ ? 0 : hole(), false); }

void FileTail::start_at_end_of(uint64_t past_size) {
  const uint64_t end = std::min(size(), past_size);
  const std::optional<uint64_t> beginning = last_line_beginning(end);
  restart(beginning.value_or(end), !beginning.has_value());
}

// The splitter's next byte, and of a file that is no compressed one what stands before it.
void FileTail::restart(uint64_t offset, bool inside_line) {
  splitter_.restart(offset, inside_line);
  recent_.clear();
  if (!packed_) {
    std::array<char, tail_bytes> room;  // NOLINT(*-member-init): view_at fills it
    const size_t length = std::min<uint64_t>(offset, room.size());
    recent_.append(view_at(offset - length, std::span(room).first(length)));
  }
  if (!replaying_) {
    proof_ = prove(offset, recent_.view());
  }
}

void FileTail::start_after_cut() {
  resume_offset_ = 0;
  replaying_ = false;
  known_size_ = size();
  restart(known_size_, false);
  splitter_.restart(known_size_, recent_.inside_line());
}

bool FileTail::resume(const model::Cursor& cursor, uint64_t replay_bytes) {
  if (!packed_ && (cursor.offset > size() || !tail_agrees(cursor))) {
    return false;
  }
  known_size_ = packed_ ? cursor.seen_size : size();
  resume_offset_ = cursor.offset;
  const Proof proof{.offset = cursor.offset, .fingerprint = cursor.tail_fingerprint, .length = cursor.tail_length};
  unproven_ = packed_ && proof.length > 0;
  const uint64_t replay = std::min(cursor.offset, replay_bytes);
  replaying_ = replay > 0;
  if (replay == 0) {
    restart(cursor.offset, false);
    splitter_.restart(cursor.offset, recent_.inside_line());
  } else if (replay == cursor.offset) {
    restart(0, false);
  } else {
    restart(cursor.offset - replay - 1, true);
  }
  proof_ = proof;
  return true;
}

// Truncation shows as a size below what was read or seen, or, when the file has grown past that again, as other bytes
// at its beginning or before what comes next. A file that only lost its end (its whole fingerprint is still there) is
// not read again: no line is counted twice.
FileTail::Change FileTail::look(Turn& turn, const Emit& emit) {
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) {
    return Change::none;
  }
  const auto new_size = static_cast<uint64_t>(status.st_size);
  std::array<char, fingerprint_bytes> room;  // NOLINT(*-member-init): view_at fills it
  const std::string_view head = view_at(0, room);
  const bool same_head = head.starts_with(head_);
  const bool shorter = new_size < reached();
  const bool whole_head = head_.size() == fingerprint_bytes;
  if (!same_head || (shorter && !whole_head) || (!shorter && !recent_agrees())) {
    return Change::replaced;
  }
  if (head.size() > head_.size()) {
    head_ = head;
  }
  if (new_size >= known_size_ && !shorter) {
    known_size_ = new_size;
    return Change::none;
  }
  turn.lost_bytes = known_size_ - std::min(known_size_, std::max(new_size, reached()));
  known_size_ = new_size;
  if (shorter) {
    finish(emit);
    start_after_cut();
  }
  return Change::cut;
}

bool FileTail::recent_agrees() const {
  const std::string_view recent = recent_.view();
  std::array<char, tail_bytes> room;  // NOLINT(*-member-init): view_at fills it
  return recent == view_at(splitter_.position() - recent.size(), std::span(room).first(recent.size()));
}

bool FileTail::tail_agrees(const model::Cursor& cursor) const {
  const size_t length = cursor.tail_length;
  std::array<char, tail_bytes> room;  // NOLINT(*-member-init): view_at fills it
  if (length > std::min<uint64_t>(room.size(), cursor.offset)) {
    return false;
  }
  const std::string_view tail = view_at(cursor.offset - length, std::span(room).first(length));
  return length == 0 || (tail.size() == length && fingerprint(tail) == cursor.tail_fingerprint);
}

FileTail::Turn FileTail::read(std::span<char> buffer, uint64_t budget, const Emit& emit) {
  const LineSplitter::Emit give = [&](std::string_view bytes, uint64_t offset, bool truncated) {
    emit(bytes, offset, replaying_, truncated);
  };
  Turn turn;
  while (turn.bytes < budget && !turn.at_end && turn.change == Change::none) {
    if (packed_ && packed_->position() < splitter_.position()) {
      skip(buffer, turn);
      continue;
    }
    const size_t wanted = replaying_ ? std::min(buffer.size(), resume_offset_ - splitter_.position()) : buffer.size();
    const Result<size_t> got = next_bytes(buffer.first(wanted));
    if (!got) {
      turn.at_end = true;
      turn.error = got.error().message;
      break;
    }
    turn.change = packed_ ? Change::none : look(turn, emit);
    if (turn.change != Change::none) {
      break;
    }
    turn.bytes += *got;
    turn.not_new += replaying_ ? *got : 0;
    feed({buffer.data(), *got}, give);
    if (replaying_ && splitter_.position() == resume_offset_) {
      arrive(turn);
    } else if (packed_ ? *got == 0 : *got < wanted) {
      turn.refuted = packed_ && replaying_;
      turn.at_end = true;
      packed_ended_ = packed_ != nullptr;
    }
  }
  return turn;
}

Result<size_t> FileTail::next_bytes(std::span<char> room) {
  if (packed_) {
    return packed_->read(room);
  }
  const ssize_t count = read_at(fd_.get(), room, splitter_.position());
  if (count < 0) {
    return fail_errno("cannot read", errno);
  }
  return static_cast<size_t>(count);
}

void FileTail::feed(std::string_view bytes, const LineSplitter::Emit& give) {
  const uint64_t begin = splitter_.position();
  const uint64_t before = splitter_.acknowledged();
  splitter_.feed(bytes, give);
  if (const uint64_t now = splitter_.acknowledged(); now != before && !replaying_) {
    LastBytes tail = recent_;
    tail.append(bytes.substr(0, now - begin));
    proof_ = prove(now, tail.view());
  }
  recent_.append(bytes);
  known_size_ = std::max(known_size_, splitter_.position());
}

// What lies before the place where a compressed file is given out.
void FileTail::skip(std::span<char> buffer, Turn& turn) {
  const uint64_t target = splitter_.position();
  const size_t wanted = std::min(buffer.size(), target - packed_->position());
  const Result<size_t> got = packed_->read(buffer.first(wanted));
  if (!got || *got == 0) {
    turn.at_end = true;
    turn.refuted = got.has_value();
    turn.error = got ? "" : got.error().message;
    packed_ended_ = true;
    return;
  }
  turn.bytes += *got;
  turn.not_new += *got;
  recent_.append({buffer.data(), *got});
  if (packed_->position() == resume_offset_) {
    arrive(turn);
  }
}

// What was read before is behind us.
void FileTail::arrive(Turn& turn) {
  const std::string_view before = recent_.view();
  if (unproven_ && (before.size() < proof_.length ||
                    fingerprint(before.substr(before.size() - proof_.length)) != proof_.fingerprint)) {
    turn.refuted = true;
    turn.at_end = true;
    return;
  }
  unproven_ = false;
  replaying_ = false;
  splitter_.restart(resume_offset_, recent_.inside_line());
  proof_ = prove(resume_offset_, before);
}

void FileTail::begin_anew() {
  resume_offset_ = 0;
  replaying_ = false;
  read_head();
  known_size_ = size();
  start_at_beginning();
}

uint64_t FileTail::repeated_bytes() const {
  std::array<char, fingerprint_bytes> room;  // NOLINT(*-member-init): view_at fills it
  const std::string_view now = view_at(0, std::span(room).first(head_.size()));
  return head_.starts_with(now) ? now.size() : 0;
}

void FileTail::finish(const Emit& emit) {
  if (replaying_ || unproven_) {
    return;
  }
  splitter_.finish(
      [&](std::string_view bytes, uint64_t offset, bool truncated) { emit(bytes, offset, false, truncated); });
  if (splitter_.acknowledged() == splitter_.position()) {
    proof_ = prove(splitter_.position(), recent_.view());
  }
}

bool FileTail::is_file_of(const model::Cursor& cursor) const {
  const bool same_birth = !cursor.is_empty() || cursor.born() == 0 || born_ == 0 || cursor.born() == born_;
  return key_ == FileKey{cursor.device, cursor.inode} && begins_as(cursor) && same_birth;
}

bool FileTail::begins_as(const model::Cursor& cursor) const {
  return cursor.fingerprint_length <= head_.size() &&
         fingerprint(std::string_view(head_).substr(0, cursor.fingerprint_length)) == cursor.fingerprint;
}

bool FileTail::begins_with_all_of(const model::Cursor& cursor) const {
  return !head_.empty() && cursor.fingerprint_length == head_.size() && begins_as(cursor);
}

bool FileTail::has_content_of(const model::Cursor& cursor) const {
  return cursor.fingerprint_length > 0 && begins_as(cursor) &&
         (packed_ || (size() >= cursor.offset && tail_agrees(cursor)));
}

bool FileTail::begins_as(const FileTail& other, size_t least) const {
  const size_t length = std::min(head_.size(), other.head_.size());
  return length > 0 && (length >= least || length == other.head_.size()) &&
         head_.compare(0, length, other.head_, 0, length) == 0;
}

model::Cursor FileTail::cursor(const std::string& path) const {
  const bool proven = proof_.offset == offset();
  const uint64_t tail = proven && proof_.length > 0 ? proof_.fingerprint : 0;
  return {.path = path,
          .device = key_.device,
          .inode = key_.inode,
          .fingerprint = fingerprint(head_),
          .fingerprint_length = static_cast<uint32_t>(head_.size()),
          .offset = offset(),
          .tail_fingerprint = head_.empty() ? 2 * born_ : tail,
          .tail_length = proven ? proof_.length : 0,
          .seen_size = known_size_};
}

uint64_t FileTail::reached() const { return std::max(splitter_.position(), replaying_ ? resume_offset_ : 0); }

uint64_t FileTail::behind() const {
  if (packed_) {
    return packed_ended_ ? 0 : std::max<uint64_t>(1, size_of(fd_.get()) - packed_->packed_position());
  }
  const uint64_t end = size();
  return end > reached() ? end - reached() : 0;
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

uint64_t FileTail::size() const { return packed_ ? packed_->position() : size_of(fd_.get()); }

std::optional<uint64_t> FileTail::last_line_beginning(uint64_t end) const {
  std::array<char, 16UL << 10> window;  // NOLINT(*-member-init): view_at fills it
  const uint64_t furthest = end > splitter_.max_line() ? end - splitter_.max_line() - 1 : 0;
  for (uint64_t to = end; to > furthest;) {
    const uint64_t from = to - furthest > window.size() ? to - window.size() : furthest;
    const std::string_view bytes = view_at(from, std::span(window).first(to - from));
    if (bytes.empty()) {
      return std::nullopt;
    }
    const size_t lf = bytes.rfind('\n');
    if (lf != std::string_view::npos) {
      return from + lf + 1;
    }
    to = from;
  }
  return furthest == 0 ? std::optional<uint64_t>(0) : std::nullopt;
}

}  // namespace ipguard::input
