#include "match/block_scan.h"

#include <algorithm>
#include <cstring>

#include "base/line_counter.h"
#include "match/rewrite_watch.h"

namespace ipguard::match {
namespace {

// Collects what is found, each once. `is_found`: by id; all 0 before and after.
class IdReceiver : public ScanReceiver {
 public:
  IdReceiver(std::vector<uint32_t>& ids, std::vector<uint8_t>& is_found) : ids_(ids), is_found_(is_found) {
    ids_.clear();
  }
  ~IdReceiver() override {
    for (const uint32_t id : ids_) {
      is_found_[id] = 0;
    }
  }
  IdReceiver(const IdReceiver&) = delete;
  IdReceiver& operator=(const IdReceiver&) = delete;
  void on_match(uint32_t id, size_t /*end*/) override {
    if (is_found_[id] == 0) {
      is_found_[id] = 1;
      ids_.push_back(id);
    }
  }

 private:
  std::vector<uint32_t>& ids_;
  std::vector<uint8_t>& is_found_;
};

// Statuses are digits that no format touches; every other field may be escaped in the log.
bool looks_for_text(const ScanPlan& plan) {
  for (size_t field = 0; field < plan.rules_on.size(); ++field) {
    if (field != static_cast<size_t>(model::Field::status) && !plan.rules_on[field].empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace

void CandidateSet::add(std::span<const RuleIndex> rules) {
  for (const RuleIndex rule : rules) {
    if (member_[rule] == 0) {
      member_[rule] = 1;
      rules_.push_back(rule);
    }
  }
}

void CandidateSet::clear() {
  for (const RuleIndex rule : rules_) {
    member_[rule] = 0;
  }
  rules_.clear();
}

std::span<const RuleIndex> CandidateSet::sorted() {
  std::ranges::sort(rules_);
  return rules_;
}

BlockScan::BlockScan(const ScanPlan& plan)
    : plan_(plan),
      watches_rewrites_(looks_for_text(plan)),
      digest_(plan.statuses, plan.parts_of),
      is_in_text_(plan.rules_of.size(), 0),
      found_in_(plan.rules_of.size(), 0) {
  if (plan.scanner != nullptr) {
    state_.emplace(*plan.scanner);
  }
}

uint64_t BlockScan::run(std::string_view block, const ScanHints& hints) {
  rewritten_.clear();
  scan(block, hints);
  return watches_rewrites_ ? find_rewritten_lines(block, rewritten_, hints.whole_lines) : count_line_ends(block);
}

uint64_t BlockScan::run_access(std::string_view block) {
  rewritten_.clear();
  const uint64_t lines = digest_.digest(block);
  scan(digest_.text(), {});
  digest_.locate(found_);
  if (!digest_.known().empty()) {
    found_in_digest_.swap(found_);
    found_.resize(found_in_digest_.size() + digest_.known().size());
    std::ranges::merge(found_in_digest_, digest_.known(), found_.begin(), {}, &Finding::line_end, &Finding::line_end);
  }
  if (watches_rewrites_) {
    find_rewritten_lines(digest_.text(), rewritten_);
    digest_.locate_rewritten(rewritten_);
  }
  return lines;
}

void BlockScan::scan(std::string_view block, const ScanHints& hints) {
  found_.clear();
  block_ = block;
  std::ranges::fill(found_in_, 0);
  located_from_ = 0;
  located_end_ = 0;
  in_order_ = true;
  look_for_all(block, *this);
  if (hints.status_behind && !plan_.statuses.empty()) {
    plan_.statuses.scan_behind(*hints.status_behind, block, *this);
  }
  if (!in_order_) {
    std::ranges::sort(found_);
    found_.erase(std::ranges::unique(found_).begin(), found_.end());
  }
}

void BlockScan::look_for_all(std::string_view text, ScanReceiver& receiver) {
  for (const TextSieve& sieve : plan_.sieves) {
    sieve.scan(text, receiver);
  }
  if (!plan_.statuses.empty()) {
    plan_.statuses.scan(text, receiver);
  }
  if (state_) {
    state_->scan(*plan_.scanner, text, receiver);
  }
}

void BlockScan::on_match(uint32_t id, size_t end) {
  const size_t last = end - 1;  // of a byte that matched: never an LF
  if (last >= located_from_ && last < located_end_) {
    if (found_in_[id] == located_end_) {
      return;
    }
  } else {
    const void* const lf = std::memchr(block_.data() + last, '\n', block_.size() - last);
    in_order_ = in_order_ && last >= located_from_;
    located_from_ = last;
    located_end_ = lf == nullptr ? block_.size() : static_cast<size_t>(static_cast<const char*>(lf) - block_.data());
  }
  found_in_[id] = static_cast<uint32_t>(located_end_);
  found_.push_back({.line_end = static_cast<uint32_t>(located_end_), .id = id});
}

void BlockScan::add_candidates(std::string_view text, CandidateSet& candidates) {
  const auto place = texts_.look_up(text);
  if (place.found == nullptr) {
    IdReceiver receiver(found_in_text_, is_in_text_);
    look_for_all(text, receiver);
    if (place.comes_again) {
      texts_.remember(place.hash, text, found_in_text_);
    }
  }
  for (const uint32_t id : place.found == nullptr ? found_in_text_ : *place.found) {
    candidates.add(plan_.rules_of[id]);
  }
}

}  // namespace ipguard::match
