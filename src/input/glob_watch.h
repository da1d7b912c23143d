// Which files a glob leads to now, and which folders must be watched so that every later change of that is noticed:
// files and folders that appear, vanish or are replaced, also below folders that do not exist yet, also through
// symbolic links.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::input {

struct FolderWatch {
  std::string folder;
  std::string name_pattern;  // fnmatch(3) pattern of the entries that matter
  bool files = false;        // the entries are the files looked for; otherwise they lie on the way to them
};

struct GlobMatches {
  std::vector<std::string> paths;  // existing entries, sorted; folders are left out unless named without wildcards
  int error_number = 0;            // of a folder that could not be listed; the first
  std::string unreadable_folder;
};

// Lists what `pattern` (glob(7), `*` and `?` do not match a leading dot) matches. `watch` is called for each folder
// before that folder is listed, so that nothing that appears in between is missed; the same folder may come again.
[[nodiscard]] GlobMatches scan_glob(const std::string& pattern, const std::function<void(const FolderWatch&)>& watch);

// As glob(7) has it: wildcards match neither a slash nor a leading dot. For one component or for a whole path.
[[nodiscard]] bool glob_matches(const std::string& pattern, const std::string& text);
[[nodiscard]] bool has_wildcards(std::string_view pattern);  // a backslash counts: it escapes one

// "" stands for the current folder.
// Without doubled and trailing slashes, so that one file has one spelling.
[[nodiscard]] std::string without_extra_slashes(std::string_view path);
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);
[[nodiscard]] bool is_folder(const std::string& path);  // links followed
[[nodiscard]] bool exists(const std::string& path);     // a link that leads nowhere does
[[nodiscard]] std::string parent_folder(const std::string& path);
[[nodiscard]] std::string last_component(const std::string& path);

}  // namespace ipguard::input
