// Batch: what one worker found in one chunk of a log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/address.h"

namespace ipguard::cli {

// Whole lines, each ended by LF; or the beginning of one that is longer than the limit, without LF. Cuts between chunks
// depend on the input alone. What a container runtime has split is put together (input/part_joiner.h).
struct Chunk {
  size_t input = 0;     // place in the list of inputs
  uint64_t number = 0;  // in its series
  uint64_t offset = 0;  // in the unpacked content of its input
  uint64_t id = 0;      // among all chunks that do not stand in order
  uint64_t read = 0;    // bytes of the input that were read for it: those of all chunks are the whole input
  std::string bytes;
  std::string error;  // the input ends here, because of this
};

// A piece of Batch::texts.
struct TextRange {
  uint32_t begin = 0;
  uint32_t length = 0;
};

struct Record {
  enum class Kind : uint8_t { hit, login, visit };
  Kind kind = Kind::hit;
  bool shown = true;        // passes the conditions on fields
  bool good = false;        // visit: answered with 2xx or 3xx
  bool user_known = false;  // visit: of an authenticated user
  uint16_t rule = 0;        // place in the rule set
  uint32_t repeat = 1;
  uint64_t offset = 0;
  TimePoint time;
  net::Address address;
  TextRange line = {};
  TextRange path = {};
  TextRange user_agent = {};
  TextRange user = {};
  TextRange distinct = {};
};

struct Batch {
  size_t input = 0;
  std::vector<Record> records;  // in the order of the lines
  std::string texts;
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t overlong_lines = 0;     // longer than the limit: only their beginnings were judged
  uint64_t lines_hit = 0;          // by rules that take part or not
  uint64_t ahead = 0;              // of the lines with records: stamped ahead of the clock, see ReportScan
  uint64_t unread_lines = 0;       // of no format; estimated from below, see ChunkScan
  uint64_t first_unread_line = 0;  // from 1, within the chunk; 0 = none
  std::optional<TimePoint> first;  // of the lines that were parsed
  std::optional<TimePoint> last;
  std::string error;

  [[nodiscard]] std::string_view text(const TextRange& range) const {
    return std::string_view(texts).substr(range.begin, range.length);
  }
  [[nodiscard]] TextRange keep(std::string_view text) {
    const TextRange range{.begin = static_cast<uint32_t>(texts.size()), .length = static_cast<uint32_t>(text.size())};
    texts += text;
    return range;
  }
  void clear();
};

// Batches that nobody needs any more, to be filled anew. May be called by several threads.
class BatchPool {
 public:
  [[nodiscard]] std::unique_ptr<Batch> take();
  void give_back(std::unique_ptr<Batch> batch);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Batch>> free_;
};

}  // namespace ipguard::cli
