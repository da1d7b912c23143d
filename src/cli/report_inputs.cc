#include "cli/report_inputs.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "cli/input_file.h"
#include "input/rotated_files.h"
#include "match/source_reading.h"
#include "model/hit.h"

namespace ipguard::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t head_size = 64U << 10U;  // bytes that are looked at beforehand
constexpr size_t kept_head = 16U << 10U;  // … and kept to learn the format from

// What a line's format says about reading others: nothing in access and error logs, but for W3C's directives. Messages
// belong to sessions.
bool lines_stand_alone(const model::Event& event) {
  return event.format != "w3c" && (event.kind == model::LogKind::access || event.kind == model::LogKind::error);
}

void look_at_head(ReportInput& input, TimePoint now) {
  match::ParseScratch scratch;
  const match::SourceReading* const reading = input.options.reading;
  const match::LogFormat* named = reading != nullptr ? reading->format : match::find_format(input.options.format);
  match::ParseContext context{.now = input.now, .scratch = &scratch, .named = named != nullptr};
  if (reading != nullptr) {
    context.zone = reading->zone.get();
    context.forwarded = reading->forwarded ? &*reading->forwarded : nullptr;
  }
  if (named != nullptr) {
    input.format = named->name();
    input.recognised = named;
  }
  bool begun = false;
  model::Event event;
  const match::LogFormat* hint = nullptr;
  for_each_line(input.head, [&](std::string_view text) {
    const model::RawLine line{.text = text, .offset = 0, .source = 0, .truncated = false};
    if (input.first || text.empty()) {
      return;
    }
    if (named == nullptr) {
      hint = match::recognise(line, context, hint, event);
    }
    if (named != nullptr ? !named->parse(line, context, event) : hint == nullptr) {
      return;
    }
    if (input.format.empty()) {
      input.format = hint->name();
    }
    if (!begun) {
      begun = true;
      input.recognised = named != nullptr ? named : hint;
      input.in_order = !lines_stand_alone(event);
      input.access = event.kind == model::LogKind::access;
    }
    if (event.time && *event.time - model::most_clock_ahead <= now) {
      input.first = event.time;
    }
  });
}

Result<> read_head(ReportInput& input, InputStream& stream) {
  input.head_bytes.resize(head_size);
  const auto count = stream.read(input.head_bytes);
  if (!count) {
    return std::unexpected(count.error());
  }
  input.head_bytes.resize(*count);
  const auto last = input.head_bytes.rfind('\n');
  input.head =
      *count < head_size || last == std::string::npos ? input.head_bytes : input.head_bytes.substr(0, last + 1);
  return {};
}

std::string name_of(const ReportInput& input) { return input.path == "-" ? "standard input" : printable(input.path); }

void leave_out(ReportInput& input, const std::string& why) {
  input.error = name_of(input) + why + ": it is read once";
  input.raw_size = 0;
  input.stream.reset();
}

// The input that is the same file, pipe or terminal; null if there is none.
const ReportInput* same_as(const std::vector<ReportInput>& inputs, const InputStream& stream) {
  const auto same = std::ranges::find_if(inputs, [&stream](const ReportInput& each) {
    return each.error.empty() && each.identity && each.identity == stream.identity();
  });
  return same == inputs.end() ? nullptr : &*same;
}

// `before`: those that are named before it.
ReportInput look_at(const std::string& path, const match::LineOptions& options, TimePoint now,
                    const std::vector<ReportInput>& before) {
  ReportInput input;
  input.path = path;
  input.options = options;
  input.now = now;
  auto stream = InputStream::open(path);
  if (!stream) {
    input.error = stream.error().message;
    return input;
  }
  if (const auto* same = same_as(before, *stream)) {
    leave_out(input, same->path == path ? " is named twice" : " is the same file as " + name_of(*same));
    return input;
  }
  input.raw_size = stream->raw_size();
  input.identity = stream->identity();
  if (const auto modified = stream->modified()) {
    input.now = std::min(now, *modified);
  }
  if (auto read = read_head(input, *stream); !read) {
    input.error = read.error().message;
    return input;
  }
  input.packed = stream->packed();
  look_at_head(input, now);
  input.head.resize(input.head.size() <= kept_head ? input.head.size() : input.head.rfind('\n', kept_head - 1) + 1);
  if (stream->repeatable()) {
    input.head_bytes.clear();
    input.head_bytes.shrink_to_fit();
  } else {
    input.stream = std::make_unique<InputStream>(std::move(*stream));
  }
  return input;
}

// A log is the same by whatever way it is named, but for links: the configuration may name these.
std::string whole_path(const std::string& path) {
  std::error_code error;
  const auto whole = path == "-" ? fs::path() : fs::absolute(path, error);
  return error || whole.empty() ? path : whole.lexically_normal().string();
}

// What the configuration says of the source that would follow this log.
match::LineOptions options_of(const std::string& log, const match::LineOptions& named, const config::Config& config,
                              const match::SourceReadings* readings) {
  if (named.format != "auto" || named.reading != nullptr || readings == nullptr) {
    return named;
  }
  for (const auto& source : config.sources) {
    const auto fits = [&](const std::string& glob) {
      return ::fnmatch(whole_path(glob).c_str(), log.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    };
    if (std::ranges::any_of(source.paths, fits)) {
      match::LineOptions options = named;
      options.format = source.format;
      options.reading = readings->of_source(source.name);
      return options;
    }
  }
  return named;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::pair{std::string(), path}
                                    : std::pair{path.substr(0, slash + 1), path.substr(slash + 1)};
}

enum class Likeness : uint8_t { none, same, first_is_beginning, second_is_beginning };

// Of what both hold, unpacked.
Likeness compare(const std::string& first_path, const std::string& second_path) {
  constexpr size_t piece = 256U << 10U;
  auto first = InputStream::open(first_path);
  auto second = InputStream::open(second_path);
  if (!first || !second) {
    return Likeness::none;
  }
  std::string one(piece, '\0');
  std::string other(piece, '\0');
  while (true) {
    const auto of_one = first->read(one);
    const auto of_other = second->read(other);
    if (!of_one || !of_other || first->error() || second->error()) {
      return Likeness::none;
    }
    const size_t both = std::min(*of_one, *of_other);
    if (std::string_view(one).substr(0, both) != std::string_view(other).substr(0, both)) {
      return Likeness::none;
    }
    if (both < piece) {
      return *of_one == *of_other  ? Likeness::same
             : *of_one < *of_other ? Likeness::first_is_beginning
                                   : Likeness::second_is_beginning;
    }
  }
}

// Whether it is worth to compare all: logs that are short may well begin alike.
bool begin_alike(const ReportInput& a, const ReportInput& b) {
  constexpr size_t telling = 1024;
  const size_t both = std::min(a.head.size(), b.head.size());
  return both > 0 && (both >= telling || a.head.size() == b.head.size()) &&
         a.head.compare(0, both, b.head, 0, both) == 0;
}

// Of generations of one log: copies and beginnings.
void leave_out_repeated(std::vector<ReportInput>& inputs) {
  std::map<std::string, std::vector<size_t>> logs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ReportInput& input = inputs[i];
    if (!input.error.empty() || !input.identity || input.stream != nullptr) {
      continue;  // what is no file cannot be read twice
    }
    auto& others = logs[input.log];
    for (const size_t other : others) {
      ReportInput& before = inputs[other];
      if (!before.error.empty() || !begin_alike(before, input)) {
        continue;
      }
      const auto likeness = compare(before.path, input.path);
      if (likeness == Likeness::first_is_beginning) {
        leave_out(before, " is the beginning of " + name_of(input));
      } else if (likeness != Likeness::none) {
        leave_out(input,
                  (likeness == Likeness::same ? " holds the same as " : " is the beginning of ") + name_of(before));
        break;
      }
    }
    others.push_back(i);
  }
}

}  // namespace

std::string log_of(const std::string& path) {
  constexpr std::string_view digits = "0123456789";
  const auto [folder, packed_name] = split_path(path);
  const std::string name(input::without_packed_ending(packed_name));
  // The mark stands at the end, or before the ending; what it looks like is input/'s to say.
  std::vector<std::string> candidates;
  for (size_t at = 1; at < name.size(); ++at) {
    if (std::string_view("-._").find(name[at]) == std::string_view::npos || at + 1 >= name.size() ||
        digits.find(name[at + 1]) == std::string_view::npos) {
      continue;
    }
    candidates.push_back(name.substr(0, at));
    // Before the ending only a date is a mark: web-1.log and web-2.log are two servers' logs.
    constexpr size_t least_date = 6;
    if (const auto dot = name.rfind('.'); dot != std::string::npos && dot > at + least_date) {
      candidates.push_back(name.substr(0, at) + name.substr(dot));
    }
  }
  for (const auto& candidate : candidates) {
    if (input::is_rotated_name(candidate, name)) {
      return folder + candidate;
    }
  }
  return folder + name;
}

std::vector<ReportInput> look_at_inputs(const std::vector<std::string>& paths, const match::LineOptions& named,
                                        const config::Config& config, const match::SourceReadings* readings,
                                        TimePoint now) {
  std::vector<ReportInput> inputs;
  inputs.reserve(paths.size());
  for (const auto& path : paths) {
    auto log = log_of(whole_path(path));
    inputs.push_back(look_at(path, options_of(log, named, config, readings), now, inputs));
    inputs.back().log = std::move(log);
  }
  leave_out_repeated(inputs);
  return inputs;
}

std::vector<ReportSeries> make_series(const std::vector<ReportInput>& inputs) {
  std::map<std::string, ReportSeries> by_log;
  std::vector<ReportSeries> all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].error.empty()) {
      continue;
    }
    if (inputs[i].in_order) {
      by_log[inputs[i].log].inputs.push_back(i);
    } else {
      all.push_back({.inputs = {i}, .start = inputs[i].first, .in_order = false});
    }
  }
  // A generation without a time stamp stands where it was written.
  const auto begin_of = [&inputs](size_t i) { return inputs[i].first.value_or(inputs[i].now); };
  for (auto& [log, series] : by_log) {
    std::ranges::stable_sort(series.inputs, {}, begin_of);
    series.start = inputs[series.inputs.front()].first;
    all.push_back(std::move(series));
  }
  std::ranges::stable_sort(all, [](const ReportSeries& a, const ReportSeries& b) {
    return a.start.value_or(TimePoint::min()) < b.start.value_or(TimePoint::min());
  });
  return all;
}

}  // namespace ipguard::cli
