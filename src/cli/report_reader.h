// SeriesReader: the inputs of one series, one after the other, in chunks of whole lines.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/report_batch.h"
#include "cli/report_inputs.h"
#include "cli/report_stream.h"
#include "input/part_joiner.h"

namespace ipguard::cli {

// Used by one thread at a time.
class SeriesReader {
 public:
  // `raw_read` is told how far the reading is, in bytes of the files. Inputs outlive the reader; of those that cannot
  // be opened twice the streams are taken from them.
  SeriesReader(std::vector<ReportInput>& inputs, const ReportSeries& series, size_t chunk_bytes, size_t max_line,
               std::atomic<uint64_t>& raw_read);

  // The next chunk, `id` left alone; false at the end. A chunk without bytes tells an input's error, or how many bytes
  // were read that are in none: the rest of a line that is too long, parts of one that is not whole yet.
  [[nodiscard]] bool next(Chunk& chunk);

 private:
  [[nodiscard]] bool open_next(Chunk& chunk);
  // Appends what the input has, up to `size` bytes in all; false at its end, or on an error that `chunk` tells.
  [[nodiscard]] bool fill(Chunk& chunk, size_t size);
  void cut(Chunk& chunk, bool more);
  void join(Chunk& chunk);
  [[nodiscard]] bool finish(Chunk& chunk);
  void close();

  std::vector<ReportInput>& inputs_;
  const ReportSeries& series_;
  size_t chunk_bytes_;
  size_t max_line_;
  std::atomic<uint64_t>& raw_read_;
  size_t next_input_ = 0;
  size_t input_ = 0;
  std::optional<InputStream> stream_;
  std::string carry_;      // the beginning of the next chunk
  std::string failed_;     // an error that is told once what was read before it is given out
  bool skipping_ = false;  // the rest of a line whose beginning was given out
  input::PartJoiner joiner_;
  std::string joined_;   // what becomes of a chunk's bytes
  uint64_t fed_ = 0;     // to joiner_, bytes
  uint64_t offset_ = 0;  // of carry_, in the input
  uint64_t number_ = 0;
  uint64_t raw_told_ = 0;
};

}  // namespace ipguard::cli
