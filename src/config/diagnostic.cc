#include "config/diagnostic.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace ipguard::config {
namespace {

// Columns of a source line that are shown at most, and how many of them before the caret where the line is cut.
constexpr size_t window_width = 100;
constexpr size_t window_before = 60;

// printable() without the doubling of backslashes (see Diagnostic::to_string).
std::string shown(std::string_view text) {
  std::string result;
  bool first = true;
  for (const auto part : split(text, '\\')) {
    if (!std::exchange(first, false)) {
      result += '\\';
    }
    result += printable(part, 4096);
  }
  return result;
}

// Takes one code point (or one invalid byte with what hangs on to it) from the front of `text`.
std::string_view take_code_point(std::string_view& text) {
  size_t length = 1;
  while (length < 4 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) {
    ++length;
  }
  const auto code_point = text.substr(0, length);
  text.remove_prefix(length);
  return code_point;
}

struct MarkedLine {
  std::string text;
  size_t caret = 0;  // cells in front of the caret
};

// The part of `source` around `column` (in code points from 1, as toml++ counts), made safe for a terminal.
MarkedLine mark(std::string_view source, size_t column) {
  const size_t first = column <= window_width - 20 ? 1 : column - window_before;
  MarkedLine line;
  size_t cells = 0;
  if (first > 1) {
    line.text = "…";
    cells = 1;
  }
  for (size_t index = 1; !source.empty(); ++index) {
    if (index >= first + window_width) {
      line.text += "…";
      break;
    }
    const auto code_point = take_code_point(source);
    if (index < first) {
      continue;
    }
    if (index <= column) {
      line.caret = cells;
    }
    const std::string cell = code_point == "\t" ? " " : shown(code_point);
    line.text += cell;
    cells += cell == code_point || code_point == "\t" ? 1 : cell.size();
    if (source.empty() && index < column) {
      line.caret = cells;  // just behind the end: what is missing there
    }
  }
  return line;
}

std::string_view line_of(std::string_view text, uint32_t number) {
  for (uint32_t line = 1; line < number; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  auto line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

auto order(const Diagnostic& diagnostic) {
  return std::tie(diagnostic.location.file, diagnostic.location.line, diagnostic.location.column);
}

}  // namespace

std::string location_text(const model::Location& location) {
  std::string text = shown(location.file);
  if (location.line > 0) {
    text += ':' + std::to_string(location.line);
    if (location.column > 0) {
      text += ':' + std::to_string(location.column);
    }
  }
  return text;
}

std::string Diagnostic::to_string() const {
  std::string text = location_text(location);
  if (!text.empty()) {
    text += ": ";
  }
  text += severity == Severity::error ? "error: " : "warning: ";
  text += shown(message) + '\n';
  if (!source.empty() && location.line > 0) {
    const std::string number = std::to_string(location.line);
    const auto marked = mark(source, location.column);
    text += "  " + number + " | " + marked.text + '\n';
    if (location.column > 0) {
      text += "  " + std::string(number.size(), ' ') + " | " + std::string(marked.caret, ' ') + "^\n";
    }
  }
  if (!hint.empty()) {
    text += "  hint: " + shown(hint) + '\n';
  }
  return text;
}

void Diagnostics::note_file(const std::string& file) { ranks_.try_emplace(file, ranks_.size()); }

void Diagnostics::keep_text(const std::string& file, std::string_view text) {
  note_file(file);
  texts_[file] = text;
}

std::string_view Diagnostics::text_of(const std::string& file) const {
  const auto found = texts_.find(file);
  return found == texts_.end() ? std::string_view{} : std::string_view(found->second);
}

void Diagnostics::error(model::Location location, std::string message, std::string hint) {
  add({.severity = Severity::error,
       .location = std::move(location),
       .message = std::move(message),
       .hint = std::move(hint),
       .source = {}});
}

void Diagnostics::warning(model::Location location, std::string message, std::string hint) {
  add({.severity = Severity::warning,
       .location = std::move(location),
       .message = std::move(message),
       .hint = std::move(hint),
       .source = {}});
}

void Diagnostics::add(Diagnostic diagnostic) {
  const bool known = std::ranges::any_of(all_, [&](const Diagnostic& other) {
    return other.message == diagnostic.message && order(other) == order(diagnostic);
  });
  if (known) {
    return;
  }
  note_file(diagnostic.location.file);
  ++(diagnostic.severity == Severity::error ? errors_ : warnings_);
  if (all_.size() >= max_kept) {
    return;
  }
  if (diagnostic.source.empty() && diagnostic.location.line > 0) {
    if (const auto text = texts_.find(diagnostic.location.file); text != texts_.end()) {
      diagnostic.source = line_of(text->second, diagnostic.location.line);
    }
  }
  all_.push_back(std::move(diagnostic));
}

std::string Diagnostics::to_string() const {
  std::vector<const Diagnostic*> sorted;
  sorted.reserve(all_.size());
  for (const auto& diagnostic : all_) {
    sorted.push_back(&diagnostic);
  }
  const auto rank = [this](const Diagnostic* diagnostic) {
    const auto& place = diagnostic->location;
    return std::tuple(ranks_.at(place.file), place.line, place.column, diagnostic);  // last: as they were found
  };
  std::ranges::sort(sorted, {}, rank);
  std::string text;
  for (const auto* diagnostic : sorted) {
    text += diagnostic->to_string();
  }
  if (errors_ + warnings_ > all_.size()) {
    text += "… and " + group_digits(errors_ + warnings_ - all_.size()) + " more\n";
  }
  if (errors_ > 0) {
    text += counted(errors_, "error", "errors");
  }
  if (warnings_ > 0) {
    text += (errors_ > 0 ? ", " : "") + counted(warnings_, "warning", "warnings");
  }
  return text.empty() ? text : text + '\n';
}

}  // namespace ipguard::config
