#include "daemon/check_places.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace ipguard::daemon {
namespace {

// Where nobody can keep a file of his own: statfs(2)'s f_type, by linux/magic.h.
constexpr std::array<uint32_t, 8> kernel_filesystems = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,        CGROUP_SUPER_MAGIC,
                                                        CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC,
                                                        TRACEFS_MAGIC,       SECURITYFS_MAGIC};

bool keeps_no_files(const std::filesystem::path& folder) {
  struct statfs system{};
  return ::statfs(folder.c_str(), &system) == 0 &&
         std::ranges::find(kernel_filesystems, static_cast<uint32_t>(system.f_type)) != kernel_filesystems.end();
}

// What there is at a path.
struct Sight {
  enum class Is : uint8_t {
    there,
    missing,     // its folder is there
    folderless,  // its folder is missing, too
    impossible,  // and nobody can change that but by changing what stands there
    unknown,     // may not be looked at
  };
  Is is = Is::unknown;
  mode_t mode = 0;    // there: of stat(2)
  std::string why;    // impossible: a sentence
  bool lost = false;  // on a file system that keeps no files
};

// The nearest thing above `path` that there is.
std::filesystem::path nearest_above(const std::filesystem::path& path) {
  struct stat seen{};
  auto above = path.parent_path();
  while (above.has_relative_path() && ::stat(above.c_str(), &seen) != 0) {
    above = above.parent_path();
  }
  return above;
}

Sight look_at(const std::string& text) {
  struct stat seen{};
  const std::filesystem::path path(text);
  if (::stat(text.c_str(), &seen) == 0) {
    return {.is = Sight::Is::there, .mode = seen.st_mode, .why = {}, .lost = keeps_no_files(path)};
  }
  const int reason = errno;
  if (reason == ELOOP || reason == ENAMETOOLONG) {
    return {.is = Sight::Is::impossible, .mode = 0, .why = std::strerror(reason)};  // NOLINT(*-mt-unsafe)
  }
  if (reason != ENOENT && reason != ENOTDIR) {
    return {};
  }
  const auto above = nearest_above(path);
  if (reason == ENOTDIR) {
    return {.is = Sight::Is::impossible, .mode = 0, .why = in_quotes(above.string(), 120) + " is no folder"};
  }
  return {.is = above == path.parent_path() ? Sight::Is::missing : Sight::Is::folderless,
          .mode = 0,
          .why = {},
          .lost = keeps_no_files(above)};
}

// One of the paths, and where it is written.
class Named {
 public:
  Named(const config::Config& config, config::Diagnostics& diagnostics, const std::string& path,
        const model::Location& location, std::string_view table, std::string_view key)
      : diagnostics_(diagnostics),
        path_(path),
        location_(location.line > 0 ? location : model::Location{.file = config.path}),
        head_((location.line > 0 ? std::string() : std::string(table) + ' ') + std::string(key) + ": " +
              in_quotes(path, 120)),
        sight_(look_at(path)) {}

  // As a folder, which is made with all that is missing above it.
  void be_folder() {
    if (sight_.is == Sight::Is::there && !S_ISDIR(sight_.mode)) {
      error(" is no folder", "write the path of a folder, such as \"/var/lib/ipguard\"");
    } else {
      can_be_made("write the path of a folder, such as \"/var/lib/ipguard\"");
    }
  }

  void be_socket(bool folder_is_made) {
    if (sight_.is == Sight::Is::there) {
      if (!S_ISSOCK(sight_.mode)) {
        error(" is there and is no socket", "ipguardd does not remove it: take it away, or write another path");
      }
      return;
    }
    if (can_be_made("write a path below /run, such as \"/run/ipguard/NAME\"") && !folder_is_made) {
      folder_is_there("nobody can reach it until it is");
    }
  }

  void be_file() {
    if (sight_.is == Sight::Is::there) {
      if (!S_ISREG(sight_.mode)) {
        error(" is no regular file", "write the path of a file, such as \"/var/log/ipguard/events.json\"");
      }
      return;
    }
    if (can_be_made("write the path of a file, such as \"/var/log/ipguard/events.json\"")) {
      folder_is_there("nothing is written until it is");
    }
  }

  void be_program() {
    constexpr mode_t by_anybody = S_IXUSR | S_IXGRP | S_IXOTH;
    if (sight_.is == Sight::Is::impossible) {
      error(" cannot be there: " + sight_.why, "write the path of a program");
    } else if (sight_.is == Sight::Is::missing || sight_.is == Sight::Is::folderless) {
      warning(" is not there: nothing can be run until it is");
    } else if (sight_.is == Sight::Is::there && !S_ISREG(sight_.mode)) {
      error(" is no program", "write the path of a program");
    } else if (sight_.is == Sight::Is::there && (sight_.mode & by_anybody) == 0) {
      warning(" may be run by nobody: chmod +x");
    }
  }

 private:
  bool can_be_made(std::string hint) {
    if (sight_.is == Sight::Is::impossible) {
      error(" cannot be made: " + sight_.why, std::move(hint));
    } else if (sight_.lost) {
      error(": the kernel's own file systems keep no files of others", std::move(hint));
    } else {
      return true;
    }
    return false;
  }

  void folder_is_there(std::string_view consequence) {
    if (sight_.is == Sight::Is::folderless) {
      warning(": its folder is not there, and is not made: " + std::string(consequence));
    }
  }

  void error(const std::string& problem, std::string hint) {
    diagnostics_.error(location_, head_ + problem, std::move(hint));
  }
  void warning(const std::string& problem) { diagnostics_.warning(location_, head_ + problem); }

  config::Diagnostics& diagnostics_;
  const std::string& path_;
  model::Location location_;
  std::string head_;
  Sight sight_;
};

void check_sources(const config::Config& config, config::Diagnostics& diagnostics) {
  for (const auto& source : config.sources) {
    for (size_t i = 0; i < source.listen.size(); ++i) {
      const auto& place = i < source.listen_locations.size() ? source.listen_locations[i] : source.location;
      if (source.listen[i].is_unix()) {
        Named(config, diagnostics, source.listen[i].path, place, "[[source]]", "listen").be_socket(false);
      }
    }
  }
}

}  // namespace

void check_places(const config::Config& config, config::Diagnostics& diagnostics) {
  Named(config, diagnostics, config.state_path, config.state_location, "[state]", "path").be_folder();
  Named(config, diagnostics, config.control_socket, config.control_location, "[control]", "socket").be_socket(true);
  check_sources(config, diagnostics);
  if (config.http.listen.starts_with(config::unix_prefix)) {
    const auto path = config.http.listen.substr(config::unix_prefix.size());
    Named(config, diagnostics, path, config.http.listen_location, "[http]", "listen").be_socket(false);
  }
  for (const auto& notify : config.notifies) {
    if (notify.type == config::NotifyType::file && notify.path.starts_with('/')) {
      Named(config, diagnostics, notify.path, notify.place_location, "[[notify]]", "path").be_file();
    } else if (notify.type == config::NotifyType::exec && !notify.command.empty() &&
               notify.command.front().starts_with('/')) {
      Named(config, diagnostics, notify.command.front(), notify.place_location, "[[notify]]", "command").be_program();
    }
  }
}

}  // namespace ipguard::daemon
