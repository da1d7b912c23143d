#include "daemon/database_watch.h"

#include <sys/stat.h>

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::daemon {

DatabaseWatch::DatabaseWatch(loop::EventLoop& loop, OnOpen on_open, std::chrono::milliseconds interval)
    : on_open_(std::move(on_open)),
      interval_(interval),
      timer_(loop, [this] { check(); }),
      opener_(loop, [this](Opened opened) { on_opened(std::move(opened)); }) {}

void DatabaseWatch::watch(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  known_ = seen_ = look(paths_);
  problem_.clear();
  ++watched_;
  timer_.start(interval_);
}

std::vector<DatabaseWatch::Identity> DatabaseWatch::look(const std::vector<std::string>& paths) {
  constexpr int64_t nanoseconds = 1'000'000'000;
  std::vector<Identity> result;
  for (const auto& path : paths) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      result.emplace_back();
      continue;
    }
    result.push_back({.device = status.st_dev,
                      .inode = status.st_ino,
                      .size = status.st_size,
                      .changed = status.st_mtim.tv_sec * nanoseconds + status.st_mtim.tv_nsec});
  }
  return result;
}

void DatabaseWatch::check() {
  timer_.start(interval_);
  auto now = look(paths_);
  const bool settled = now == seen_;
  seen_ = std::move(now);
  if (settled && seen_ != known_ && !opener_.running()) {
    known_ = seen_;
    open();
  }
}

void DatabaseWatch::open() {
  opening_for_ = watched_;
  opener_.start([paths = paths_]() -> Opened {
    auto opened = enrich::RouteTable::open(paths);
    if (opened) {
      (void)(*opened)->systems();
    }
    return opened;
  });
}

void DatabaseWatch::on_opened(Opened opened) {
  if (opening_for_ != watched_) {
    return;  // other files are in use by now
  }
  if (!opened) {
    problem_ = opened.error().message;
    log_error("the replaced database is not taken over, the old one stays in use: " + printable(problem_));
    return;
  }
  problem_.clear();
  ++swaps_;
  log_info("took over the replaced database");
  on_open_(std::move(*opened));
}

}  // namespace ipguard::daemon
