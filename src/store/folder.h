// The state folder: modes, the lock, and putting a broken database out of the way.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::store {

// Creates the folder (0700, parents 0755) unless it is there.
[[nodiscard]] Result<> create_state_folder(const std::string& folder);

// Takes flock(2) on `<folder>/lock`, held as long as the descriptor lives; Errc::busy names the process that has it.
[[nodiscard]] Result<UniqueFd> lock_state_folder(const std::string& folder);

// Sees to it that the file exists, is a regular file and has mode 0600, whatever the umask. SQLite gives the files
// that it puts beside a database the database's mode.
[[nodiscard]] Result<> create_database_file(const std::string& path);

// Renames a database and its log to "<path>.corrupt-<n>", n up to 8, and returns the new name; when all are taken, the
// last is overwritten: a disk that corrupts every start must not be filled by it as well.
[[nodiscard]] Result<std::string> set_aside(const std::string& path);

}  // namespace ipguard::store
