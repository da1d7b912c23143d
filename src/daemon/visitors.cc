#include "daemon/visitors.h"

#include <algorithm>
#include <string>

#include "match/source_reading.h"

namespace ipguard::daemon {
namespace {

// The line that begins at or after `from`; empty at the end.
std::string_view next_line(std::string_view bytes, size_t from) {
  if (from > 0) {
    const auto before = bytes.find('\n', from - 1);
    from = before == std::string_view::npos ? bytes.size() : before + 1;
  }
  auto line = bytes.substr(std::min(from, bytes.size()));
  return line.substr(0, line.find('\n'));
}

}  // namespace

void Visitors::look(std::string_view bytes, model::SourceId source_id, const match::LineOptions& options, TimePoint now,
                    const Take& take) {
  Source& source = sources_[source_id];
  if (source.resting > 0) {
    --source.resting;
    return;
  }
  const match::SourceReading* const reading = options.reading;
  const auto* named = reading != nullptr ? reading->format : match::find_format(options.format);
  match::ParseContext context{.now = now, .scratch = &scratch_, .named = named != nullptr};
  if (reading != nullptr) {
    context.zone = reading->zone.get();
    context.forwarded = reading->forwarded ? &*reading->forwarded : nullptr;
  }
  const size_t most = allowance(now);
  const size_t stride = bytes.size() / std::max<size_t>(most, 1);
  size_t end = 0;  // of the last line looked at, its line feed included
  for (size_t i = 0; i < most && end < bytes.size(); ++i) {
    const auto line = next_line(bytes, std::max(end, i * stride));
    if (line.data() == bytes.data() + bytes.size()) {
      return;
    }
    const auto offset = static_cast<size_t>(line.data() - bytes.data());
    end = offset + line.size() + 1;
    allowed_ -= 1;
    if (!look_at(line, offset, source, context, named, take)) {
      source.resting = rest;
      return;
    }
  }
}

// How many lines of a block that is read at `now` may be looked at.
size_t Visitors::allowance(TimePoint now) {
  const std::chrono::duration<double> passed = now - asked_;
  asked_ = now;
  constexpr double most = lines_a_second;
  allowed_ = std::clamp(allowed_ + std::max(passed.count(), 0.0) * most, 0.0, most);
  return std::min(lines_a_block, static_cast<size_t>(allowed_));
}

// False if the line says that this is no access log.
bool Visitors::look_at(std::string_view line, size_t offset, Source& source, const match::ParseContext& context,
                       const match::LogFormat* named, const Take& take) {
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line.empty()) {
    return true;
  }
  const model::RawLine raw{.text = line, .offset = 0, .source = 0, .truncated = false};
  if (named != nullptr) {
    if (!named->parse(raw, context, event_)) {
      return true;
    }
  } else if (const auto* found = match::recognise(raw, context, source.hint, event_)) {
    source.hint = found;
  } else {
    return true;
  }
  if (event_.kind != model::LogKind::access) {
    return false;
  }
  if (const auto visit = match::visit_of(event_)) {
    take({.visit = *visit, .time = event_.time, .offset = offset});
  }
  return true;
}

}  // namespace ipguard::daemon
