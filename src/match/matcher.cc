// Matcher (rule_set.h): blocks and lines judged by the rules.
#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <utility>

#include "base/text.h"
#include "match/block_scan.h"
#include "match/format.h"
#include "match/formats/w3c_order.h"
#include "match/line_reader.h"
#include "match/rule_set.h"
#include "match/rule_set_impl.h"
#include "match/session_table.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

// Blocks are scanned in pieces of whole lines of about this size, which bounds what a scan can find at once.
constexpr size_t piece_size = 1 << 16;
// A line beyond this is judged by its beginning: offsets within a piece are 32 bits wide.
constexpr size_t longest_line = 1 << 30;

bool is_part_of(std::string_view part, std::string_view whole) {
  const std::less_equal<> not_behind;
  return not_behind(whole.data(), part.data()) && not_behind(part.data() + part.size(), whole.data() + whole.size());
}

// Editors and programs of Windows put U+FEFF before a file's text; it is no part of the first line.
std::string_view without_byte_order_mark(std::string_view beginning) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  beginning.remove_prefix(beginning.starts_with(mark) ? mark.size() : 0);
  return beginning;
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

// rsyslog's abbreviation of messages that come again: "message repeated 5 times: [ Failed password … ]".
uint32_t repeats_of(const Event& event) {
  constexpr std::string_view opening = "message repeated ";
  constexpr uint64_t most_repeats = 10'000;  // as many as a threshold can ask for
  std::string_view message = event[Field::message];
  if (!message.starts_with(opening)) {
    return 1;
  }
  message.remove_prefix(opening.size());
  const auto count = parse_number(message.substr(0, message.find(" times: [")));
  return static_cast<uint32_t>(std::clamp<uint64_t>(count.value_or(1), 1, most_repeats));
}

}  // namespace

struct Matcher::Impl {
  // What belongs to one call.
  struct Call {
    LineReader::Lines lines;
    TimePoint now;
    const LineCallback& callback;
  };

  explicit Impl(std::shared_ptr<const RuleSet> rule_set)
      : owner(std::move(rule_set)), set(owner->impl()), scan(set.plan), candidates(set.rules.size()) {
    hits.reserve(set.rules.size());
  }

  Call make_call(const LineOptions& options, model::SourceId source, TimePoint now, const LineCallback& callback) {
    return {.lines = reader.lines_of(source, options, now), .now = now, .callback = callback};
  }

  bool read(const RawLine& line, const Call& call) {
    ++counters.parsed;
    return reader.read(line, call.lines, event);
  }

  void judge_rule(RuleIndex index, const RawLine& line, TimePoint now, PatternMemory* what_was_found) {
    ++counters.candidates;
    const CompiledRule& rule = set.compiled[index];
    const auto verdict = judge(rule, event, what_was_found);
    if (!verdict) {
      return;
    }
    if (rule.in_session) {
      judge_in_session(index, *verdict, line, now);
    } else {
      add_hit(index, *verdict->address, verdict->user, verdict->distinct, line, now);
    }
  }

  void add_hit(RuleIndex index, const net::Address& address, std::string_view user, std::string_view distinct,
               const RawLine& line, TimePoint now) {
    const model::Rule* const rule = set.compiled[index].rule;
    if (rule->kind != model::RuleKind::session) {
      hits.push_back({.rule = rule,
                      .address = address,
                      .time = event.time.value_or(now),
                      .user = user,
                      .distinct = distinct,
                      .repeat = repeats_of(event),
                      .line = line});
    }
  }

  // Lines that name the client tell it to the session's other lines, earlier and later ones.
  void judge_in_session(RuleIndex index, const Verdict& verdict, const RawLine& line, TimePoint now) {
    const bool by_pid = verdict.session.empty();
    const SessionName name{.source = line.source,
                           .host = event.host,
                           .service = set.compiled[index].rule->service,
                           .program = by_pid ? event[Field::program] : std::string_view{},
                           .id = by_pid ? event[Field::pid] : verdict.session};
    const TimePoint time = event.time.value_or(now);
    auto address = verdict.address;
    if (address && !name.id.empty()) {
      for (const PendingHit& pending : sessions.give_address(name, *address, time)) {
        add_hit(pending.rule, *address, keep(pending.user), keep(pending.distinct), line, now);
      }
    } else if (!address && !name.id.empty()) {
      address = sessions.address(name, time);
      if (!address && set.compiled[index].rule->kind != model::RuleKind::session) {
        sessions.wait(
            name, {.rule = index, .user = std::string(verdict.user), .distinct = std::string(verdict.distinct)}, time);
      }
    }
    if (address) {
      add_hit(index, *address, verdict.user, verdict.distinct, line, now);
    }
  }

  // A copy that lives as long as the line's hits.
  std::string_view keep(const std::string& text) { return kept_texts.emplace_back(text); }

  void begin_hits() {
    hits.clear();
    kept_texts.clear();
  }

  void report(const RawLine& line, const Call& call) {
    counters.hits += hits.size();
    if (!hits.empty()) {
      event.address = hits.front().address;
    }
    const std::string_view user = hits.empty() ? event[Field::user] : hits.front().user;
    call.callback(line, LineResult{.event = event, .user = user, .hits = hits});
  }

  void scan_if_rewritten(std::string_view text, const std::vector<RuleIndex>& rules, const RawLine& line) {
    if (text.empty() || rules.empty() || is_part_of(text, line.text)) {
      return;
    }
    rewritten_text.append(text);
    rewritten_text.push_back('\n');  // no expression matches across it
    if (text.find('\n') != std::string_view::npos) {
      candidates.add(rules);  // … but patterns may, when it is a part of the field
    }
  }

  // Fields that do not stand in the line as they are have not been scanned yet.
  void scan_rewritten_fields(const RawLine& line) {
    rewritten_text.clear();
    for (size_t field = 0; field < model::field_count; ++field) {
      scan_if_rewritten(event.fields[field], set.plan.rules_on[field], line);
    }
    for (const model::NamedValue& item : event.record) {
      scan_if_rewritten(item.value, set.plan.rules_on[static_cast<size_t>(Field::record)], line);
    }
    if (!rewritten_text.empty()) {
      scan.add_candidates(rewritten_text, candidates);
    }
  }

  // A line that has candidates or may have rewritten fields.
  void look_closer(const RawLine& line, bool rewritten, const Call& call) {
    if (!read(line, call)) {
      counters.unread += is_w3c_directive(line.text) ? 0U : 1U;
      return;
    }
    counters.doubtful += event.kind == model::LogKind::access && !event.address && !candidates.empty() ? 1U : 0U;
    if (rewritten) {
      scan_rewritten_fields(line);
    }
    begin_hits();
    for (const RuleIndex index : candidates.sorted()) {
      judge_rule(index, line, call.now, &memory);
    }
    if (!hits.empty()) {
      report(line, call);
    }
  }

  uint64_t scan_piece(std::string_view piece, uint64_t offset, model::SourceId source, const Call& call) {
    reader.begin_piece(piece, call.lines, event);
    uint64_t lines = call.lines.are_access() ? scan.run_access(piece) : scan.run(piece, call.lines.scan_hints());
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
        candidates.add(set.plan.rules_of[found[next_found].id]);
      }
      const bool may_be_rewritten = next_rewritten < rewritten.size() && rewritten[next_rewritten] == end;
      next_rewritten += may_be_rewritten ? 1 : 0;
      const size_t begin = every_line ? floor : line_begin_at(piece, floor, end);
      std::string_view text = piece.substr(begin, end - begin);
      text.remove_suffix(text.ends_with('\r') ? 1 : 0);
      reader.move_to(begin, call.lines);
      look_closer({.text = text, .offset = offset + begin, .source = source}, may_be_rewritten, call);
      floor = end + 1;
    }
    reader.move_to(piece.size(), call.lines);
    return lines;
  }

  std::shared_ptr<const RuleSet> owner;
  const RuleSet::Impl& set;
  BlockScan scan;
  CandidateSet candidates;
  LineReader reader;
  Event event;
  std::vector<model::Hit> hits;
  std::deque<std::string> kept_texts;  // of hits that waited for their session's address
  SessionTable sessions;
  std::string rewritten_text;
  PatternMemory memory;
  MatcherCounters counters;
};

Matcher::Matcher(std::shared_ptr<const RuleSet> rules) : impl_(std::make_unique<Impl>(std::move(rules))) {}
Matcher::~Matcher() = default;

uint64_t Matcher::scan_block(std::string_view block, uint64_t offset, model::SourceId source,
                             const LineOptions& options, TimePoint now, const LineCallback& on_hit) {
  const auto call = impl_->make_call(options, source, now, on_hit);
  uint64_t lines = 0;
  if (const auto text = offset == 0 ? without_byte_order_mark(block) : block; text.size() < block.size()) {
    offset += block.size() - text.size();
    block = text;
  }
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
      const uint64_t in_piece = impl_->scan_piece(piece, offset, source, call);
      impl_->counters.lines += in_piece;
      lines += in_piece;
    }
    block.remove_prefix(piece.size());
    offset += piece.size();
  }
  return lines;
}

void Matcher::match_line(const RawLine& raw, const LineOptions& options, TimePoint now, const LineCallback& on_line) {
  RawLine line = raw;
  if (line.offset == 0) {
    line.text = without_byte_order_mark(line.text);
    line.offset = raw.text.size() - line.text.size();
  }
  const auto call = impl_->make_call(options, line.source, now, on_line);
  ++impl_->counters.lines;
  impl_->begin_hits();
  impl_->reader.note_directive(line.text, call.lines);
  if (impl_->read(line, call)) {
    for (RuleIndex index = 0; index < impl_->set.rules.size(); ++index) {
      impl_->judge_rule(index, line, now, nullptr);
    }
  }
  impl_->report(line, call);
}

bool Matcher::wants_beginning(model::SourceId source, const LineOptions& options) {
  return impl_->reader.wants_beginning(impl_->reader.lines_of(source, options, {}));
}

void Matcher::take_beginning(std::string_view lines, model::SourceId source, const LineOptions& options) {
  impl_->reader.take_beginning(without_byte_order_mark(lines), impl_->reader.lines_of(source, options, {}));
}

void Matcher::start_over(model::SourceId source, std::string_view lines, const LineOptions& options, TimePoint now) {
  impl_->reader.forget(source);
  lines = without_byte_order_mark(lines);  // a file's beginning
  const auto of_source = impl_->reader.lines_of(source, options, now);
  impl_->reader.begin_piece(lines, of_source, impl_->event);
  impl_->reader.move_to(lines.size(), of_source);
}

void Matcher::forget(model::SourceId source) { impl_->reader.forget(source); }

const MatcherCounters& Matcher::counters() const { return impl_->counters; }

}  // namespace ipguard::match
