#include "cli/report_chunk.h"

#include <algorithm>
#include <bit>

#include "match/source_reading.h"
#include "match/visit.h"
#include "model/hit.h"
#include "report/distinct.h"

namespace ipguard::cli {
namespace {

// Ids of chunks that stand alone; series that are read in order have smaller ones.
constexpr model::SourceId first_chunk_id = 1U << 20U;
constexpr uint64_t chunk_ids = 1U << 30U;

std::string_view without_cr(std::string_view line) {
  line.remove_suffix(line.ends_with('\r') ? 1 : 0);
  return line;
}

// The line that begins at or after `from`, without its end; empty at the end.
std::string_view line_from(std::string_view bytes, size_t from) {
  if (from > 0 && from <= bytes.size() && bytes[from - 1] != '\n') {
    const auto before = bytes.find('\n', from - 1);
    from = before == std::string_view::npos ? bytes.size() : before + 1;
  }
  const auto rest = bytes.substr(std::min(from, bytes.size()));
  return rest.substr(0, rest.find('\n'));
}

// Of the Common Log Format's kind, whose clients visitor_of() finds.
bool is_clf(std::string_view format) { return format == "combined" || format == "vhost-combined"; }

// Who asked, in a line "ADDRESS - - [", also behind a virtual host's name; empty if it is no such line: it has a user,
// or is none of the format.
std::string_view visitor_of(std::string_view line) {
  constexpr std::string_view nobody = " - -";
  constexpr std::string_view nobody_and_time = " - - [";
  const auto blank = line.find(' ');
  if (blank != std::string_view::npos && line.substr(blank).starts_with(nobody_and_time)) {
    return line.substr(0, blank);  // of most lines
  }
  const auto time = line.find(" [");
  const auto head = time == std::string_view::npos ? std::string_view{} : line.substr(0, time);
  if (!head.ends_with(nobody)) {
    return {};
  }
  const auto address = head.substr(0, head.size() - nobody.size());
  return address.substr(address.rfind(' ') + 1);  // npos + 1 is 0
}

}  // namespace

unsigned sampling_of(const std::vector<ReportInput>& inputs, uint64_t wholly) {
  constexpr uint64_t usual_ratio = 12;  // of a packed log
  constexpr uint64_t most = 64;
  uint64_t bytes = 0;
  for (const auto& input : inputs) {
    bytes += input.error.empty() ? input.raw_size * (input.packed ? usual_ratio : 1) : 0;
  }
  const uint64_t times = wholly == 0 ? most : (bytes + wholly - 1) / wholly;
  return static_cast<unsigned>(std::bit_ceil(std::clamp<uint64_t>(times, 1, most)));
}

ChunkScan::ChunkScan(const ScanShared& shared) : shared_(shared), matcher_(shared.rules), splitter_(shared.max_line) {}

void ChunkScan::scan(const Chunk& chunk, Batch& batch) {
  batch.clear();
  batch.input = chunk.input;
  batch.bytes = chunk.read;
  batch.error = chunk.error;
  const ReportInput& input = shared_.inputs[chunk.input];
  model::SourceId source = 0;
  if (!input.in_order) {
    source = first_chunk_id + static_cast<model::SourceId>(chunk.id % chunk_ids);
    matcher_.start_over(source, input.head, input.options, input.now);
  }
  splitter_.restart(chunk.offset, false);
  splitter_.feed(chunk.bytes, [&](std::string_view bytes, uint64_t offset, bool truncated) {
    judge(bytes, offset, truncated, source, input, batch);
  });
  if (!input.in_order) {
    matcher_.forget(source);
  }
  const auto hits = static_cast<std::ptrdiff_t>(batch.records.size());
  look_at_lines(chunk, input, batch);
  std::ranges::inplace_merge(batch.records, batch.records.begin() + hits, {}, &Record::offset);
}

void ChunkScan::judge(std::string_view bytes, uint64_t offset, bool truncated, model::SourceId source,
                      const ReportInput& input, Batch& batch) {
  const auto on_line = [&](const model::RawLine& line, const match::LineResult& result) {
    if (!result.hits.empty()) {
      take_line(line, result, batch);
    }
  };
  if (truncated) {
    matcher_.match_line({.text = bytes, .offset = offset, .source = source, .truncated = true}, input.options,
                        input.now, on_line);
    ++batch.lines;
    ++batch.overlong_lines;
  } else {
    batch.lines += matcher_.scan_block(bytes, offset, source, input.options, input.now, on_line);
  }
}

void ChunkScan::take_line(const model::RawLine& line, const match::LineResult& result, Batch& batch) {
  const model::Event& event = result.event;
  const auto keep_field = [&](model::Field field) { return batch.keep(event[field].substr(0, shared_.max_line)); };
  const bool in_access_log = event.kind == model::LogKind::access;
  const TextRange text = batch.keep(line.text.substr(0, shared_.evidence_bytes));
  const TextRange path = in_access_log ? keep_field(model::Field::path) : TextRange{};
  const TextRange user_agent = in_access_log ? keep_field(model::Field::user_agent) : TextRange{};
  bool counts = false;
  for (const auto& hit : result.hits) {
    const bool login = hit.rule->kind == model::RuleKind::login;
    counts = counts || !login;
    batch.records.push_back({.kind = login ? Record::Kind::login : Record::Kind::hit,
                             .shown = shared_.filter.where.empty() || shared_.filter.fits_hit(event, hit),
                             .rule = static_cast<uint16_t>(hit.rule - shared_.rules->rules().data()),
                             .repeat = hit.repeat,
                             .offset = line.offset,
                             .time = hit.time,
                             .address = hit.address,
                             .line = text,
                             .path = path,
                             .user_agent = user_agent,
                             .user = batch.keep(hit.user == "-" ? std::string_view{} : hit.user),
                             .distinct = batch.keep(hit.distinct)});
    note_time(hit.time, batch);
  }
  batch.lines_hit += counts ? 1U : 0U;
}

void ChunkScan::note_time(TimePoint time, Batch& batch) const {
  if (time - model::most_clock_ahead > shared_.generated) {
    return;
  }
  batch.first = std::min(batch.first.value_or(time), time);
  batch.last = std::max(batch.last.value_or(time), time);
}

bool ChunkScan::parse(std::string_view text, const match::ParseContext& context, const ReportInput& input) {
  const model::RawLine line{.text = text, .offset = 0, .source = 0, .truncated = false};
  return context.named ? input.recognised->parse(line, context, event_)
                       : match::recognise(line, context, input.recognised, event_) != nullptr;
}

void ChunkScan::look_at_lines(const Chunk& chunk, const ReportInput& input, Batch& batch) {
  const std::string_view bytes = chunk.bytes;
  if (input.format == "w3c") {
    return;  // columns that only the log itself knows
  }
  const match::SourceReading* const reading = input.options.reading;
  match::ParseContext context{.now = input.now, .scratch = &scratch_, .named = input.options.format != "auto"};
  if (reading != nullptr) {
    context.named = reading->format != nullptr;
    context.zone = reading->zone.get();
    context.forwarded = reading->forwarded ? &*reading->forwarded : nullptr;
  }
  const bool begins_a_line = !bytes.ends_with('\n');  // one that is too long
  if (input.recognised == nullptr && (begins_a_line || !has_readable(bytes, context, input))) {
    batch.unread_lines = batch.lines;
    batch.first_unread_line = 1;
    return;
  }
  if (begins_a_line) {
    return;
  }
  const bool sampled = shared_.visitors_one_in > 1;
  const bool visitors_only = sampled && input.access && is_clf(input.recognised->name());
  const size_t stride = sampled && !input.access ? bytes.size() / looked_at_of_chunk : 0;
  const size_t last_line = bytes.size() < 2 ? 0 : bytes.rfind('\n', bytes.size() - 2) + 1;  // npos + 1 is 0
  bool all_read = true;
  for (size_t at = 0; at < bytes.size();) {
    const auto line = line_from(bytes, at);
    const auto begin = static_cast<size_t>(line.data() - bytes.data());
    if (begin >= bytes.size()) {
      break;
    }
    const auto text = without_cr(line);
    const bool wanted = !visitors_only || is_wanted(text, context);
    // The first and the last line of a chunk tell the time that it covers.
    if (wanted || begin == 0 || begin == last_line) {
      if (parse(text, context, input)) {
        note_visit(input, chunk.offset + begin, wanted, batch);
      } else {
        all_read = all_read && (text.empty() || text.front() == '#');
      }
    }
    const size_t next = std::max(begin + line.size() + 1, begin + stride);
    at = next > last_line && begin < last_line ? last_line : next;
  }
  if (!all_read) {
    count_unread(bytes, context, input, batch);
  }
}

// An input whose beginning no format fits may go on otherwise, behind one overlong line for example: some lines of each
// of its chunks are tried.
bool ChunkScan::has_readable(std::string_view bytes, const match::ParseContext& context, const ReportInput& input) {
  const size_t stride = bytes.size() / looked_at_of_chunk;
  for (size_t at = 0; at < bytes.size();) {
    const auto line = line_from(bytes, at);
    const auto begin = static_cast<size_t>(line.data() - bytes.data());
    if (begin >= bytes.size()) {
      break;
    }
    if (parse(without_cr(line), context, input)) {
      return true;
    }
    at = std::max(begin + line.size() + 1, begin + stride);
  }
  return false;
}

// Whether a line of a large log is in the sample. Behind proxies the address is not who asked: there lines are drawn.
bool ChunkScan::is_wanted(std::string_view line, const match::ParseContext& context) const {
  const auto visitor = visitor_of(line);
  return visitor.empty() ||
         report::hash_of(context.forwarded != nullptr ? line : visitor) % shared_.visitors_one_in == 0;
}

void ChunkScan::note_visit(const ReportInput& input, uint64_t offset, bool wanted, Batch& batch) {
  if (event_.time) {
    note_time(*event_.time, batch);
  }
  if (!wanted) {
    return;
  }
  if (const auto visit = match::visit_of(event_)) {
    batch.records.push_back({.kind = Record::Kind::visit,
                             .good = visit->good(),
                             .user_known = visit->by_good_user(),
                             .offset = offset,
                             .time = event_.time.value_or(input.now),
                             .address = visit->address});
  }
}

void ChunkScan::count_unread(std::string_view bytes, const match::ParseContext& context, const ReportInput& input,
                             Batch& batch) {
  uint64_t number = 0;
  while (!bytes.empty()) {
    ++number;
    const size_t end = bytes.find('\n');
    const auto text = without_cr(bytes.substr(0, end));
    if (!text.empty() && text.front() != '#' && !parse(text, context, input)) {
      batch.first_unread_line = batch.unread_lines++ == 0 ? number : batch.first_unread_line;
    }
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace ipguard::cli
