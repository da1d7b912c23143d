#include "cli/report_scan.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "model/hit.h"

namespace ipguard::cli {
namespace {

constexpr std::chrono::milliseconds progress_interval{200};
// Chunks that wait to be merged, for each worker.
constexpr uint64_t chunks_ahead = 4;

}  // namespace

ReportScan::ReportScan(std::vector<ReportInput>& inputs, const ScanShared& shared, BatchPool& pool,
                       const ScanSizes& sizes)
    : inputs_(inputs), shared_(shared), pool_(pool), sizes_(sizes) {
  for (auto& series : make_series(inputs)) {
    auto track = std::make_unique<Track>();
    track->series = std::move(series);
    tracks_.push_back(std::move(track));
  }
}

ReportScan::~ReportScan() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
}

void ReportScan::run(TimePoint generated, const Callbacks& callbacks) {
  generated_ = generated;
  for (unsigned i = 0; i < std::max(sizes_.threads, 1U); ++i) {
    workers_.emplace_back([this] { work(); });
  }
  TimePoint now = TimePoint::min();
  TimePoint limit;
  while (Track* const track = first_in_time(callbacks, limit)) {
    do {
      const Record& record = track->current->records[track->at];
      track->latest = std::max(track->latest, record.time);
      now = std::max(now, track->latest);
      callbacks.take(*track->current, record, now);
      ++track->at;
    } while (track->at < track->current->records.size() && track->latest <= limit &&
             track->current->records[track->at].time <= limit);
  }
  callbacks.progress(raw_read_.load(std::memory_order_relaxed));
}

// --- workers

void ReportScan::work() {
  ChunkScan scan(shared_);
  Chunk chunk;
  std::unique_lock lock(mutex_);
  while (!stop_ && !all_read()) {
    if (Track* const track = next_track()) {
      scan_one(*track, scan, chunk, lock);
    } else {
      work_.wait(lock);
    }
  }
  work_.notify_all();
}

bool ReportScan::all_read() const { return next_to_open_ == tracks_.size() && opened_ == 0; }

// Opens series before it is their turn, so that nobody waits; but not so many that what they yield piles up.
void ReportScan::open_tracks() {
  while (next_to_open_ < tracks_.size() &&
         (next_to_open_ < next_to_activate_ ||
          (opened_ < sizes_.threads && next_to_open_ < next_to_activate_ + 2 * size_t{sizes_.threads}))) {
    tracks_[next_to_open_++]->opened = true;
    ++opened_;
  }
}

// Of those that nobody reads and that are not far ahead the one that is ahead least.
ReportScan::Track* ReportScan::next_track() {
  open_tracks();
  const uint64_t most_ahead = std::max<uint64_t>(1, chunks_ahead * sizes_.threads / std::max<size_t>(opened_, 1));
  Track* next = nullptr;
  uint64_t least = most_ahead;
  for (size_t i = 0; i < next_to_open_; ++i) {
    Track& track = *tracks_[i];
    const uint64_t ahead = track.next_chunk - track.first_chunk;
    if (!track.reading && !track.read && ahead < least) {
      next = &track;
      least = ahead;
    }
  }
  return next;
}

bool ReportScan::read_chunk(Track& track, Chunk& chunk) {
  if (track.reader == nullptr) {
    track.reader =
        std::make_unique<SeriesReader>(inputs_, track.series, sizes_.chunk_bytes, shared_.max_line, raw_read_);
    if (track.series.in_order) {
      track.own_scan = std::make_unique<ChunkScan>(shared_);
    }
  }
  return track.reader->next(chunk);
}

void ReportScan::scan_one(Track& track, ChunkScan& scan, Chunk& chunk, std::unique_lock<std::mutex>& lock) {
  track.reading = true;
  chunk.id = next_id_++;
  lock.unlock();
  auto batch = pool_.take();
  const bool is_chunk = read_chunk(track, chunk);
  lock.lock();
  if (!is_chunk) {
    track.read = true;
    track.reading = false;
    track.reader.reset();
    track.own_scan.reset();
    --opened_;
    done_.notify_one();
    work_.notify_all();
    lock.unlock();
    pool_.give_back(std::move(batch));
    lock.lock();
    return;
  }
  const uint64_t number = track.next_chunk++;
  track.reading = track.series.in_order;
  lock.unlock();
  work_.notify_one();
  (track.series.in_order ? *track.own_scan : scan).scan(chunk, *batch);
  lock.lock();
  track.reading = track.reading && !track.series.in_order;
  track.done.emplace(number, std::move(batch));
  done_.notify_one();
}

// --- the merging thread

void ReportScan::activate_next() {
  active_.push_back(tracks_[next_to_activate_].get());
  {
    const std::scoped_lock lock(mutex_);
    ++next_to_activate_;
    open_tracks();
  }
  work_.notify_all();
}

// The series whose record is next, and the time up to which it stays so; null at the end.
ReportScan::Track* ReportScan::first_in_time(const Callbacks& callbacks, TimePoint& limit) {
  while (true) {
    std::erase_if(active_, [&](Track* track) { return !move_to_record(*track, callbacks); });
    Track* first = nullptr;
    TimePoint first_time = TimePoint::max();
    limit = TimePoint::max();
    for (Track* const track : active_) {
      const TimePoint time = std::max(track->latest, track->current->records[track->at].time);
      if (first == nullptr || time < first_time) {
        limit = first_time;
        first = track;
        first_time = time;
      } else {
        limit = std::min(limit, time);
      }
    }
    const bool more = next_to_activate_ < tracks_.size();
    const TimePoint start = more ? tracks_[next_to_activate_]->series.start.value_or(TimePoint::min()) : limit;
    if (more && (first == nullptr || start <= first_time)) {
      activate_next();
      continue;
    }
    // A record at the very time of another series' next one goes first if its series began first: that is looked at
    // again for each.
    limit = std::min(limit, start);
    limit = limit == TimePoint::max() ? limit : limit - TimePoint::duration(1);
    return first;
  }
}

// To the series' next record; false when there are no more.
bool ReportScan::move_to_record(Track& track, const Callbacks& callbacks) {
  while (track.current == nullptr || track.at >= track.current->records.size()) {
    if (track.current != nullptr) {
      callbacks.end_batch(std::move(track.current));
    }
    track.current = wait_for(track, callbacks);
    track.at = 0;
    if (track.current == nullptr) {
      return false;
    }
    set_sane_times(track);
  }
  return true;
}

// A stamp ahead of the clock by which the report is made is wrong, as the daemon has it (model::most_clock_ahead): the
// line counts as written when the one before it was, the first one of all when the one behind it was.
void ReportScan::set_sane_times(Track& track) const {
  auto& records = track.current->records;
  const auto is_ahead = [this](TimePoint time) { return time - model::most_clock_ahead > generated_; };
  TimePoint latest = track.latest;
  if (latest == TimePoint::min()) {
    const auto sane = std::ranges::find_if_not(records, is_ahead, &Record::time);
    latest = sane == records.end() ? inputs_[track.current->input].now : sane->time;
  }
  std::optional<uint64_t> line;  // the last one that is ahead
  for (Record& record : records) {
    if (is_ahead(record.time)) {
      record.time = latest;
      track.current->ahead += line == record.offset ? 0U : 1U;
      line = record.offset;
    }
    latest = std::max(latest, record.time);
  }
}

std::unique_ptr<Batch> ReportScan::wait_for(Track& track, const Callbacks& callbacks) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (const auto found = track.done.find(track.first_chunk); found != track.done.end()) {
      auto batch = std::move(found->second);
      track.done.erase(found);
      ++track.first_chunk;
      lock.unlock();
      work_.notify_all();
      callbacks.progress(raw_read_.load(std::memory_order_relaxed));
      return batch;
    }
    if (track.read && track.first_chunk == track.next_chunk) {
      return nullptr;
    }
    if (done_.wait_for(lock, progress_interval) == std::cv_status::timeout) {
      lock.unlock();
      callbacks.progress(raw_read_.load(std::memory_order_relaxed));
      lock.lock();
    }
  }
}

}  // namespace ipguard::cli
