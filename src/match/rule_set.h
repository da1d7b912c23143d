// RuleSet: all rules compiled, and the two ways to run them: over blocks of a log and over single lines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "model/event.h"
#include "model/hit.h"
#include "model/line.h"
#include "model/rule.h"

namespace ipguard::match {

struct SourceReading;

// How the lines of a source are understood.
struct LineOptions {
  std::string format = "auto";             // "auto" or a name from format_names()
  bool accept_message = false;             // auto: a line that no format recognises is tried as a bare message
  const SourceReading* reading = nullptr;  // what the source's configuration says besides (it outlives the call)
};

// One line that hit. Views are valid during the callback.
struct LineResult {
  const model::Event& event;         // address = the one the hits are about, if any
  std::string_view user;             // captured or from the format
  std::span<const model::Hit> hits;  // empty for lines without a hit (only when every line is asked for)
};

// Immutable once compiled; may be shared between threads. Each thread has a Matcher of its own.
//
// How a rule is judged: its log kind is the line's (syslog rules also read bare messages, whose program is unknown and
// not asked for), then program, status, method, every all_of list, no none_of list. The address is the format's own
// for access and error logs, the capture `address` of the message for syslog; where that is no address, there is no
// hit. What the capture has to look like to be accepted at all is said in pattern_lint.h.
class RuleSet {
 public:
  // Compiles `rules` (taken over). Patterns that RE2 or the scanner refuse, or that break a safety law (no address
  // capture where the format has none, a capture that is not anchored, an empty match) are errors in `diagnostics`
  // at the pattern's place; null then.
  [[nodiscard]] static std::shared_ptr<const RuleSet> compile(std::vector<model::Rule> rules,
                                                              config::Diagnostics& diagnostics);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  [[nodiscard]] const std::vector<model::Rule>& rules() const;
  [[nodiscard]] const model::Rule* find(std::string_view id) const;
  // The rules that have nothing a block can be scanned for (no pattern with enough fixed text): each of them makes
  // every line be parsed, which is slower. To be shown by `rules check`.
  [[nodiscard]] std::vector<const model::Rule*> every_line_rules() const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a matcher has done so far. Candidates against hits tell how well the scan sifts.
struct MatcherCounters {
  uint64_t lines = 0;       // scanned or judged singly
  uint64_t parsed = 0;      // lines that went to a format
  uint64_t candidates = 0;  // rules judged exactly
  uint64_t hits = 0;
  uint64_t unread = 0;    // candidate lines that the source's format does not fit
  uint64_t doubtful = 0;  // candidate lines of access logs that leave in doubt which of two addresses is the client's
};

// The scratch space of one thread, and counters. Keeps a reference on the rule set. Not to be entered again from its
// own callback.
class Matcher {
 public:
  using LineCallback = std::function<void(const model::RawLine& line, const LineResult& result)>;

  explicit Matcher(std::shared_ptr<const RuleSet> rules);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // Scans `block`, which holds whole lines, each ended by LF (CRLF tolerated; the last one may lack it), the first
  // byte at file offset `offset`; calls back, in line order, for each line with at least one hit (hits in the order of
  // the rules). `now` completes stamps without a year and stands in for missing ones. Returns the number of lines.
  // No allocation in the steady state. For every line it says exactly what match_line() says. (Both prefer the format
  // that the source's last parsed line had, for lines that could be of two formats; so feed a source's lines in order.
  // Of a source that it does not know yet, scan_block() looks at some lines of the block in advance.)
  uint64_t scan_block(std::string_view block, uint64_t offset, model::SourceId source, const LineOptions& options,
                      TimePoint now, const LineCallback& on_hit);

  // Judges a single line completely, without the block scanner; calls back always, with empty hits when there is none.
  // The clear and slow way: every rule is judged, nothing is scanned for beforehand.
  void match_line(const model::RawLine& line, const LineOptions& options, TimePoint now, const LineCallback& on_line);

  // Whether what stands before the first block of a source would tell how its lines are to be read: a W3C log's
  // directives. True once for a source.
  [[nodiscard]] bool wants_beginning(model::SourceId source, const LineOptions& options);
  // Whole lines from the beginning of the file, or from anywhere before the first block; nothing is looked for in them.
  void take_beginning(std::string_view lines, model::SourceId source, const LineOptions& options);

  // Forgets the formats that the source's lines had, and learns from `lines`, whole ones, as if they came first;
  // nothing is looked for in them. For who reads parts of a file in any order, and wants the same of each whatever came
  // before.
  void start_over(model::SourceId source, std::string_view lines, const LineOptions& options, TimePoint now);
  // Of a source that is not coming back: what is remembered of its formats.
  void forget(model::SourceId source);

  [[nodiscard]] const MatcherCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The names that `format` takes, besides "auto".
[[nodiscard]] const std::vector<std::string_view>& format_names();

}  // namespace ipguard::match
