// Fingerprints: by which content is known again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ipguard::input {

// For model::Cursor's fingerprints; stable over releases because they are stored (FNV-1a, 64 bits).
[[nodiscard]] uint64_t fingerprint(std::string_view bytes);
inline constexpr size_t fingerprint_bytes = 256;  // of a file's beginning
inline constexpr size_t tail_bytes = 64;          // before the cursor

// The last bytes of a stream, at most tail_bytes.
class LastBytes {
 public:
  void clear() { size_ = 0; }
  void append(std::string_view bytes);
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  [[nodiscard]] bool inside_line() const { return size_ > 0 && bytes_[size_ - 1] != '\n'; }

 private:
  std::array<char, tail_bytes> bytes_{};
  size_t size_ = 0;
};

}  // namespace ipguard::input
