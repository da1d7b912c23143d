// AccessDigest: what has to be scanned of a block of combined access lines. Most of such a line says nothing to any
// rule or has been said before: columns, stamp and sizes, and the user agents and referers of earlier lines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/access_skim.h"
#include "match/finding_memory.h"
#include "match/line_parts.h"
#include "match/status_scan.h"

namespace ipguard::match {

// What was found in one line (several times, perhaps). A line is known by its end: the offset of its LF.
struct Finding {
  uint32_t line_end = 0;
  uint32_t id = 0;  // index of ScanPlan::rules_of

  friend auto operator<=>(const Finding&, const Finding&) = default;
};

class AccessDigest {
 public:
  // `parts_of`: ScanPlan's; outlives the digest. What is found in other parts of a line is left out.
  AccessDigest(const StatusScan& statuses, std::span<const LineParts> parts_of)
      : statuses_(statuses), parts_of_(parts_of) {}

  // Digests a block; returns the number of LFs in it.
  uint64_t digest(std::string_view block);

  // The text that is left, in lines: of an ordinary line its request and the fields that are new, of others all.
  [[nodiscard]] std::string_view text() const { return text_; }
  // What is known without a scan, in the order of lines.
  [[nodiscard]] std::span<const Finding> known() const { return known_; }

  // Takes what was found in text(), in the order of its lines, to the block's lines, and remembers it of texts that
  // seem to come again.
  void locate(std::vector<Finding>& found);
  // The same for the lines of text() that may be rewritten (rewrite_watch.h).
  void locate_rewritten(std::vector<uint32_t>& line_ends) const;

 private:
  struct Extract {
    uint32_t end = 0;              // in text_: of its LF
    uint32_t line_end = 0;         // in the block
    LineParts part = anywhere;     // of the line
    bool may_be_rewritten = true;  // no format rewrites referers and user agents without a backslash
    bool comes_again = false;
    uint64_t hash = 0;  // of what comes again
  };

  void take(std::string_view line, const QuoteMarks& quotes, uint32_t line_end);
  void take_field(std::string_view field, LineParts part, uint32_t line_end);
  Extract& add(std::string_view text, LineParts part, uint32_t line_end);
  [[nodiscard]] bool says_something(uint32_t id, LineParts part) const { return (parts_of_[id] & part) != 0; }

  const StatusScan& statuses_;
  std::span<const LineParts> parts_of_;
  AccessSkim skim_;
  FindingMemory memory_;
  std::string text_;
  std::vector<Extract> extracts_;
  std::vector<Finding> known_;
  std::vector<uint32_t> found_in_extract_;
};

}  // namespace ipguard::match
