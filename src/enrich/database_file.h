// A database's file, opened for reading, or a copy of it that nobody else can change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::enrich {

// Where a copy lies: in this folder, or the nearest one above it that exists, as a file without a name; where the file
// system has none, or it is full, in memory (memfd_create(2)). nullopt: no copy is made.
using CopyFolder = std::optional<std::string>;

struct DatabaseFile {
  UniqueFd fd;
  uint64_t size = 0;

  // By which it can be opened again, whether it has a name or not, while `fd` is open.
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd.get()); }
};

// Errc::invalid for what is no regular file. Warns in the log about a file that everybody may write.
[[nodiscard]] Result<DatabaseFile> open_database_file(const std::string& path);

// Whoever maps a file that somebody writes into meanwhile sees half of it, or is ended when it shrinks (SIGBUS): the
// copy stays as it is. Its pages come and go like those of any file, unless it had to be made in memory. Errc::busy if
// the file is being written to.
[[nodiscard]] Result<DatabaseFile> copy_database_file(const DatabaseFile& original, const std::string& folder);

}  // namespace ipguard::enrich
