// Visitors: looks at some lines of access logs, for whom wide bans would hit besides attackers. The matcher parses only
// lines that may be attacks; this looks at the others, at a bounded cost.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "match/format.h"
#include "match/rule_set.h"
#include "match/visit.h"
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

  struct Seen {
    match::Visit visit;
    std::optional<TimePoint> time;
    size_t offset = 0;  // of the line, in the bytes that are looked at
  };
  using Take = std::function<void(const Seen& seen)>;

  // `bytes`: whole lines of a source.
  void look(std::string_view bytes, model::SourceId source, const match::LineOptions& options, TimePoint now,
            const Take& take);

 private:
  // A source that is no access log is asked again this many blocks later: a path may be another file's one day.
  static constexpr unsigned rest = 64;
  struct Source {
    const match::LogFormat* hint = nullptr;  // of its last line
    unsigned resting = 0;
  };
  [[nodiscard]] size_t allowance(TimePoint now);
  bool look_at(std::string_view line, size_t offset, Source& source, const match::ParseContext& context,
               const match::LogFormat* named, const Take& take);

  match::ParseScratch scratch_;
  model::Event event_;
  double allowed_ = lines_a_second;  // lines that may be looked at now
  TimePoint asked_{};
  std::unordered_map<model::SourceId, Source> sources_;  // as many as the follower has paths
};

}  // namespace ipguard::daemon
