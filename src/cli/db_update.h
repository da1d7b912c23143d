// `db update`: a newer database in the place of an old one.
#pragma once

#include <string>

#include "base/result.h"

namespace ipguard::cli {

struct UpdateOptions {
  std::string path;        // the database that is replaced; it may be missing
  std::string from;        // a URL or a file
  std::string token_file;  // holds the token for the URL; empty = none, then the environment's IPGUARD_TOKEN
  bool force = false;      // also one that has shrunk or is older
};

// Fetches (what is packed by gzip or xz, or in a tar archive, is unpacked) into a file beside it, verifies every node
// and record, compares with what is there, and renames. On any error the old one stays. Tells what it did on stdout.
[[nodiscard]] Result<> update_database(const UpdateOptions& options);

}  // namespace ipguard::cli
