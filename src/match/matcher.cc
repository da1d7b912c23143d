#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "match/block_scan.h"
#include "match/format.h"
#include "match/rule_set.h"
#include "match/rule_set_impl.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

// Blocks are scanned in pieces of whole lines of about this size, which bounds what a scan can find at once.
constexpr size_t piece_size = 1 << 20;
// A line beyond this is judged by its beginning: offsets within a piece are 32 bits wide.
constexpr size_t longest_line = 1 << 30;
// LineOptions looked up once.
struct Reading {
  const LogFormat* only = nullptr;  // null: any of all_formats()
  bool nothing = false;             // a format that does not exist was asked for
  bool bare_messages = false;       // what no format recognises
};

Reading resolve(const LineOptions& options) {
  if (options.format == "auto") {
    return {.bare_messages = options.accept_message};
  }
  const LogFormat* const format = find_format(options.format);
  return {.only = format, .nothing = format == nullptr};
}

bool is_part_of(std::string_view part, std::string_view whole) {
  const std::less_equal<> not_behind;
  return not_behind(whole.data(), part.data()) && not_behind(part.data() + part.size(), whole.data() + whole.size());
}

size_t line_end_at(std::string_view block, size_t from) { return std::min(block.find('\n', from), block.size()); }

// The beginning of the line that ends at `end`; all before `floor` is known to belong to earlier lines.
size_t line_begin_at(std::string_view block, size_t floor, size_t end) {
  const void* const lf = end > floor ? memrchr(block.data() + floor, '\n', end - floor) : nullptr;
  return lf == nullptr ? floor : static_cast<size_t>(static_cast<const char*>(lf) - block.data()) + 1;
}

// The first lines of `block`, about piece_size bytes of them but at least one.
std::string_view first_piece(std::string_view block) {
  if (block.size() <= piece_size) {
    return block;
  }
  size_t lf = block.rfind('\n', piece_size - 1);
  if (lf == std::string_view::npos) {
    lf = block.find('\n', piece_size);
  }
  return block.substr(0, lf == std::string_view::npos ? lf : lf + 1);
}

}  // namespace

struct Matcher::Impl {
  // What belongs to one call.
  struct Call {
    Reading reading;
    model::SourceId source;
    TimePoint now;
    const LineCallback& callback;
  };

  explicit Impl(std::shared_ptr<const RuleSet> rule_set)
      : owner(std::move(rule_set)), set(owner->impl()), scan(set.plan), candidates(set.rules.size()) {
    hits.reserve(set.rules.size());
  }

  // Reads the line into `event`; false, with `event` empty, if no allowed format fits.
  bool read(const RawLine& line, const Call& call) {
    ++counters.parsed;
    const ParseContext context{.now = call.now, .scratch = &scratch};
    if (call.reading.only != nullptr) {
      if (call.reading.only->parse(line, context, event)) {
        return true;
      }
    } else if (!call.reading.nothing) {
      if (call.source >= hints.size()) {
        hints.resize(call.source + 1U, nullptr);
      }
      // Each source its own: with another's hint a vhost line could be read as one without that column, and what stands
      // in the column is the client's Host header.
      const LogFormat*& hint = hints[call.source];
      if (const LogFormat* const format = recognise(line, context, hint, event)) {
        hint = format;
        return true;
      }
      if (call.reading.bare_messages && bare_message_format().parse(line, context, event)) {
        return true;
      }
    }
    event = Event{};
    return false;
  }

  void judge_rule(RuleIndex index, const RawLine& line, TimePoint now) {
    ++counters.candidates;
    const CompiledRule& rule = set.compiled[index];
    if (const auto verdict = judge(rule, event)) {
      hits.push_back({.rule = rule.rule,
                      .address = verdict->address,
                      .time = event.time.value_or(now),
                      .user = verdict->user,
                      .line = line});
    }
  }

  void report(const RawLine& line, const Call& call) {
    counters.hits += hits.size();
    if (!hits.empty()) {
      event.address = hits.front().address;
    }
    const std::string_view user = hits.empty() ? event[Field::user] : hits.front().user;
    call.callback(line, LineResult{.event = event, .user = user, .hits = hits});
  }

  // Fields that do not stand in the line as they are have not been scanned yet.
  void scan_rewritten_fields(const RawLine& line) {
    rewritten_text.clear();
    for (size_t field = 0; field < model::field_count; ++field) {
      const std::string_view text = event.fields[field];
      const auto& rules = set.plan.rules_on[field];
      if (text.empty() || rules.empty() || is_part_of(text, line.text)) {
        continue;
      }
      rewritten_text.append(text);
      rewritten_text.push_back('\n');  // no expression matches across it
      if (text.find('\n') != std::string_view::npos) {
        candidates.add(rules);  // … but patterns may, when it is a part of the field
      }
    }
    if (!rewritten_text.empty()) {
      scan.add_candidates(rewritten_text, candidates);
    }
  }

  // A line that has candidates or may have rewritten fields.
  void look_closer(const RawLine& line, bool rewritten, const Call& call) {
    if (!read(line, call)) {
      return;
    }
    if (rewritten) {
      scan_rewritten_fields(line);
    }
    hits.clear();
    for (const RuleIndex index : candidates.sorted()) {
      judge_rule(index, line, call.now);
    }
    if (!hits.empty()) {
      report(line, call);
    }
  }

  uint64_t scan_piece(std::string_view piece, uint64_t offset, const Call& call) {
    uint64_t lines = scan.run(piece);
    lines += piece.ends_with('\n') ? 0U : 1U;
    const auto found = scan.found();
    const auto rewritten = scan.rewritten();
    const bool every_line = !set.plan.every_line.empty();
    size_t next_found = 0;
    size_t next_rewritten = 0;
    for (size_t floor = 0; floor < piece.size();) {
      size_t end = every_line ? line_end_at(piece, floor) : piece.size() + 1;
      if (next_found < found.size()) {
        end = std::min<size_t>(end, found[next_found].line_end);
      }
      if (next_rewritten < rewritten.size()) {
        end = std::min<size_t>(end, rewritten[next_rewritten]);
      }
      if (end > piece.size()) {
        break;
      }
      candidates.clear();
      candidates.add(set.plan.every_line);
      for (; next_found < found.size() && found[next_found].line_end == end; ++next_found) {
        candidates.add(set.plan.rules_of[found[next_found].expression]);
      }
      const bool may_be_rewritten = next_rewritten < rewritten.size() && rewritten[next_rewritten] == end;
      next_rewritten += may_be_rewritten ? 1 : 0;
      const size_t begin = every_line ? floor : line_begin_at(piece, floor, end);
      std::string_view text = piece.substr(begin, end - begin);
      text.remove_suffix(text.ends_with('\r') ? 1 : 0);
      look_closer({.text = text, .offset = offset + begin, .source = call.source}, may_be_rewritten, call);
      floor = end + 1;
    }
    return lines;
  }

  std::shared_ptr<const RuleSet> owner;
  const RuleSet::Impl& set;
  BlockScan scan;
  CandidateSet candidates;
  ParseScratch scratch;
  Event event;
  std::vector<model::Hit> hits;
  std::string rewritten_text;
  std::vector<const LogFormat*> hints;  // by source: the format that its last line had
  MatcherCounters counters;
};

Matcher::Matcher(std::shared_ptr<const RuleSet> rules) : impl_(std::make_unique<Impl>(std::move(rules))) {}
Matcher::~Matcher() = default;

uint64_t Matcher::scan_block(std::string_view block, uint64_t offset, model::SourceId source,
                             const LineOptions& options, TimePoint now, const LineCallback& on_hit) {
  const Impl::Call call{.reading = resolve(options), .source = source, .now = now, .callback = on_hit};
  uint64_t lines = 0;
  while (!block.empty()) {
    const std::string_view piece = first_piece(block);
    if (piece.size() > longest_line) {
      const RawLine line{.text = piece.substr(0, longest_line), .offset = offset, .source = source, .truncated = true};
      match_line(line, options, now, [&on_hit](const RawLine& raw, const LineResult& result) {
        if (!result.hits.empty()) {
          on_hit(raw, result);
        }
      });
      ++lines;
    } else {
      const uint64_t in_piece = impl_->scan_piece(piece, offset, call);
      impl_->counters.lines += in_piece;
      lines += in_piece;
    }
    block.remove_prefix(piece.size());
    offset += piece.size();
  }
  return lines;
}

void Matcher::match_line(const RawLine& line, const LineOptions& options, TimePoint now, const LineCallback& on_line) {
  const Impl::Call call{.reading = resolve(options), .source = line.source, .now = now, .callback = on_line};
  ++impl_->counters.lines;
  impl_->hits.clear();
  if (impl_->read(line, call)) {
    for (RuleIndex index = 0; index < impl_->set.rules.size(); ++index) {
      impl_->judge_rule(index, line, now);
    }
  }
  impl_->report(line, call);
}

const MatcherCounters& Matcher::counters() const { return impl_->counters; }

}  // namespace ipguard::match
