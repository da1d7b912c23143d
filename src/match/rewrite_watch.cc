#include "match/rewrite_watch.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "base/line_counter.h"
#include "match/formats/columns.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

bool continues_name(char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; }

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
      return is_hex_digit(at(index + 1)) && is_hex_digit(at(index + 2));
    case '/':
      return (at(index + 1) == '/' && (index == 0 || text[index - 1] != ':')) ||
             (at(index + 1) == '.' && !continues_name(at(index + 2)));
    default:
      return false;
  }
}

size_t line_end_at(std::string_view block, size_t index) {
  const void* const found = std::memchr(block.data() + index, '\n', block.size() - index);
  return found == nullptr ? block.size() : static_cast<size_t>(static_cast<const char*>(found) - block.data());
}

constexpr size_t chunk_size = sizeof(ByteVector);

// Marks the bytes that LineCollector has to look at. `at[-1]` and `at[chunk_size]` exist.
ByteVector mark_suspects(const char* at) {
  const ByteVector here = load_bytes(at);
  const ByteVector next = load_bytes(at + 1);
  const ByteVector before = load_bytes(at - 1);
  const auto slash = (here == '/') & ((next == '.') | ((next == '/') & (before != ':')));
  const auto overlong = ((here & 0xfe) == 0xc0) | ((here & 0xef) == 0xe0);  // c0, c1; e0, f0
  return static_cast<ByteVector>(slash | overlong | (here == '%') | (here == '\\') | (here == '?'));
}

// Whether ` [25/Feb/2026:04:30:17 +0000] ` stands before the quote, which then opens a request.
bool follows_stamp(std::string_view line, size_t quote) {
  constexpr size_t stamp_to_quote = clf_stamp_length + 4;
  return quote > stamp_to_quote && line.substr(quote - stamp_to_quote, 2) == " [" &&
         line.substr(quote - 2, 2) == "] " &&
         parse_clf_stamp(line.substr(quote - stamp_to_quote + 2, clf_stamp_length));
}

// Whether ` STATUS BYTES` stands there, as combined_format() takes them.
bool begins_with_status_and_bytes(std::string_view rest) {
  constexpr size_t status_end = 4;  // ` 404`
  if (rest.size() <= status_end + 1 || rest[0] != ' ' || rest[status_end] != ' ' ||
      rest.find_first_not_of("0123456789", 1) != status_end) {
    return false;
  }
  const size_t bytes = status_end + 1;
  return is_number_or_hyphen(rest.substr(bytes, rest.find(' ', bytes) - bytes));
}

// The part of a line whose fields a format may rewrite. Of an access log's line it ends with the request: the stamp
// stands before its opening quote; its closing quote is the second one, because clients' quotes are written with a
// backslash, and status and bytes stand behind it. Less than all of this is not enough: a column in front of the stamp
// may look like a request and its status (Apache writes a user without a name as ""), another bracket may hold the
// stamp that a format goes by, and of servers that write clients' quotes as they are a request may hold `" 404 `.
std::string_view watched_part(std::string_view line) {
  const size_t opening = line.find('"');
  const size_t closing = opening == std::string_view::npos ? opening : line.find('"', opening + 1);
  const bool ends_with_request =
      closing != std::string_view::npos && line.find('\\') == std::string_view::npos && follows_stamp(line, opening) &&
      begins_with_status_and_bytes(line.substr(closing + 1)) && line.find(" [", opening) == std::string_view::npos;
  return ends_with_request ? line.substr(0, closing) : line;
}

// Collects the lines, in the order of the bytes that are shown to it.
class LineCollector {
 public:
  LineCollector(std::string_view block, std::vector<uint32_t>& line_ends, bool whole_lines)
      : block_(block), line_ends_(line_ends), whole_lines_(whole_lines) {}

  void look_at(size_t index) {
    if (index >= line_end_) {
      line_end_ = line_end_at(block_, index);
      watched_end_ = line_end_;
      narrowed_ = false;
      settled_ = false;
      query_seen_ = false;
    }
    if (settled_ || !rewrites(index)) {
      return;
    }
    if (!narrowed_) {  // few lines come this far
      narrowed_ = true;
      watched_end_ = end_of_watched_part(index);
      if (block_[index] == '?' && index < watched_end_ && !has_plus(index)) {
        return;
      }
    }
    settled_ = true;
    if (index < watched_end_) {
      line_ends_.push_back(static_cast<uint32_t>(line_end_));
    }
  }

 private:
  bool rewrites(size_t index) {
    if (block_[index] != '?') {
      return rewrites_at(block_, index, line_end_);
    }
    // Behind the first one is all that is behind the others: looking once keeps it linear.
    return !std::exchange(query_seen_, true) && index < watched_end_ && has_plus(index);
  }

  [[nodiscard]] bool has_plus(size_t index) const {
    return block_.substr(index, watched_end_ - index).find('+') != std::string_view::npos;
  }

  [[nodiscard]] size_t end_of_watched_part(size_t index) const {
    if (whole_lines_) {
      return line_end_;
    }
    const size_t lf = index == 0 ? std::string_view::npos : block_.rfind('\n', index - 1);
    const size_t begin = lf == std::string_view::npos ? 0 : lf + 1;
    return begin + watched_part(block_.substr(begin, line_end_ - begin)).size();
  }

  std::string_view block_;
  std::vector<uint32_t>& line_ends_;
  bool whole_lines_;
  size_t line_end_ = 0;      // of the line that was looked at last
  size_t watched_end_ = 0;   // of what counts in that line, as far as known
  bool narrowed_ = false;    // watched_end_ is known
  bool settled_ = false;     // nothing more in that line matters
  bool query_seen_ = false;  // it has a '?'
};

}  // namespace

bool may_be_rewritten(std::string_view line) {
  const std::string_view watched = watched_part(line);
  for (size_t i = 0; i < watched.size(); ++i) {
    if (rewrites_at(line, i, line.size())) {
      return true;
    }
  }
  const size_t query = watched.find('?');
  return query != std::string_view::npos && watched.find('+', query) != std::string_view::npos;
}

uint64_t find_rewritten_lines(std::string_view block, std::vector<uint32_t>& line_ends, bool whole_lines) {
  LineCollector collector(block, line_ends, whole_lines);
  LineCounter lines;
  size_t at = 0;
  if (!block.empty()) {
    collector.look_at(0);  // so that every chunk has a byte in front of it
    lines.add_byte(block[0]);
    at = 1;
  }
  for (; at + chunk_size < block.size(); at += chunk_size) {
    for_each_marked(mark_suspects(block.data() + at), [&](size_t i) { collector.look_at(at + i); });
    lines.add(load_bytes(block.data() + at));
  }
  for (; at < block.size(); ++at) {
    collector.look_at(at);
    lines.add_byte(block[at]);
  }
  return lines.total();
}

}  // namespace ipguard::match
