// Cursor: where reading of an input stands, as it is saved.
#pragma once

#include <cstdint>
#include <string>

namespace ipguard::input {

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
  // Of an empty file: not 0 if it is not known which file was at the path before it.
  uint64_t tail_fingerprint = 0;
  uint32_t tail_length = 0;
  uint64_t seen_size = 0;           // of the file, when it was last looked at
  std::string journal_cursor = {};  // where the journal was read to; files have none

  // One that says only that the path was followed: its file was read to its end and deleted.
  [[nodiscard]] bool is_mark() const { return inode == 0; }
  // One that says which file was read to its end and closed before the path's newest one, which is empty so far: what
  // came and went unseen was rotated after it.
  [[nodiscard]] bool is_done() const { return offset > seen_size; }

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

}  // namespace ipguard::input
