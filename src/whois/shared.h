// What the connections of one whois server share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "whois/bulk.h"
#include "whois/directory.h"

namespace ipguard::whois {

struct Counters {
  uint64_t queries = 0;    // answered, bulk queries counted once
  uint64_t rows = 0;       // lines of bulk queries
  uint64_t too_long = 0;   // queries longer than longest_line
  uint64_t displaced = 0;  // connections closed because a bound was reached
  uint64_t timed_out = 0;  // … because their client moved nothing for the patience
};

struct Shared {
  const Directory& directory;
  Counters counters;
  BulkBatch batch;
  std::string answer;     // scratch of one call
  size_t kept_bytes = 0;  // of answers that clients have not taken
};

}  // namespace ipguard::whois
