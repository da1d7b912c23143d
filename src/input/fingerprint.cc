#include "input/fingerprint.h"

#include <algorithm>
#include <cstring>

namespace ipguard::input {

uint64_t fingerprint(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  return hash;
}

void LastBytes::append(std::string_view bytes) {
  if (bytes.size() >= tail_bytes) {
    bytes.remove_prefix(bytes.size() - tail_bytes);
    size_ = 0;
  }
  const size_t kept = std::min(size_, tail_bytes - bytes.size());
  std::memmove(bytes_.data(), bytes_.data() + (size_ - kept), kept);
  std::memcpy(bytes_.data() + kept, bytes.data(), bytes.size());
  size_ = kept + bytes.size();
}

}  // namespace ipguard::input
