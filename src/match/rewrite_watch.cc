#include "match/rewrite_watch.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace ipguard::match {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool continues_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

// Whether the byte at `index` makes its line one that may be rewritten, '?' apart. `line_end` ends the line.
bool rewrites_at(std::string_view text, size_t index, size_t line_end) {
  const char c = text[index];
  const auto at = [&](size_t i) { return i < line_end ? text[i] : '\n'; };
  switch (c) {
    case '\\':
    case '\xc0':
    case '\xc1':
    case '\xe0':
    case '\xf0':
      return true;
    case '%':
      return is_hex(at(index + 1)) && is_hex(at(index + 2));
    case '/':
      return (at(index + 1) == '/' && (index == 0 || text[index - 1] != ':')) ||
             (at(index + 1) == '.' && !continues_name(at(index + 2)));
    default:
      return false;
  }
}

bool has_plus(std::string_view query) { return query.find('+') != std::string_view::npos; }

size_t line_end_at(std::string_view block, size_t index) {
  const void* const found = std::memchr(block.data() + index, '\n', block.size() - index);
  return found == nullptr ? block.size() : static_cast<size_t>(static_cast<const char*>(found) - block.data());
}

// Sixteen bytes at once, by the vector extension of GCC and Clang: every processor has registers of this size, and a
// plain loop is not turned into such code. A comparison yields ff or 00 in each byte.
using Bytes = uint8_t __attribute__((vector_size(16)));
constexpr size_t chunk_size = sizeof(Bytes);

Bytes load(const char* at) {
  Bytes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

bool any(const Bytes& marks) {
  std::array<uint64_t, 2> halves{};
  std::memcpy(halves.data(), &marks, sizeof marks);
  return (halves[0] | halves[1]) != 0;
}

// Marks the bytes that LineCollector has to look at. `at[-1]` and `at[chunk_size]` exist.
Bytes mark_suspects(const char* at) {
  const Bytes here = load(at);
  const Bytes next = load(at + 1);
  const Bytes before = load(at - 1);
  const auto slash = (here == '/') & ((next == '.') | ((next == '/') & (before != ':')));
  const auto overlong = ((here & 0xfe) == 0xc0) | ((here & 0xef) == 0xe0);  // c0, c1; e0, f0
  return static_cast<Bytes>(slash | overlong | (here == '%') | (here == '\\') | (here == '?'));
}

// Counts LFs chunk by chunk.
class LineCounter {
 public:
  void add(const char* at) {
    counts_ -= static_cast<Bytes>(load(at) == '\n');  // ff is -1
    if (++chunks_ == 255) {
      fold();
    }
  }
  void add_byte(char byte) { total_ += byte == '\n' ? 1U : 0U; }
  [[nodiscard]] uint64_t total() {
    fold();
    return total_;
  }

 private:
  void fold() {
    for (size_t i = 0; i < chunk_size; ++i) {
      total_ += counts_[i];
    }
    counts_ = Bytes{};
    chunks_ = 0;
  }

  Bytes counts_{};
  unsigned chunks_ = 0;
  uint64_t total_ = 0;
};

// Collects the lines, in the order of the bytes that are shown to it.
class LineCollector {
 public:
  LineCollector(std::string_view block, std::vector<uint32_t>& line_ends) : block_(block), line_ends_(line_ends) {}

  void look_at(size_t index) {
    if (index >= line_end_) {
      line_end_ = line_end_at(block_, index);
      found_ = false;
      query_seen_ = false;
    }
    if (found_) {
      return;
    }
    bool rewrites = false;
    if (block_[index] != '?') {
      rewrites = rewrites_at(block_, index, line_end_);
    } else if (!query_seen_) {  // behind the first one is all that is behind the others: looking once keeps it linear
      query_seen_ = true;
      rewrites = has_plus(block_.substr(index, line_end_ - index));
    }
    if (rewrites) {
      line_ends_.push_back(static_cast<uint32_t>(line_end_));
      found_ = true;
    }
  }

  void look_at_chunk(size_t begin, const Bytes& suspects) {
    for (size_t i = 0; i < chunk_size; ++i) {
      if (suspects[i] != 0) {
        look_at(begin + i);
      }
    }
  }

 private:
  std::string_view block_;
  std::vector<uint32_t>& line_ends_;
  size_t line_end_ = 0;      // of the line that was looked at last
  bool found_ = false;       // that line is in `line_ends_`
  bool query_seen_ = false;  // it has a '?'
};

}  // namespace

bool may_be_rewritten(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (rewrites_at(line, i, line.size())) {
      return true;
    }
  }
  const size_t query = line.find('?');
  return query != std::string_view::npos && has_plus(line.substr(query));
}

uint64_t count_line_ends(std::string_view block) {
  LineCounter lines;
  size_t at = 0;
  for (; at + chunk_size <= block.size(); at += chunk_size) {
    lines.add(block.data() + at);
  }
  for (; at < block.size(); ++at) {
    lines.add_byte(block[at]);
  }
  return lines.total();
}

uint64_t find_rewritten_lines(std::string_view block, std::vector<uint32_t>& line_ends) {
  LineCollector collector(block, line_ends);
  LineCounter lines;
  size_t at = 0;
  if (!block.empty()) {
    collector.look_at(0);  // so that every chunk has a byte in front of it
    lines.add_byte(block[0]);
    at = 1;
  }
  for (; at + chunk_size < block.size(); at += chunk_size) {
    const Bytes suspects = mark_suspects(block.data() + at);
    if (any(suspects)) {
      collector.look_at_chunk(at, suspects);
    }
    lines.add(block.data() + at);
  }
  for (; at < block.size(); ++at) {
    collector.look_at(at);
    lines.add_byte(block[at]);
  }
  return lines.total();
}

}  // namespace ipguard::match
