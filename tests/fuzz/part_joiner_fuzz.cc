// links: input
// The first byte is max_line / 16, the second seeds the cuts, the third says what the rest is: bytes of a file, or
// choices of which lines of a CRI runtime are made. Whole lines come out, no more than went in, and what is kept is
// bounded; of a runtime's lines the cuts into blocks change nothing.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "input/part_joiner.h"
#include "require.h"

namespace {

using ipguard::fuzz::require;
using ipguard::input::Block;
using ipguard::input::PartJoiner;

std::string join(const std::string& bytes, size_t max_line, std::minstd_rand* cuts) {
  std::string joined;
  PartJoiner joiner;
  size_t longest = 0;
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t wanted = cuts == nullptr ? bytes.size() : begin + (*cuts)() % 512;
    size_t end = std::min(bytes.find('\n', std::min(wanted, bytes.size() - 1)), bytes.size());
    end = std::min(end + 1, bytes.size());
    const Block block{.bytes = std::string_view(bytes).substr(begin, end - begin), .offset = begin};
    joiner.feed(block, max_line, [&](const Block& each) {
      require(each.bytes.ends_with('\n'), "a line without LF");
      require(each.offset < end, "an offset beyond what was read");
      joined.append(each.bytes);
    });
    longest = std::max(longest, block.bytes.size());
    require(joiner.held() <= 2 * (max_line + longest), "too much is kept");
    begin = end;
  }
  joiner.finish([&](const Block& each) {
    require(each.bytes.ends_with('\n'), "a line without LF");
    joined.append(each.bytes);
  });
  require(joiner.held() == 0, "something is kept after the end");
  require(joined.size() <= bytes.size() + 1, "more came out than went in");
  return joined;
}

std::string runtime_lines(const uint8_t* data, size_t size) {
  std::string lines;
  for (size_t i = 0; i < size; ++i) {
    lines += "2026-01-01T00:00:00.000000001Z ";
    lines += (data[i] & 1U) != 0 ? "stdout " : "stderr ";
    lines += (data[i] & 2U) != 0 ? "P " : "F ";
    lines += std::string(data[i] >> 2U, static_cast<char>('a' + i % 26)) + '\n';
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) {
    return 0;
  }
  const size_t max_line = 16U * (data[0] + 1U);
  std::minstd_rand cuts(data[1] + 1U);
  if (data[2] % 2 == 0) {
    std::string bytes(data + 3, data + size);
    bytes.push_back('\n');
    (void)join(bytes, max_line, &cuts);
    return 0;
  }
  const auto lines = runtime_lines(data + 3, size - 3);
  require(join(lines, max_line, &cuts) == join(lines, max_line, nullptr), "the cuts change something");
  return 0;
}
