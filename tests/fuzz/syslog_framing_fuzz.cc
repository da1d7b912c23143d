// links: input
// The first byte is the bound, the second seeds the cuts; the rest, cut into random reads, must give the same messages
// as in one piece. Every message becomes exactly one line, and no byte is given out twice.
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "input/syslog_framing.h"
#include "require.h"

namespace {

using ipguard::fuzz::require;
using ipguard::input::SyslogFramer;

struct Result {
  std::vector<std::pair<std::string, bool>> messages;
  uint64_t torn = 0;
  friend bool operator==(const Result&, const Result&) = default;
};

Result frame(std::string_view bytes, size_t bound, std::minstd_rand* cuts) {
  Result result;
  SyslogFramer framer(bound);
  const SyslogFramer::Emit emit = [&](std::string_view message, bool cut) {
    require(!message.empty() && message.size() <= bound, "a message beyond its bound");
    result.messages.emplace_back(message, cut);
  };
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t length = cuts == nullptr ? bytes.size() : 1 + (*cuts)() % (1 + (*cuts)() % 64);
    const auto piece = bytes.substr(begin, length);
    framer.feed(piece, emit);
    begin += piece.size();
    require(framer.held() <= begin, "holds more than was read");
  }
  result.torn = framer.finish(emit);
  require(framer.held() == 0, "holds something behind the end");
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t bound = data[0] == 0 ? 1 : data[0];
  const std::string bytes(data + 2, data + size);
  const auto whole = frame(bytes, bound, nullptr);
  std::minstd_rand cuts(data[1] + 1U);
  require(frame(bytes, bound, &cuts) == whole, "cut pieces differ from one piece");
  size_t total = whole.torn;
  std::string lines;
  for (const auto& [message, cut] : whole.messages) {
    total += message.size();
    lines.clear();
    ipguard::input::append_line(ipguard::input::without_trailer(message), "192.0.2.9", lines);
    require(lines.find('\n') == lines.size() - 1, "a message is not one line");
    require(lines.find('\0') == std::string::npos, "a NUL in a line");
    require(lines.size() <= 4 * message.size() + 64, "a line much longer than its message");
  }
  require(total <= bytes.size(), "more came out than went in");
  return 0;
}
