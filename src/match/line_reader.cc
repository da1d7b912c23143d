#include "match/line_reader.h"

#include <algorithm>

#include "match/formats/formats.h"
#include "match/formats/w3c_order.h"
#include "match/formats/wrapped.h"
#include "match/source_reading.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

constexpr size_t lines_to_learn_from = 64;  // of a piece

// Calls back with the offset and the columns of each directive that says what a W3C log's columns are.
template <typename Take>
void for_each_directive(std::string_view lines, std::string_view forwarded, const Take& take) {
  constexpr auto mark = w3c_fields_mark;
  for (size_t at = lines.find(mark); at != std::string_view::npos; at = lines.find(mark, at + 1)) {
    if (at == 0 || lines[at - 1] == '\n') {
      if (const auto order = parse_w3c_fields(lines.substr(at, lines.find('\n', at) - at), forwarded)) {
        take(at, *order);
      }
    }
  }
}

}  // namespace

bool LineReader::Lines::are_access() const {
  const LogFormat* const format = only != nullptr ? only : source->hint;
  return format == &combined_format() || format == &vhost_combined_format();
}

bool LineReader::Lines::may_be_w3c() const {
  if (only != nullptr || nothing) {
    return only == &w3c_format();
  }
  return bare_messages || source->hint == nullptr || source->hint == &w3c_format();
}

std::string_view LineReader::Lines::forwarded_column() const {
  return forwarded == nullptr ? std::string_view{} : std::string_view(forwarded->value);
}

LineReader::Lines LineReader::lines_of(model::SourceId source, const LineOptions& options, TimePoint now) {
  Lines lines;
  lines.source = &sources_[source];
  lines.now = now;
  if (const SourceReading* const reading = options.reading) {
    lines.only = reading->own.get();
    lines.own = lines.only != nullptr;
    lines.zone = reading->zone.get();
    lines.forwarded = reading->forwarded ? &*reading->forwarded : nullptr;
  }
  if (lines.only == nullptr && options.format == "auto") {
    lines.bare_messages = options.accept_message;
  } else if (lines.only == nullptr) {
    lines.only = find_format(options.format);
    lines.nothing = lines.only == nullptr;
  }
  return lines;
}

ParseContext LineReader::context_of(const Lines& lines) {
  return {.now = lines.now,
          .scratch = &scratch_,
          .mixed = lines.bare_messages,
          .named = lines.only != nullptr,
          .zone = lines.zone,
          .forwarded = lines.forwarded,
          .w3c = lines.source->order ? &*lines.source->order : nullptr};
}

void LineReader::begin_piece(std::string_view piece, const Lines& lines, Event& event) {
  learn_format(piece, lines, event);
  directives_.clear();
  next_directive_ = 0;
  if (lines.may_be_w3c()) {
    for_each_directive(piece, lines.forwarded_column(),
                       [this](size_t at, const W3cOrder& order) { directives_.emplace_back(at, order); });
  }
}

// Learns a source's format from its first lines that leave no doubt about the client, whoever wrote them: otherwise the
// first line to be read closely would tell it, and that is an attacker's.
void LineReader::learn_format(std::string_view piece, const Lines& lines, Event& event) {
  if (lines.only != nullptr || lines.nothing || lines.bare_messages || lines.source->hint != nullptr) {
    return;
  }
  ParseContext context = context_of(lines);
  W3cOrder order;
  for (size_t begin = 0, line = 0; begin < piece.size() && line < lines_to_learn_from; ++line) {
    const size_t end = std::min(piece.find('\n', begin), piece.size());
    RawLine raw{.text = piece.substr(begin, end - begin)};
    raw.text.remove_suffix(raw.text.ends_with('\r') ? 1 : 0);
    begin = end + 1;
    if (const auto fields = parse_w3c_fields(raw.text)) {
      order = *fields;
      context.w3c = &order;
    }
    if (is_w3c_directive(raw.text)) {
      continue;
    }
    const LogFormat* const format = recognise(raw, context, nullptr, event);
    if (format != nullptr && (event.kind != model::LogKind::access || event.address)) {
      lines.source->hint = format;
      return;
    }
  }
}

void LineReader::move_to(size_t offset, const Lines& lines) {
  for (; next_directive_ < directives_.size() && directives_[next_directive_].first < offset; ++next_directive_) {
    lines.source->order = directives_[next_directive_].second;
  }
}

void LineReader::note_directive(std::string_view line, const Lines& lines) {
  if (!line.starts_with('#') || !lines.may_be_w3c()) {
    return;
  }
  if (const auto order = parse_w3c_fields(line, lines.forwarded_column())) {
    lines.source->order = order;
  }
}

bool LineReader::read(const RawLine& line, const Lines& lines, Event& event) {
  if (!parse(line, lines, event)) {
    return false;
  }
  for (const Field field : {Field::message, Field::body}) {
    std::string_view& text = event[field];
    text.remove_suffix(text.size() - (text.find_last_not_of(' ') + 1));
  }
  return true;
}

bool LineReader::parse(const RawLine& line, const Lines& lines, Event& event) {
  const ParseContext context = context_of(lines);
  if (lines.only != nullptr) {
    if (lines.own ? parse_own(line, *lines.only, context, event) : lines.only->parse(line, context, event)) {
      return true;
    }
  } else if (!lines.nothing) {
    const LogFormat*& hint = lines.source->hint;
    if (const LogFormat* const format = recognise(line, context, hint, event)) {
      hint = format;
      return true;
    }
    if (lines.bare_messages && bare_message_format().parse(line, context, event)) {
      return true;
    }
  }
  event = Event{};
  return false;
}

// A server that writes the configuration's format may do so into a container's log or to syslog. What is written by the
// format is read by it at once, whatever clients have in it: they make no wrapper of a line.
bool LineReader::parse_own(const RawLine& line, const LogFormat& format, const ParseContext& context, Event& event) {
  if (format.parse(line, context, event)) {
    return true;
  }
  const auto wrapped = unwrap(line, context);
  if (!wrapped) {
    return false;
  }
  const RawLine inner{.text = wrapped->text, .offset = line.offset, .source = line.source};
  if (!format.parse(inner, context, event)) {
    return false;
  }
  if (!event.time) {
    event.time = wrapped->time;
  }
  return true;
}

bool LineReader::wants_beginning(const Lines& lines) {
  return !std::exchange(lines.source->beginning_asked, true) && lines.may_be_w3c() && !lines.source->order;
}

void LineReader::take_beginning(std::string_view text, const Lines& lines) {
  for_each_directive(text, lines.forwarded_column(),
                     [&lines](size_t, const W3cOrder& order) { lines.source->order = order; });
}

}  // namespace ipguard::match
