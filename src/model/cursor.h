// Cursor: where reading of an input stands, as it is saved. Made and understood by input/, kept by store/.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace ipguard::model {

// A file is the same file when device, inode and fingerprint agree; it has the same content when both fingerprints do.
struct Cursor {
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t fingerprint = 0;         // hash of the first fingerprint_length bytes
  uint32_t fingerprint_length = 0;  // at most 256; grows with the file until then
  // First byte not handed out; at a line's beginning, or in an over-long line whose rest is skipped.
  uint64_t offset = 0;
  // Hash of the tail_length bytes before `offset`, at most 64; 0 bytes: not known (cursors of older versions).
  // Of an empty file, which has nothing else by which it is known again: twice the time of its birth (nanoseconds since
  // 1970; 0: not known), and 1 more if it is not known which generation came before it.
  uint64_t tail_fingerprint = 0;
  uint32_t tail_length = 0;
  uint64_t seen_size = 0;           // of the file, when it was last looked at
  std::string journal_cursor = {};  // where the journal was read to; files have none

  // One that says only that the path was followed: its file was read to its end and deleted.
  [[nodiscard]] bool is_mark() const { return inode == 0; }
  // One that says which file came before the path's newest one, which is empty so far: what came and went unseen was
  // rotated after it.
  [[nodiscard]] bool is_done() const { return offset > seen_size; }
  // The same, and there was none.
  [[nodiscard]] bool is_first() const { return is_done() && fingerprint_length == 0; }
  [[nodiscard]] static Cursor first(std::string path) {
    return {.path = std::move(path), .device = no_device, .inode = any_inode, .offset = 1};
  }
  // Of a file that nobody finds by these: cursors are kept by them, and its inode may be another's by now.
  static constexpr uint64_t no_device = 0;
  static constexpr uint64_t any_inode = 1;

  [[nodiscard]] bool is_empty() const { return fingerprint_length == 0 && !is_mark() && !is_done(); }
  // Of an empty one; `alone`: not known which generation came before it.
  [[nodiscard]] uint64_t born() const { return tail_fingerprint / 2; }
  [[nodiscard]] bool alone() const { return tail_fingerprint % 2 == 1; }

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

}  // namespace ipguard::model
