// Files: whole reads, atomic writes, globs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ipguard {

// The whole content; refuses files over `limit` bytes (Errc::invalid), directories and unreadable files.
[[nodiscard]] Result<std::string> read_file(const std::string& path, uint64_t limit = 64ULL << 20);

// The rest of what an open descriptor yields (standard input, a pipe), bounded likewise; `name` is for errors.
[[nodiscard]] Result<std::string> read_descriptor(int fd, const std::string& name, uint64_t limit = 64ULL << 20);

// Writes to a temporary file in the same folder (mode `mode`), fsyncs it, renames it over `path`, fsyncs the folder.
[[nodiscard]] Result<> write_file_atomically(const std::string& path, std::string_view content, unsigned mode = 0640);

// Existing paths that match glob(7) pattern `pattern`, sorted; a pattern without wildcards yields itself if it exists.
[[nodiscard]] std::vector<std::string> expand_glob(const std::string& pattern);
[[nodiscard]] bool has_glob_characters(std::string_view pattern);

// Regular files in `folder` (not below) whose names end in `suffix`, sorted.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& folder, std::string_view suffix);

}  // namespace ipguard
