// Numbers that several modules count and `status` shows.
#pragma once

#include <cstdint>
#include <string>

namespace ipguard::model {

// One followed file (or other source).
struct SourceStatus {
  std::string name;  // the [[source]] it belongs to
  std::string path;
  std::string state;   // "following", "waiting: <reason>"
  uint64_t bytes = 0;  // read since start
  uint64_t lines = 0;  // complete lines seen since start
  uint64_t hits = 0;
  uint64_t lost_bytes = 0;      // known to have been written and never read
  uint64_t overlong_lines = 0;  // longer than the bound: cut
  uint64_t rotations = 0;
  uint64_t truncations = 0;
  uint64_t behind_bytes = 0;  // written and not read yet
};

}  // namespace ipguard::model
