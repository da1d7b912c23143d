#include "cli/report_batch.h"

#include <utility>

namespace ipguard::cli {

void Batch::clear() {
  records.clear();
  texts.clear();
  bytes = 0;
  lines = 0;
  overlong_lines = 0;
  lines_hit = 0;
  ahead = 0;
  unread_lines = 0;
  first_unread_line = 0;
  first.reset();
  last.reset();
  error.clear();
}

std::unique_ptr<Batch> BatchPool::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!free_.empty()) {
      auto batch = std::move(free_.back());
      free_.pop_back();
      return batch;
    }
  }
  return std::make_unique<Batch>();
}

void BatchPool::give_back(std::unique_ptr<Batch> batch) {
  const std::scoped_lock lock(mutex_);
  free_.push_back(std::move(batch));
}

}  // namespace ipguard::cli
