// Visitors: looks at some lines of access logs, for whom wide bans would hit besides attackers. The matcher parses only
// lines that may be attacks; this looks at the others, at a bounded cost.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "config/config.h"
#include "match/format.h"
#include "match/rule_set.h"
#include "model/event.h"
#include "model/line.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class Visitors {
 public:
  // Of a block at most so many lines are parsed, spread over it, and of all blocks so many a second: some microseconds
  // each with what is remembered of them, so a hundredth of a core. A host with fewer lines has each of them seen.
  static constexpr size_t lines_a_block = 64;
  static constexpr size_t lines_a_second = 2000;

  // An access line with an address and a status.
  struct Visit {
    const model::Event& event;
    size_t offset = 0;  // of the line, in the bytes that are looked at
    unsigned status = 0;
    std::string_view user;  // authenticated; empty if none
  };
  using Seen = std::function<void(const Visit& visit)>;

  // `bytes`: whole lines of a source.
  void look(std::string_view bytes, model::SourceId source, const match::LineOptions& options, TimePoint now,
            const Seen& seen);

 private:
  // A source that is no access log is asked again this many blocks later: a path may be another file's one day.
  static constexpr unsigned rest = 64;
  struct Source {
    const match::LogFormat* hint = nullptr;  // of its last line
    unsigned resting = 0;
  };
  [[nodiscard]] size_t allowance(TimePoint now);
  bool look_at(std::string_view line, size_t offset, Source& source, const match::ParseContext& context,
               const match::LogFormat* named, const Seen& seen);

  match::ParseScratch scratch_;
  model::Event event_;
  double allowed_ = lines_a_second;  // lines that may be looked at now
  TimePoint asked_{};
  std::unordered_map<model::SourceId, Source> sources_;  // as many as the follower has paths
};

}  // namespace ipguard::daemon
