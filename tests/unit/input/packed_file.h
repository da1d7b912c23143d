// gzip files (RFC 1952) without a library: stored blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "followed_files.h"

namespace ipguard::input {

inline std::string little_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return text;
}

inline std::string gzipped(std::string_view content) {
  std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  uint32_t crc = ~0U;
  for (const char byte : content) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  constexpr size_t most = 0xffff;
  for (size_t at = 0; at == 0 || at < content.size(); at += most) {
    const std::string_view block = content.substr(at, most);
    packed += at + most >= content.size() ? '\1' : '\0';
    packed += little_endian(block.size(), 2) + little_endian(~block.size(), 2);
    packed += block;
  }
  return packed + little_endian(~crc, 4) + little_endian(content.size(), 4);
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// As gzip(1) and logrotate(8): path.gz with the file's times takes its place.
inline void compress(const std::string& path) {
  overwrite(path + ".gz", gzipped(content_of(path)));
  std::filesystem::last_write_time(path + ".gz", std::filesystem::last_write_time(path));
  std::filesystem::remove(path);
}

}  // namespace ipguard::input
