#include "cli/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <optional>

#include "base/text.h"
#include "base/unique_fd.h"
#include "base/unpacker.h"
#include "input/line_splitter.h"

namespace ipguard::cli {
namespace {

constexpr size_t chunk_bytes = 256U << 10;

// A pipe may hand them out one by one. Who types a shorter line wants its answer now; no packed file begins so.
bool tells_packing(std::string_view beginning) {
  constexpr size_t enough = 6;
  return beginning.size() >= enough || beginning.contains('\n');
}

}  // namespace

Result<> read_lines(const std::string& file, size_t max_line, const TakeLines& take) {
  const bool standard_input = file == "-";
  const std::string name = standard_input ? "standard input" : printable(file);
  if (standard_input && ::isatty(STDIN_FILENO) == 1) {
    std::cerr << "ipguardctl: reading lines from the terminal; Ctrl-D ends them\n";
  }
  const UniqueFd opened(standard_input ? -1 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!standard_input && !opened.valid()) {
    return fail_errno("cannot read " + name, errno);
  }
  const int fd = standard_input ? STDIN_FILENO : opened.get();
  input::LineSplitter splitter(max_line);
  const auto emit = [&](std::string_view bytes, uint64_t, bool truncated) { take(bytes, truncated); };
  const auto feed = [&](std::string_view bytes) -> Result<> {
    splitter.feed(bytes, emit);
    return {};
  };
  std::optional<Unpacker> unpacker;
  std::string buffer(chunk_bytes, '\0');
  size_t held = 0;     // of the buffer: too little to tell whether it is packed
  while (std::cout) {  // a full disk takes no more
    const ssize_t count = ::read(fd, buffer.data() + held, buffer.size() - held);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("cannot read " + name, errno);
    }
    const auto bytes = std::string_view(buffer).substr(0, held + static_cast<size_t>(count));
    if (!unpacker && count > 0 && !tells_packing(bytes)) {
      held = bytes.size();
      continue;
    }
    held = 0;
    if (!unpacker) {
      unpacker.emplace(packing_of(bytes));
    }
    auto unpacked = bytes.empty() ? Result<>() : unpacker->feed(bytes, feed);
    if (unpacked && count == 0) {
      unpacked = unpacker->end();
    }
    if (count == 0 || !unpacked) {
      splitter.finish(emit);
      return unpacked ? Result<>() : std::unexpected(add_context(unpacked, "cannot unpack " + name));
    }
    std::cout.flush();
  }
  return {};
}

Result<> read_files(const std::vector<std::string>& files, size_t max_line, const TakeLines& take) {
  bool whole = true;
  for (const auto& file : files) {
    if (auto done = read_lines(file, max_line, take); !done) {
      std::cerr << "ipguardctl: " << done.error().message << '\n';
      whole = false;
    }
  }
  return whole ? Result<>() : fail("");
}

void for_each_line(std::string_view lines, const std::function<void(std::string_view line)>& visit) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    auto line = lines.substr(0, end);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    visit(line);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

}  // namespace ipguard::cli
