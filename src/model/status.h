// Numbers that several modules count and `status` shows.
#pragma once

#include <cstdint>
#include <string>

namespace ipguard::model {

// One followed file (or other source), or all files of a glob that were deleted and are done with.
struct SourceStatus {
  std::string name;  // the [[source]] it belongs to
  std::string path;
  std::string state;          // "following", "following, polled: …", "waiting: <reason>", "done: <why>"
  uint64_t files = 1;         // that the entry tells of; 0 for a glob that has none
  bool without_room = false;  // waits because too many files are open
  uint64_t bytes = 0;         // read since start
  uint64_t lines = 0;         // complete lines seen since start
  uint64_t hits = 0;
  uint64_t lost_bytes = 0;              // known to have been written and never read
  uint64_t losses_of_unknown_size = 0;  // files that were gone or emptied while nobody looked
  uint64_t reread_bytes = 0;            // perhaps read twice: a file begins anew with what it began with before
  uint64_t lost_messages = 0;           // dropped by the kernel before they could be read
  uint64_t refused_messages = 0;        // from senders that may not send
  uint64_t untrusted_lines = 0;         // of the journal: from senders who may not be who they say; not judged
  uint64_t overlong_lines = 0;          // longer than the bound: cut
  uint64_t rotations = 0;
  uint64_t truncations = 0;
  uint64_t behind_bytes = 0;  // written and not read yet
};

// Whether its file is open and read.
[[nodiscard]] inline bool is_followed(const SourceStatus& source) { return source.state.starts_with("following"); }

}  // namespace ipguard::model
