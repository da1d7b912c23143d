#include "cli/report_reader.h"

#include <algorithm>
#include <utility>

#include "input/line_splitter.h"

namespace ipguard::cli {

SeriesReader::SeriesReader(std::vector<ReportInput>& inputs, const ReportSeries& series, size_t chunk_bytes,
                           size_t max_line, std::atomic<uint64_t>& raw_read)
    : inputs_(inputs),
      series_(series),
      chunk_bytes_(std::max(chunk_bytes, 2 * max_line)),
      max_line_(max_line),
      raw_read_(raw_read) {}

bool SeriesReader::next(Chunk& chunk) {
  chunk.read = 0;
  chunk.bytes.clear();
  chunk.error.clear();
  while (true) {
    if (!stream_ && !open_next(chunk)) {
      return finish(chunk);
    }
    if (!stream_) {
      join(chunk);
      return true;  // it could not be opened: the chunk tells
    }
    chunk.input = input_;
    chunk.offset = offset_;
    chunk.bytes.swap(carry_);
    carry_.clear();
    const uint64_t begin = offset_;
    const bool more = fill(chunk, chunk_bytes_);
    cut(chunk, more);
    chunk.read += offset_ - begin;
    if (!more) {
      chunk.error = std::exchange(failed_, {});
      close();
    }
    join(chunk);
    if (!chunk.bytes.empty() || !chunk.error.empty() || chunk.read > 0) {
      chunk.number = number_++;
      return true;
    }
  }
}

// False when there are no more; an input that cannot be opened leaves its error in `chunk` and no stream.
bool SeriesReader::open_next(Chunk& chunk) {
  if (next_input_ >= series_.inputs.size()) {
    return false;
  }
  input_ = series_.inputs[next_input_++];
  ReportInput& input = inputs_[input_];
  offset_ = 0;
  raw_told_ = 0;
  skipping_ = false;
  carry_.clear();
  if (input.stream != nullptr) {
    stream_.emplace(std::move(*input.stream));
    carry_ = std::move(input.head_bytes);
    return true;
  }
  auto opened = InputStream::open(input.path);
  if (!opened) {
    chunk.input = input_;
    chunk.error = opened.error().message;
    chunk.number = number_++;
    return true;
  }
  stream_.emplace(std::move(*opened));
  return true;
}

bool SeriesReader::fill(Chunk& chunk, size_t size) {
  const size_t before = chunk.bytes.size();
  if (before >= size) {
    return true;
  }
  // (libstdc++ 12 names more room than was asked for.)
  chunk.bytes.resize_and_overwrite(size, [this, before, size](char* bytes, size_t /*room*/) {
    return before + stream_->read(std::span(bytes, size).subspan(before)).value_or(0);
  });
  raw_read_.fetch_add(stream_->raw_position() - raw_told_, std::memory_order_relaxed);
  raw_told_ = stream_->raw_position();
  if (stream_->error()) {
    failed_ = stream_->error()->message;
    return false;
  }
  return chunk.bytes.size() == size;
}

// Leaves whole lines in the chunk, and what follows in carry_. Of a line that is longer than a chunk the beginning is
// left, and its rest is skipped.
void SeriesReader::cut(Chunk& chunk, bool more) {
  std::string& bytes = chunk.bytes;
  offset_ += bytes.size();
  if (skipping_) {
    const auto end = bytes.find('\n');
    skipping_ = end == std::string::npos;
    const size_t skipped = skipping_ ? bytes.size() : end + 1;
    bytes.erase(0, skipped);
    chunk.offset += skipped;
    if (bytes.empty()) {
      return;
    }
  }
  const auto last = bytes.rfind('\n');
  if (!failed_.empty()) {
    bytes.resize(last + 1);  // npos + 1 is 0: what breaks off is no line
    return;
  }
  if (!more && last != bytes.size() - 1 && !bytes.empty()) {
    if (bytes.size() - (last + 1) <= max_line_ || last != std::string::npos) {  // npos + 1 is 0
      bytes += '\n';                                                            // the last line lacks its end
    }
    return;
  }
  if (last == std::string::npos) {
    skipping_ = bytes.size() > max_line_;
    if (!skipping_) {
      carry_ = std::exchange(bytes, {});  // more of it comes
      offset_ -= carry_.size();
    }
    return;
  }
  carry_.assign(bytes, last + 1);
  bytes.resize(last + 1);
  offset_ -= carry_.size();
}

// As the daemon does it (input::Inputs): lines are cut to the limit, then the parts are put together. Here, where the
// chunks come one after the other: so it does not matter who judges them.
void SeriesReader::join(Chunk& chunk) {
  joined_.clear();
  const auto put = [this](const input::Block& block) {
    joined_ += block.bytes;
    joined_ += block.truncated ? " \n" : "";  // a byte over the limit: who judges the line cuts it again
  };
  const bool containers = input::PartJoiner::is_containers(chunk.bytes);
  if (containers) {
    input::LineSplitter splitter(max_line_);
    splitter.feed(chunk.bytes, [&](std::string_view lines, uint64_t, bool truncated) {
      joiner_.feed({.bytes = lines, .offset = fed_, .truncated = truncated}, max_line_, put);
      fed_ += lines.size();
    });
  }
  if (!chunk.error.empty()) {
    joiner_.finish(put);
  }
  if (containers) {
    chunk.bytes.swap(joined_);
  } else {
    chunk.bytes += joined_;
  }
}

// What has no end at the end of all. False if there is nothing.
bool SeriesReader::finish(Chunk& chunk) {
  joiner_.finish([&chunk](const input::Block& block) { chunk.bytes += block.bytes; });
  if (chunk.bytes.empty()) {
    return false;
  }
  chunk.input = input_;
  chunk.offset = offset_;
  chunk.number = number_++;
  return true;
}

void SeriesReader::close() {
  stream_.reset();
  carry_.clear();
}

}  // namespace ipguard::cli
