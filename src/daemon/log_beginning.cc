#include "daemon/log_beginning.h"

#include <algorithm>

#include "base/file.h"

namespace ipguard::daemon {
namespace {

constexpr uint64_t part_bytes = 64U << 10;

std::string read_part(int fd, uint64_t from, uint64_t until) {
  std::string text(until - from, '\0');
  const auto got = read_at(fd, text, from);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  text.resize(text.rfind('\n') + 1);  // npos + 1 = 0
  return text;
}

}  // namespace

std::string lines_before(int fd, uint64_t offset) {
  std::string lines = read_part(fd, 0, std::min(offset, part_bytes));
  if (offset > part_bytes) {
    const auto later = read_part(fd, std::max(offset - part_bytes, part_bytes), offset);
    const size_t begin = later.find('\n');  // what stands before it began earlier
    lines.append(begin == std::string::npos ? std::string() : later.substr(begin + 1));
  }
  return lines;
}

}  // namespace ipguard::daemon
