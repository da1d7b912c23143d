#include "input/line_splitter.h"

#include <algorithm>
#include <cstring>

namespace ipguard::input {
namespace {

// memchr and memrchr (GNU) are several times faster than string_view's own loops.
size_t find_lf(std::string_view bytes) {
  const void* found = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\n', bytes.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
}

size_t find_last_lf(std::string_view bytes) {
  const void* found = bytes.empty() ? nullptr : ::memrchr(bytes.data(), '\n', bytes.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace

LineSplitter::LineSplitter(size_t max_line) : max_line_(std::max<size_t>(max_line, 1)) {}

void LineSplitter::set_max_line(size_t max_line) { max_line_ = std::max<size_t>({max_line, carry_.size(), 1}); }

void LineSplitter::restart(uint64_t position, bool inside_line) {
  position_ = position;
  acknowledged_ = position;
  carry_.clear();
  skipping_ = inside_line;
}

void LineSplitter::feed(std::string_view bytes, const Emit& emit) {
  position_ += bytes.size();
  if (skipping_) {
    bytes = skip_rest(bytes);
  }
  if (!carry_.empty()) {
    bytes = complete_carry(bytes, emit);
  }
  if (bytes.empty()) {
    return;
  }
  const size_t last = find_last_lf(bytes);
  if (last != std::string_view::npos) {
    give_whole_lines(bytes.substr(0, last + 1), emit);
    bytes.remove_prefix(last + 1);
  }
  if (bytes.size() > max_line_) {
    give(bytes.substr(0, max_line_), true, emit);
    acknowledged_ = position_;
    skipping_ = true;
  } else {
    carry_ = bytes;
  }
}

void LineSplitter::finish(const Emit& emit) {
  if (carry_.empty()) {
    return;
  }
  const size_t length = carry_.size();
  carry_ += '\n';
  emit(carry_, acknowledged_, false);
  acknowledged_ += length;
  carry_.clear();
}

std::string_view LineSplitter::skip_rest(std::string_view bytes) {
  const size_t end = find_lf(bytes);
  if (end == std::string_view::npos) {
    acknowledged_ += bytes.size();
    return {};
  }
  acknowledged_ += end + 1;
  skipping_ = false;
  return bytes.substr(end + 1);
}

std::string_view LineSplitter::complete_carry(std::string_view bytes, const Emit& emit) {
  const size_t end = find_lf(bytes);
  const size_t rest_of_line = std::min(end, bytes.size());
  if (carry_.size() + rest_of_line > max_line_) {
    carry_ += bytes.substr(0, max_line_ - carry_.size());
    emit(carry_, acknowledged_, true);
    acknowledged_ = position_ - bytes.size();
    carry_.clear();
    skipping_ = true;
    return skip_rest(bytes);
  }
  if (end == std::string_view::npos) {
    carry_ += bytes;
    return {};
  }
  carry_ += bytes.substr(0, end + 1);
  give(carry_, false, emit);
  carry_.clear();
  return bytes.substr(end + 1);
}

// `lines` ends with LF. Lines within the bound are passed on in one piece: a window of max_line + 1 bytes that begins
// at a line's beginning and holds an LF proves all lines up to its last LF short enough, so that few bytes are looked
// at.
void LineSplitter::give_whole_lines(std::string_view lines, const Emit& emit) {
  size_t checked = 0;
  while (lines.size() - checked > max_line_ + 1) {
    const size_t last = find_last_lf(lines.substr(checked, max_line_ + 1));
    if (last != std::string_view::npos) {
      checked += last + 1;
      continue;
    }
    if (checked > 0) {
      give(lines.substr(0, checked), false, emit);
    }
    const std::string_view overlong = lines.substr(checked);
    const size_t length = find_lf(overlong) + 1;
    const uint64_t offset = acknowledged_;
    emit(overlong.substr(0, max_line_), offset, true);
    acknowledged_ = offset + length;
    lines = overlong.substr(length);
    checked = 0;
  }
  if (!lines.empty()) {
    give(lines, false, emit);
  }
}

void LineSplitter::give(std::string_view bytes, bool truncated, const Emit& emit) {
  emit(bytes, acknowledged_, truncated);
  acknowledged_ += bytes.size();
}

}  // namespace ipguard::input
