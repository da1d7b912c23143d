// FileTail: one open file that is being followed: which file it is, how far it has been read, and whether it was
// truncated meanwhile. It keeps its file open, so the file can be renamed or deleted and still be read to its end.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "input/follower.h"
#include "input/line_splitter.h"

namespace ipguard::input {

// Device and inode: unique among the files that are open or linked at one moment, used again afterwards.
struct FileKey {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};

// Of a file's beginning, for Cursor::fingerprint; stable over releases because it is stored (FNV-1a, 64 bits).
[[nodiscard]] uint64_t fingerprint(std::string_view head);
inline constexpr size_t fingerprint_bytes = 256;

class FileTail {
 public:
  // Opens a regular file without blocking; anything else is refused with the reason (Errc::invalid: not a regular
  // file; Errc::busy: no descriptor is left). The caller says where to begin: start_at_beginning(), start_at_end() or
  // resume().
  [[nodiscard]] static Result<std::unique_ptr<FileTail>> open(const std::string& path, size_t max_line);

  // The first byte of the file.
  void start_at_beginning() { splitter_.restart(0, false); }
  // The beginning of the last line if that is still being written, else the end.
  void start_at_end();
  // The same of the file as it was when it had `past_size` bytes; what it has now if it is shorter.
  void start_at_end_of(uint64_t past_size);
  // At `offset`; before that, up to `replay_bytes` are given out as replay, from a line's beginning on. False if the
  // file was truncated since and reading begins at what is new.
  bool resume(uint64_t offset, uint64_t replay_bytes);

  using Emit = std::function<void(std::string_view bytes, uint64_t offset, bool replay, bool truncated)>;

  struct Refreshed {
    bool truncated = false;   // the file was emptied or cut; reading goes on at what is new
    uint64_t lost_bytes = 0;  // of which it is known that they were there and not read
  };
  // Looks at the file's size and beginning. `emit` gets the partial line that a truncation ends.
  Refreshed refresh(const Emit& emit);

  struct Turn {
    uint64_t bytes = 0;     // read
    uint64_t replayed = 0;  // of these, replay
    bool at_end = false;    // nothing more for now
    int error_number = 0;   // of read(2), with at_end
  };
  // Reads up to `budget` bytes (and at most one buffer more) through `buffer`, which several files can share.
  Turn read(std::span<char> buffer, uint64_t budget, const Emit& emit);

  void set_max_line(size_t max_line) { splitter_.set_max_line(max_line); }

  // Gives out the last line if it has no LF: nothing more is expected.
  void finish(const Emit& emit);

  [[nodiscard]] const FileKey& key() const { return key_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Device, inode and fingerprint agree.
  [[nodiscard]] bool is_file_of(const Cursor& cursor) const;
  [[nodiscard]] Cursor cursor(const std::string& path) const;
  // First byte not handed out.
  [[nodiscard]] uint64_t offset() const { return replaying_ ? resume_offset_ : splitter_.acknowledged(); }
  [[nodiscard]] uint64_t size() const;
  // Written and not read yet, now.
  [[nodiscard]] uint64_t behind() const;
  [[nodiscard]] bool deleted() const;  // no name leads to it any more
  // Whether somebody has it open for writing. The kernel tells the file's owner and who has CAP_LEASE.
  enum class Writer : uint8_t { none, some, unknown };
  [[nodiscard]] Writer writer() const;

 private:
  FileTail(UniqueFd fd, FileKey key, size_t max_line);

  [[nodiscard]] std::string read_head() const;
  [[nodiscard]] bool inside_line(uint64_t offset) const;
  void restart_after_truncation(uint64_t new_size, bool same_head);
  // The beginning of the line that the byte before `end` belongs to; nullopt if it lies more than max_line before.
  [[nodiscard]] std::optional<uint64_t> last_line_beginning(uint64_t end) const;

  UniqueFd fd_;
  FileKey key_;
  LineSplitter splitter_;
  std::string head_;            // the file's first bytes as they were seen, at most fingerprint_bytes
  uint64_t resume_offset_ = 0;  // what is read before it is replay
  bool replaying_ = false;
  uint64_t known_size_ = 0;
};

}  // namespace ipguard::input
