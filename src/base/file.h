// Files: whole reads and writes, globs, folders.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ipguard {

// The whole content; refuses files over `limit` bytes (Errc::invalid), directories and unreadable files.
[[nodiscard]] Result<std::string> read_file(const std::string& path, uint64_t limit = 64ULL << 20);

// The rest of what an open descriptor yields (standard input, a pipe), bounded likewise; `name` is for errors.
[[nodiscard]] Result<std::string> read_descriptor(int fd, const std::string& name, uint64_t limit = 64ULL << 20);

// pread(2) over interruptions: how many bytes; short only at the end of the file; -1 with errno set.
[[nodiscard]] ssize_t read_at(int fd, std::span<char> room, uint64_t offset);

// False on file systems whose files other hosts change, or programs that this kernel knows nothing of: there
// inotify(7) tells of local changes only. By statfs(2); true if that fails.
[[nodiscard]] bool kernel_sees_changes(const std::string& path);
[[nodiscard]] bool kernel_sees_changes(int fd);
[[nodiscard]] bool kernel_sees_changes_on(uint32_t filesystem);  // statfs(2)'s f_type

// To a descriptor that blocks, whatever interrupts it; `problem` stands before the reason why it failed.
[[nodiscard]] Result<> write_all(int fd, std::string_view content, std::string_view problem);

// Existing paths that match glob(7) pattern `pattern`, sorted; a pattern without wildcards yields itself if it exists.
[[nodiscard]] std::vector<std::string> expand_glob(const std::string& pattern);
[[nodiscard]] bool has_glob_characters(std::string_view pattern);

// Regular files in `folder` (not below) whose names end in `suffix`, sorted.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& folder, std::string_view suffix);

}  // namespace ipguard
