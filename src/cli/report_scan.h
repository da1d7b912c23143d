// ReportScan: all inputs, read and judged by several threads, and what they found in the order of log time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.h"
#include "cli/report_batch.h"
#include "cli/report_chunk.h"
#include "cli/report_inputs.h"
#include "cli/report_reader.h"

namespace ipguard::cli {

struct ScanSizes {
  unsigned threads = 1;
  size_t chunk_bytes = 1U << 18U;
};

// Workers read and judge chunks; run() merges what they find by time. Of one series everything stays in the order of
// its lines; of several the one goes first whose latest time is the earlier, of equal ones the one that began first.
// That depends on the inputs alone, not on the number of workers.
class ReportScan {
 public:
  struct Callbacks {
    // `now`: the latest time in the merged logs so far. A line's time that lies ahead of `generated` (run()) counts as
    // that.
    std::function<void(const Batch& batch, const Record& record, TimePoint now)> take;
    // After the last record of a batch; it goes back to the pool when nobody needs it any more.
    std::function<void(std::unique_ptr<Batch> batch)> end_batch;
    // Some times a second; bytes of the files that were read.
    std::function<void(uint64_t raw_bytes)> progress;
  };

  ReportScan(std::vector<ReportInput>& inputs, const ScanShared& shared, BatchPool& pool, const ScanSizes& sizes);
  ~ReportScan();
  ReportScan(const ReportScan&) = delete;
  ReportScan& operator=(const ReportScan&) = delete;

  // On the caller's thread, until all is read.
  void run(TimePoint generated, const Callbacks& callbacks);

 private:
  // One series on its way. Guarded by mutex_ unless it says otherwise.
  struct Track {
    ReportSeries series;
    std::unique_ptr<SeriesReader> reader;  // of who set `reading`
    std::unique_ptr<ChunkScan> own_scan;   // of a series in order; of who set `reading`
    bool opened = false;                   // workers may read it
    bool reading = false;
    bool read = false;         // there are no more chunks
    uint64_t next_chunk = 0;   // to be read
    uint64_t first_chunk = 0;  // number of the chunk that is merged next
    std::map<uint64_t, std::unique_ptr<Batch>> done;
    // Of the merging thread alone:
    std::unique_ptr<Batch> current;
    size_t at = 0;
    TimePoint latest = TimePoint::min();
  };

  void work();
  // With mutex_ held:
  [[nodiscard]] Track* next_track();
  void open_tracks();
  [[nodiscard]] bool all_read() const;

  void scan_one(Track& track, ChunkScan& scan, Chunk& chunk, std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool read_chunk(Track& track, Chunk& chunk);
  // Of the merging thread:
  [[nodiscard]] Track* first_in_time(const Callbacks& callbacks, TimePoint& limit);
  [[nodiscard]] bool move_to_record(Track& track, const Callbacks& callbacks);
  [[nodiscard]] std::unique_ptr<Batch> wait_for(Track& track, const Callbacks& callbacks);
  void activate_next();
  void set_sane_times(Track& track) const;

  std::vector<ReportInput>& inputs_;
  const ScanShared& shared_;
  BatchPool& pool_;
  ScanSizes sizes_;
  TimePoint generated_;
  std::vector<std::unique_ptr<Track>> tracks_;  // by their first times
  std::vector<Track*> active_;                  // of the merging thread: those whose records may be next
  size_t next_to_activate_ = 0;
  std::atomic<uint64_t> raw_read_ = 0;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  size_t opened_ = 0;  // tracks that were opened and are not read to their end
  size_t next_to_open_ = 0;
  uint64_t next_id_ = 0;
  bool stop_ = false;
  std::vector<std::jthread> workers_;
};

}  // namespace ipguard::cli
