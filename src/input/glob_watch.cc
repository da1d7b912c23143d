#include "input/glob_watch.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/text.h"

namespace ipguard::input {
namespace {

constexpr int most_links = 40;  // the kernel's own bound on links in one path, path_resolution(7)

using Watch = std::function<void(const FolderWatch&)>;

std::optional<std::string> link_target(const std::string& path) {
  std::array<char, PATH_MAX> target;  // NOLINT(*-member-init): readlink fills it
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length <= 0) {
    return std::nullopt;
  }
  const std::string_view text(target.data(), static_cast<size_t>(length));
  return without_extra_slashes(text.starts_with('/') ? std::string(text) : join_path(parent_folder(path), text));
}

// The nearest folder that exists on the way to `path`, for the entry that is missing in it.
void watch_way_to(const std::string& path, const Watch& watch) {
  std::string folder = parent_folder(path);
  std::string name = last_component(path);
  while (!folder.empty() && folder != "/" && !is_folder(folder)) {
    name = last_component(folder);
    folder = parent_folder(folder);
  }
  watch({folder, name, false});
}

// What a link leads to can be replaced where it really lies.
void watch_links(const std::string& path, const Watch& watch) {
  std::optional<std::string> target = link_target(path);
  for (int hop = 0; target && hop < most_links; ++hop) {
    watch_way_to(*target, watch);
    target = link_target(*target);
  }
}

// Names in `folder` that match; errno on failure.
int list_names(const std::string& folder, const std::string& name_pattern, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
  if (!listing) {
    return errno;
  }
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string name(entry->d_name);
    if (name != "." && name != ".." && glob_matches(name_pattern, name)) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  return 0;
}

class Scan {
 public:
  explicit Scan(const Watch& watch) : watch_(watch) {}

  void run(const std::string& pattern) {
    std::vector<std::string> components;
    for (const std::string_view component : split(pattern, '/')) {
      if (!component.empty()) {
        components.emplace_back(component);
      }
    }
    std::vector<std::string> folders = {pattern.starts_with('/') ? "/" : ""};
    for (size_t level = 0; level < components.size(); ++level) {
      std::vector<std::string> next;
      for (const std::string& folder : folders) {
        step(folder, components[level], level + 1 == components.size(), next);
      }
      folders = std::move(next);
    }
    matches_.paths = std::move(folders);
  }

  [[nodiscard]] GlobMatches take() { return std::move(matches_); }

 private:
  void step(const std::string& folder, const std::string& component, bool files, std::vector<std::string>& next) {
    watch_({folder, component, files});
    if (!has_wildcards(component)) {
      add(join_path(folder, component), files, next);
      return;
    }
    std::vector<std::string> names;
    const int error = list_names(folder, component, names);
    if (error != 0 && error != ENOENT && matches_.error_number == 0) {
      matches_.error_number = error;
      matches_.unreadable_folder = folder;
    }
    for (const std::string& name : names) {
      const std::string path = join_path(folder, name);
      if (!files || !is_folder(path)) {
        add(path, files, next);
      }
    }
  }

  void add(const std::string& path, bool files, std::vector<std::string>& next) {
    watch_links(path, watch_);
    struct stat status{};
    if (files ? ::lstat(path.c_str(), &status) == 0 : is_folder(path)) {
      next.push_back(path);
    }
  }

  const Watch& watch_;
  GlobMatches matches_;
};

}  // namespace

GlobMatches scan_glob(const std::string& pattern, const Watch& watch) {
  Scan scan(watch);
  scan.run(pattern);
  return scan.take();
}

bool glob_matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PERIOD | FNM_PATHNAME) == 0;
}

bool has_wildcards(std::string_view pattern) {
  return has_glob_characters(pattern) || pattern.find('\\') != std::string_view::npos;
}

std::string without_extra_slashes(std::string_view path) {
  std::string result;
  for (const char letter : path) {
    if (letter != '/' || !result.ends_with('/')) {
      result += letter;
    }
  }
  if (result.size() > 1 && result.ends_with('/')) {
    result.pop_back();
  }
  return result;
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && !path.ends_with('/')) {
    path += '/';
  }
  return path.append(name);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.empty() ? "." : path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string parent_folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return "";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace ipguard::input
