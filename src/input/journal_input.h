// The systemd journal as a source: journal = "system", or a folder of journal files.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "input/line_input.h"

namespace ipguard::input {

struct JournalTiming {
  std::chrono::milliseconds retry{60'000};  // while there is no journal, besides inotify: mounts are not told of
  std::chrono::milliseconds give_way{100};  // before what stands in for it is asked again
  std::chrono::milliseconds poll{2'000};  // where the library says that nobody tells of changes (network file systems)
};

// Hands entries out as lines of a syslog file (journal_line.h), those whose sender is who he says he is
// (journal_sender.h); the others are counted in SourceStatus::untrusted_lines. What ipguardd itself writes is not read.
//
// Reading begins at the saved cursor; without one, in a journal that is there at start, where the source's `from` says,
// else at its beginning; of one that may not be read at first, at `started`. A journal that is not there, may not be
// read or goes away is waited for. An entry that cannot be read, a file that cannot, and entries that were vacuumed
// away before they were read count as losses of unknown size. Units and identifiers are looked at here, not given to
// the library as matches: the cursor moves with every entry, so that what was vacuumed of other units is not taken for
// a loss.
[[nodiscard]] std::unique_ptr<LineInput> make_journal_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                                            model::SourceId id, std::vector<model::Cursor> saved,
                                                            uint64_t replay_bytes, Follower::BlockCallback on_block,
                                                            JournalTiming timing = {}, StandIn stand_in = {},
                                                            TimePoint started = {});

}  // namespace ipguard::input
