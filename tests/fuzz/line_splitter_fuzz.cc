// links: input
// The first byte is max_line, the second seeds the cuts; the rest, cut into random reads, must give the same lines as
// in one piece, and the same as a plain loop over its bytes.
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "input/line_splitter.h"
#include "require.h"

namespace {

using ipguard::fuzz::require;
using ipguard::input::LineSplitter;

struct Line {
  std::string text;
  uint64_t offset = 0;
  bool truncated = false;
  friend bool operator==(const Line&, const Line&) = default;
};

std::vector<Line> reference_lines(std::string_view bytes, size_t max_line) {
  std::vector<Line> lines;
  for (size_t begin = 0; begin < bytes.size();) {
    size_t end = begin;
    while (end < bytes.size() && bytes[end] != '\n') {
      ++end;
    }
    const bool truncated = end - begin > max_line;
    if (truncated || end < bytes.size()) {
      lines.push_back({std::string(bytes.substr(begin, truncated ? max_line : end - begin)), begin, truncated});
    }
    begin = end + 1;
  }
  return lines;
}

std::vector<Line> split_lines(std::string_view bytes, size_t max_line, std::minstd_rand* cuts) {
  std::vector<Line> lines;
  LineSplitter splitter(max_line);
  uint64_t next = 0;
  const LineSplitter::Emit emit = [&](std::string_view block, uint64_t offset, bool truncated) {
    require(offset >= next, "blocks overlap");
    next = offset + block.size();
    if (truncated) {
      lines.push_back({std::string(block), offset, true});
      return;
    }
    require(block.ends_with('\n'), "a block without LF at its end");
    for (size_t begin = 0; begin < block.size();) {
      const size_t end = block.find('\n', begin);
      lines.push_back({std::string(block.substr(begin, end - begin)), offset + begin, false});
      begin = end + 1;
    }
  };
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t length = cuts == nullptr ? bytes.size() : 1 + (*cuts)() % (1 + (*cuts)() % 64);
    const std::string_view piece = bytes.substr(begin, length);
    splitter.feed(piece, emit);
    begin += piece.size();
    require(splitter.position() == begin, "position is wrong");
    require(splitter.acknowledged() <= begin, "acknowledged more than was read");
    require(splitter.acknowledged() >= next, "handed out more than is acknowledged");
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t max_line = data[0];
  const std::string bytes(data + 2, data + size);
  const std::vector<Line> expected = reference_lines(bytes, max_line == 0 ? 1 : max_line);
  require(split_lines(bytes, max_line, nullptr) == expected, "one piece differs from the reference");
  std::minstd_rand cuts(data[1] + 1U);
  require(split_lines(bytes, max_line, &cuts) == expected, "cut pieces differ from the reference");
  return 0;
}
