// LossBook: what each source has lost since it was first followed, over all restarts: the answer to "did we miss
// lines?". Owned by the state, which keeps it beside the cursors: a loss is counted in the transaction that moves the
// cursor past it, so that one found again after a crash is not counted twice.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/source.h"
#include "control/protocol.h"
#include "model/losses.h"

namespace ipguard::daemon {

class LossBook {
 public:
  // What was saved by earlier runs. Of a source that is known as well, what was saved and is older is what went before;
  // otherwise what is known holds.
  void take_over(const std::vector<model::SourceLosses>& saved);
  // `since_start`: by source, counted since this run began. Counting begins at `now` for each of `sources` that is not
  // known. Those that are named no more are kept if they lost something, at most 1,000.
  void note(const std::map<std::string, model::Losses>& since_start, const std::vector<config::SourceConfig>& sources,
            TimePoint now);
  [[nodiscard]] std::vector<model::SourceLosses> rows() const;
  // Grows whenever a source or a loss comes.
  [[nodiscard]] uint64_t version() const { return version_; }
  // [{"source","since","last","lost_bytes","losses_of_unknown_size","lost_messages","reread_bytes",
  // "truncations_without_copy"}], sorted by name; "last": of a known loss.
  [[nodiscard]] control::Json to_json() const;

 private:
  void forget(const std::vector<config::SourceConfig>& sources);

  std::map<std::string, model::SourceLosses> rows_;
  uint64_t version_ = 0;
  std::map<std::string, model::Losses> seen_;  // of `since_start`
};

}  // namespace ipguard::daemon
