// FileTail: one open file that is being followed: which file it is, how far it has been read, and whether its content
// was replaced meanwhile. It keeps its file open, so the file can be renamed or deleted and still be read to its end.
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
#include "input/fingerprint.h"
#include "input/line_splitter.h"
#include "input/packed_stream.h"
#include "model/cursor.h"

namespace ipguard::input {

// Device and inode: unique among the files that are open or linked at one moment, used again afterwards.
struct FileKey {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};

// A file is known again by its first 256 bytes and by the 64 bytes before what was read last. Content that agrees in
// both is taken for the same: a log whose lines have no time stamp may begin again with exactly those.
class FileTail {
 public:
  // Opens a regular file without blocking; anything else is refused with the reason (Errc::invalid: not a regular
  // file, or a compressed one; Errc::busy: no descriptor is left). The caller says where to begin:
  // start_at_beginning(), start_at_end_of() or resume().
  [[nodiscard]] static Result<std::unique_ptr<FileTail>> open(const std::string& path, size_t max_line);
  // The same, and a compressed file as if it were not: offsets and fingerprints are those of its content. It is read
  // once, from its beginning, in the budgets of read(); what lies before the cursor costs its unpacking.
  [[nodiscard]] static Result<std::unique_ptr<FileTail>> open_rotated(const std::string& path, size_t max_line);

  // The first byte of the file; NULs at its beginning, which a writer without O_APPEND leaves after a truncation, are
  // skipped.
  void start_at_beginning();
  // The beginning of the last line, if that was still being written when the file had `past_size` bytes, else the end
  // that it had then; of what it has now if it is shorter.
  void start_at_end_of(uint64_t past_size);
  // Behind the last byte: the file was cut to less than was read.
  void start_after_cut();
  // At `cursor`; before that, up to `replay_bytes` are given out as replay, from a line's beginning on. False if the
  // content is not what was read then: nothing is changed. Of a compressed file read() tells.
  [[nodiscard]] bool resume(const model::Cursor& cursor, uint64_t replay_bytes);

  using Emit = std::function<void(std::string_view bytes, uint64_t offset, bool replay, bool truncated)>;

  enum class Change : uint8_t {
    none,
    cut,      // it lost its end; reading goes on at the new one
    replaced  // it has other content: begin_anew()
  };
  struct Turn {
    uint64_t bytes = 0;       // read
    uint64_t not_new = 0;     // of these: replay, or before the cursor in a compressed file
    uint64_t lost_bytes = 0;  // with Change::cut: of which it is known that they were there and not read
    Change change = Change::none;
    bool at_end = false;   // nothing more for now
    bool refuted = false;  // compressed: it is shorter than the cursor, or another file; only replay was given out
    std::string error;     // with at_end: why it cannot be read further; empty if it was read to its end
  };
  // Reads up to `budget` bytes (and at most one buffer more) through `buffer`, which several files can share. What was
  // read is given out only when the file's beginning and what was read before are still there afterwards: so it
  // belongs to them.
  Turn read(std::span<char> buffer, uint64_t budget, const Emit& emit);

  // After Change::replaced: reading goes on at the beginning. Until then cursor() and the like tell of the old content.
  void begin_anew();
  // How much of the new content, which is shorter, is just what the old one began with, and perhaps read again.
  [[nodiscard]] uint64_t repeated_bytes() const;

  void set_max_line(size_t max_line) { splitter_.set_max_line(max_line); }

  // Gives out the last line if it has no LF: nothing more is expected.
  void finish(const Emit& emit);
  // The last line so far, if it has no LF; it begins at offset(). Valid until the next call.
  [[nodiscard]] std::string_view partial_line() const { return replaying_ ? "" : splitter_.partial_line(); }

  [[nodiscard]] const FileKey& key() const { return key_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // The same where the file is its content, -1 where it is compressed.
  [[nodiscard]] int content_fd() const { return packed_ ? -1 : fd_.get(); }
  [[nodiscard]] bool packed() const { return packed_ != nullptr; }
  // Whether it is known what it begins with; begins() looks if it is not.
  [[nodiscard]] bool has_head() const { return !head_.empty(); }
  [[nodiscard]] const std::string& head() const { return head_; }  // at most fingerprint_bytes
  [[nodiscard]] bool begins();
  // It is read as it is, but is a compressed file by what it begins with.
  [[nodiscard]] bool looks_packed() const;
  // Device, inode and the fingerprint of the beginning agree; of an empty file's cursor the time of birth.
  [[nodiscard]] bool is_file_of(const model::Cursor& cursor) const;
  // Whatever file it is, it begins as the cursor's and goes as far. What stands before the cursor is compared as well,
  // unless the file is compressed.
  [[nodiscard]] bool has_content_of(const model::Cursor& cursor) const;
  // The fingerprint of the beginning agrees.
  [[nodiscard]] bool begins_as(const model::Cursor& cursor) const;
  // The same, and nothing more is known of it than of the cursor's.
  [[nodiscard]] bool begins_with_all_of(const model::Cursor& cursor) const;
  // Both begin alike as far as both are known: for `least` bytes, or all that the other one has.
  [[nodiscard]] bool begins_as(const FileTail& other, size_t least) const;
  [[nodiscard]] model::Cursor cursor(const std::string& path) const;
  // First byte not handed out.
  [[nodiscard]] uint64_t offset() const { return replaying_ ? resume_offset_ : splitter_.acknowledged(); }
  // First byte not read.
  [[nodiscard]] uint64_t reached() const;
  // The most that the content was seen to have.
  [[nodiscard]] uint64_t seen_size() const { return known_size_; }
  [[nodiscard]] uint64_t size() const;  // of a compressed file: of what was unpacked
  // Written and not read yet, now. Of a compressed file the compressed bytes.
  [[nodiscard]] uint64_t behind() const;
  [[nodiscard]] bool deleted() const;  // no name leads to it any more
  // Whether somebody has it open for writing. The kernel tells the file's owner and who has CAP_LEASE.
  enum class Writer : uint8_t { none, some, unknown };
  [[nodiscard]] Writer writer() const;

 private:
  FileTail(UniqueFd fd, FileKey key, size_t max_line);
  [[nodiscard]] static Result<std::unique_ptr<FileTail>> open_file(const std::string& path, size_t max_line);

  // What the file itself has there, read into `room`; empty when it cannot be read.
  [[nodiscard]] std::string_view view_at(uint64_t offset, std::span<char> room) const;
  void read_head();
  void restart(uint64_t offset, bool inside_line);
  [[nodiscard]] uint64_t hole() const;  // how many NULs it begins with
  [[nodiscard]] bool tail_agrees(const model::Cursor& cursor) const;
  [[nodiscard]] bool recent_agrees() const;
  Change look(Turn& turn, const Emit& emit);
  [[nodiscard]] Result<size_t> next_bytes(std::span<char> room);
  void feed(std::string_view bytes, const LineSplitter::Emit& give);
  void skip(std::span<char> buffer, Turn& turn);
  void arrive(Turn& turn);  // at resume_offset_
  // The beginning of the line that the byte before `end` belongs to; nullopt if it lies more than max_line before.
  [[nodiscard]] std::optional<uint64_t> last_line_beginning(uint64_t end) const;

  struct Proof {
    uint64_t offset = 0;
    uint64_t fingerprint = 0;
    uint32_t length = 0;
  };
  [[nodiscard]] static Proof prove(uint64_t offset, std::string_view bytes);

  UniqueFd fd_;
  FileKey key_;
  uint64_t born_ = 0;  // nanoseconds since 1970; 0: the file system does not tell
  LineSplitter splitter_;
  std::unique_ptr<PackedStream> packed_;  // null: the file is its content
  bool packed_ended_ = false;
  std::string head_;            // the file's first bytes as they were seen, at most fingerprint_bytes
  LastBytes recent_;            // before what is read next
  Proof proof_;                 // of what stands before its offset
  uint64_t resume_offset_ = 0;  // what is read before it is replay, or skipped
  bool replaying_ = false;
  bool unproven_ = false;  // compressed: what stands before resume_offset_ is to be compared with proof_
  uint64_t known_size_ = 0;
};

}  // namespace ipguard::input
