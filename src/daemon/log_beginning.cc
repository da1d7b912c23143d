#include "daemon/log_beginning.h"

#include <fcntl.h>

#include <algorithm>

#include "base/file.h"
#include "base/unique_fd.h"

namespace ipguard::daemon {
namespace {

constexpr uint64_t part = 64U << 10;

std::string read_part(int fd, uint64_t from, uint64_t until) {
  std::string text(until - from, '\0');
  const auto got = read_at(fd, text, from);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  text.resize(text.rfind('\n') + 1);  // npos + 1 = 0
  return text;
}

}  // namespace

std::string lines_before(const std::string& path, uint64_t offset) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) {
    return {};
  }
  std::string lines = read_part(fd.get(), 0, std::min(offset, part));
  if (offset > part) {
    const auto later = read_part(fd.get(), std::max(offset - part, part), offset);
    const size_t begin = later.find('\n');  // what stands before it began earlier
    lines.append(begin == std::string::npos ? std::string() : later.substr(begin + 1));
  }
  return lines;
}

}  // namespace ipguard::daemon
