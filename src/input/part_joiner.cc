#include "input/part_joiner.h"

#include <algorithm>

#include "base/ascii.h"

namespace ipguard::input {
namespace {

constexpr std::string_view docker_begin = R"({"log":")";
constexpr std::string_view docker_stream = R"(","stream":")";
// Docker ends a part there (daemon/logger/copier.go), and whatever there is at a container's end. Escapes only make it
// longer.
constexpr size_t docker_part = 16UL << 10;
// CRI's columns behind the stamp: " stdout F ".
constexpr size_t cri_columns = 10;

// Of an RFC 3339 stamp that begins the line; 0 if there is none.
size_t stamp_length(std::string_view line) {
  constexpr size_t shortest = 20;
  constexpr size_t longest = 40;
  const size_t end = line.substr(0, longest).find(' ');
  const bool is_stamp = end != std::string_view::npos && end >= shortest && line[4] == '-' && line[10] == 'T' &&
                        all_digits(line.substr(0, 4));
  return is_stamp ? end : 0;
}

bool is_docker(std::string_view line) { return line.starts_with(docker_begin); }

bool is_cri(std::string_view line) {
  const size_t stamp = stamp_length(line);
  const auto columns = line.substr(stamp, cri_columns);
  return stamp > 0 && columns.size() == cri_columns &&
         (columns.starts_with(" stdout ") || columns.starts_with(" stderr ")) &&
         (columns.ends_with("F ") || columns.ends_with("P "));
}

size_t stream_index(std::string_view name) { return name.starts_with("stderr") ? 1 : 0; }

// Whether the JSON text ends in an escaped line feed: an odd number of backslashes, and "n".
bool ends_in_escaped_lf(std::string_view text) {
  if (!text.ends_with('n')) {
    return false;
  }
  text.remove_suffix(1);
  const size_t other = text.find_last_not_of('\\');
  return (text.size() - (other == std::string_view::npos ? 0 : other + 1)) % 2 == 1;
}

}  // namespace

// A line of a container runtime, or (not `known`) of something else.
struct PartJoiner::Part {
  bool known = false;
  bool last = true;       // its program's line ends here
  size_t stream = 0;      // index into open_
  size_t text_begin = 0;  // the program's text, and where it ends
  size_t text_end = 0;
  std::string_view line;
};

PartJoiner::Part PartJoiner::parse(std::string_view line) {
  if (is_docker(line)) {
    // The last one is docker's: in a client's text the quotes are escaped.
    const size_t end = line.rfind(docker_stream);
    if (end == std::string_view::npos || end < docker_begin.size()) {
      return {};
    }
    const auto text = line.substr(docker_begin.size(), end - docker_begin.size());
    return {.known = true,
            .last = text.size() < docker_part || ends_in_escaped_lf(text),
            .stream = stream_index(line.substr(end + docker_stream.size())),
            .text_begin = docker_begin.size(),
            .text_end = end,
            .line = line};
  }
  if (is_cri(line)) {
    const size_t stamp = stamp_length(line);
    return {.known = true,
            .last = line[stamp + cri_columns - 2] == 'F',
            .stream = stream_index(line.substr(stamp + 1)),
            .text_begin = stamp + cri_columns,
            .text_end = line.size(),
            .line = line};
  }
  return {};
}

void PartJoiner::feed(const Block& block, size_t max_line, const Emit& emit) {
  const bool goes_on = block.offset == next_offset_ || block.offset == 0;
  if (!goes_on) {
    open_ = {};
  }
  next_offset_ = block.offset + block.bytes.size();
  if (block.truncated) {
    take_cut(block.bytes);
    emit(block);
  } else if (is_containers(block.bytes)) {
    take_parts(block, max_line, emit);
  } else {
    emit(block);
  }
}

bool PartJoiner::is_containers(std::string_view lines) { return is_docker(lines) || is_cri(lines); }

bool PartJoiner::wants_before(const Block& block) const {
  return block.offset != 0 && block.offset != next_offset_ && is_containers(block.bytes);
}

void PartJoiner::begin_behind(std::string_view lines, uint64_t offset, bool from_beginning, size_t max_line) {
  const Open unknown{.text = {}, .ending = {}, .is_open = !from_beginning, .skipping = !from_beginning};
  open_ = {unknown, unknown};
  std::array<bool, 2> seen{};
  const uint64_t overlong = overlong_;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    if (const auto part = parse(lines.substr(0, end)); part.known) {
      seen[part.stream] = true;
      if (belongs(part) && join(part, max_line)) {
        open_[part.stream].text.clear();
      }
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  for (size_t i = 0; i < open_.size(); ++i) {
    if (!seen[i]) {
      open_[i] = {};  // nothing says that it is in the middle of a line
    }
  }
  overlong_ = overlong;  // these were counted before, or nobody asked for them
  next_offset_ = offset;
}

// Of a line that was cut where it is read, its end is not known. In docker's that is where it says whether it was
// whole: what follows may be the rest of it.
void PartJoiner::take_cut(std::string_view line) {
  if (is_docker(line)) {
    for (auto& open : open_) {
      open = {.text = {}, .ending = {}, .is_open = true, .skipping = true};
    }
  } else if (const auto part = parse(line); part.known) {
    open_[part.stream] = {.text = {}, .ending = {}, .is_open = !part.last, .skipping = !part.last};
  }
}

bool PartJoiner::belongs(const Part& part) const { return !part.last || open_[part.stream].is_open; }

// Adds the part to what is open of its stream. True if that is a line now, or as much of one as may be, in `text`.
bool PartJoiner::join(const Part& part, size_t max_line) {
  Open& open = open_[part.stream];
  if (open.skipping) {
    overlong_ += part.last ? 1U : 0U;
    open.is_open = !part.last;
    open.skipping = !part.last;
    return false;
  }
  if (!open.is_open) {
    open.text.assign(part.line.substr(0, part.text_begin));
    open.is_open = true;
  }
  open.text.append(part.line.substr(part.text_begin, part.text_end - part.text_begin));
  if (!part.last && open.text.size() <= max_line) {
    open.ending.assign(part.line.substr(part.text_end));
    return false;
  }
  open.text.append(part.line.substr(part.text_end)).push_back('\n');
  if (part.last && !is_docker(open.text)) {
    open.text[stamp_length(open.text) + cri_columns - 2] = 'F';
  }
  open.is_open = !part.last;
  open.skipping = !part.last;
  return true;
}

void PartJoiner::finish(const Emit& emit) {
  for (Open& open : open_) {
    if (!open.text.empty()) {
      open.text.append(open.ending).push_back('\n');
      emit({.bytes = open.text, .offset = next_offset_});
    }
    open = {};
  }
}

void PartJoiner::take_parts(const Block& block, size_t max_line, const Emit& emit) {
  const auto bytes = block.bytes;
  Block out = block;
  const auto give = [&](std::string_view lines, size_t at) {
    if (!lines.empty()) {
      out.bytes = lines;
      out.offset = block.offset + at;
      emit(out);
    }
  };
  size_t run = 0;  // where the whole lines begin that have not been given out
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const size_t next = std::min(end + 1, bytes.size());
    const auto part = parse(bytes.substr(begin, end - begin));
    if (part.known && belongs(part)) {
      give(bytes.substr(run, begin - run), run);
      if (join(part, max_line)) {
        give(open_[part.stream].text, begin);
        open_[part.stream].text.clear();
      }
      run = next;
    }
    begin = next;
  }
  give(bytes.substr(run), run);
}

}  // namespace ipguard::input
