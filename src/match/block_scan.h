// BlockScan: which lines of a block need a closer look, and why. Internal to Matcher.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/access_digest.h"
#include "match/finding_memory.h"
#include "match/format.h"
#include "match/scan_plan.h"
#include "match/scanner.h"

namespace ipguard::match {

// A set of rules that is filled and emptied for every line without allocating.
class CandidateSet {
 public:
  explicit CandidateSet(size_t rule_count) : member_(rule_count, 0) { rules_.reserve(rule_count); }

  void add(std::span<const RuleIndex> rules);
  void clear();
  [[nodiscard]] bool empty() const { return rules_.empty(); }
  // Ascending.
  [[nodiscard]] std::span<const RuleIndex> sorted();

 private:
  std::vector<uint8_t> member_;
  std::vector<RuleIndex> rules_;
};

class BlockScan : private ScanReceiver {
 public:
  explicit BlockScan(const ScanPlan& plan);  // the plan outlives it

  // Scans a block of lines of at most UINT32_MAX bytes; returns the number of LFs in it.
  uint64_t run(std::string_view block, const ScanHints& hints = {});
  // The same for the lines of a source whose formats are those of AccessSkim.
  uint64_t run_access(std::string_view block);
  // Of the last run: in the order of lines, everything at most once a line.
  [[nodiscard]] std::span<const Finding> found() const { return found_; }
  // Of the last run: the ends of lines whose fields may have been rewritten, ascending (see rewrite_watch.h).
  [[nodiscard]] std::span<const uint32_t> rewritten() const { return rewritten_; }

  // Adds every rule that finds in `text` what it looks for.
  void add_candidates(std::string_view text, CandidateSet& candidates);

 private:
  void look_for_all(std::string_view text, ScanReceiver& receiver);
  void scan(std::string_view block, const ScanHints& hints);
  void on_match(uint32_t id, size_t end) override;

  const ScanPlan& plan_;
  bool watches_rewrites_;
  std::optional<ScanState> state_;
  AccessDigest digest_;
  std::vector<Finding> found_in_digest_;
  std::vector<Finding> found_;
  std::vector<uint32_t> rewritten_;
  FindingMemory texts_;  // of add_candidates(): attackers have few
  std::vector<uint32_t> found_in_text_;
  std::vector<uint8_t> is_in_text_;  // by id

  // While a block is scanned:
  std::string_view block_;
  std::vector<uint32_t> found_in_;  // by id: the end of the line it was found in last
  size_t located_from_ = 0;         // every offset in [located_from_, located_end_) lies in the same line,
  size_t located_end_ = 0;          // whose end is located_end_
  bool in_order_ = true;
};

}  // namespace ipguard::match
