#include "daemon/database_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace ipguard::daemon {

namespace {

// The folders whose entries decide which file `path` means: its own, and that of every symbolic link on the way.
void add_folders(const std::filesystem::path& path, unsigned links_left, std::vector<std::string>& folders) {
  std::error_code error;
  std::filesystem::path folder = "/";
  const auto whole = std::filesystem::absolute(path, error).relative_path();
  for (auto part = whole.begin(); part != whole.end(); ++part) {
    if (links_left > 0 && std::filesystem::is_symlink(folder / *part, error)) {
      folders.push_back(folder);
      auto target = folder / std::filesystem::read_symlink(folder / *part, error);
      for (auto rest = std::next(part); rest != whole.end(); ++rest) {
        target /= *rest;
      }
      add_folders(target, links_left - 1, folders);
      return;
    }
    if (std::next(part) != whole.end()) {
      folder /= *part;
    }
  }
  folders.push_back(folder);
}

}  // namespace

DatabaseWatch::DatabaseWatch(loop::EventLoop& loop, OnOpen on_open, std::chrono::milliseconds interval,
                             std::chrono::milliseconds settling)
    : on_open_(std::move(on_open)),
      interval_(interval),
      settling_(settling),
      notifications_(loop, [this](unsigned) { on_notification(); }),
      timer_(loop, [this] { on_timer(); }),
      opener_(loop, [this](Opened opened) { on_opened(std::move(opened)); }) {}

void DatabaseWatch::watch(std::vector<std::string> paths, enrich::CopyFolder copy_in) {
  paths_ = std::move(paths);
  copy_in_ = std::move(copy_in);
  arm();  // before the look: nothing may happen in between
  known_ = seen_ = look(paths_);
  problem_.clear();
  ++watched_;
  schedule();
}

Result<input::Inotify> DatabaseWatch::notified_of(const std::vector<std::string>& paths) {
  constexpr unsigned most_links = 40;  // as many as the kernel follows
  auto inotify = input::Inotify::open();
  for (size_t i = 0; inotify && i < paths.size(); ++i) {
    std::vector<std::string> folders;
    add_folders(paths[i], most_links, folders);
    for (const auto& folder : folders) {
      if (!kernel_sees_changes(folder)) {
        return fail("the kernel does not know what happens in " + printable(folder));
      }
      if (const auto watched = inotify->watch_folder(folder); !watched) {
        return fail_errno("cannot watch " + printable(folder), watched.error().error_number);
      }
    }
    // For one that is written over in place, which it should not be.
    const UniqueFd file(::open(paths[i].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.valid()) {
      if (const auto watched = inotify->watch_file(file.get()); !watched) {
        return fail_errno("cannot watch " + printable(paths[i]), watched.error().error_number);
      }
    }
  }
  return inotify;
}

void DatabaseWatch::arm() {
  notifications_.stop();
  inotify_.reset();
  auto inotify = notified_of(paths_);
  if (!inotify) {
    log_debug("databases are looked at every few seconds: " + inotify.error().message);
    return;
  }
  inotify_.emplace(std::move(*inotify));
  notifications_.start(inotify_->fd(), loop::IoWatcher::readable);
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

// Whether the files are others than at the last look.
bool DatabaseWatch::notice() {
  if (look(paths_) == seen_) {
    return false;
  }
  arm();  // the files and folders to be watched may be others, too
  seen_ = look(paths_);
  return true;
}

void DatabaseWatch::on_notification() {
  while (inotify_->read([](const input::InotifyEvent&) {})) {
  }
  if (notice()) {
    schedule();
  }
}

void DatabaseWatch::on_timer() {
  if (!notice() && seen_ != known_ && !opener_.running()) {
    known_ = seen_;
    open();
  }
  schedule();
}

void DatabaseWatch::schedule() {
  if (seen_ != known_) {
    timer_.start(settling_);
  } else if (polling()) {
    timer_.start(interval_);
  } else {
    timer_.stop();
  }
}

void DatabaseWatch::open() {
  opening_for_ = watched_;
  opener_.start([paths = paths_, copy_in = copy_in_]() -> Opened {
    auto opened = enrich::RouteTable::open(paths, copy_in);
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
