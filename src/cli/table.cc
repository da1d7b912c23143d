#include "cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "model/coverage.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view gap = "  ";
constexpr size_t below = 4;  // indent of what stands below its row

void append_padded(std::string& line, const std::string& text, size_t width) {
  line += text;
  const size_t used = display_width(text);
  line.append(width > used ? width - used : 0, ' ');
}

// The longest piece of `text` that fits `width` columns, cut at a blank where there is one; removed from `text`.
std::string take_line(std::string_view& text, size_t width) {
  if (display_width(text) <= width) {
    return std::string(std::exchange(text, {}));
  }
  size_t bytes = 0;
  size_t columns = 0;
  size_t last_blank = 0;
  while (bytes < text.size() && columns < width) {
    if (text[bytes] == ' ') {
      last_blank = bytes;
    }
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) {
      ++bytes;
    }
    ++columns;
  }
  const size_t cut = last_blank > 0 && text[bytes] != ' ' ? last_blank : bytes;
  std::string line(text.substr(0, cut));
  text.remove_prefix(cut);
  text = trim(text);
  return line;
}

}  // namespace

struct Table::Layout {
  enum class Shape { wrapped, stacked, paragraphs };
  Shape shape = Shape::wrapped;
  std::vector<size_t> widths;  // of the columns
  size_t head = 0;             // columns before the last one, gaps included
  size_t last = SIZE_MAX;      // columns for the last one
};

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::add(std::vector<std::string> row, std::vector<std::string> notes) {
  rows_.push_back({.cells = std::move(row), .notes = std::move(notes)});
}

Table::Layout Table::layout(std::optional<size_t> width) const {
  // With less than this, sentences fall into single words.
  constexpr size_t comfortable = 30;
  Layout result;
  for (const auto& cell : header_) {
    result.widths.push_back(display_width(cell));
  }
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      result.widths[i] = std::max(result.widths[i], display_width(row.cells[i]));
    }
  }
  for (size_t i = 0; i + 1 < result.widths.size(); ++i) {
    result.head += result.widths[i] + gap.size();
  }
  if (!width) {
    return result;
  }
  if (result.head + std::min(comfortable, result.widths.back()) <= *width) {
    result.last = *width - result.head;
    return result;
  }
  result.shape = result.head <= *width + gap.size() ? Layout::Shape::stacked : Layout::Shape::paragraphs;
  result.last = *width;
  return result;
}

void Table::append_row(std::string& text, const std::vector<std::string>& cells, const Layout& layout) const {
  std::string line;
  for (size_t i = 0; i + 1 < cells.size(); ++i) {
    append_padded(line, cells[i], layout.widths[i]);
    line += gap;
  }
  const bool stacked = layout.shape == Layout::Shape::stacked;
  std::string_view rest = cells.back();
  if (!stacked) {
    line += take_line(rest, layout.last);
  }
  text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  if (!rest.empty()) {
    text += stacked ? wrapped(rest, layout.last, below) : wrapped(rest, layout.head + layout.last, layout.head);
  }
}

void Table::append_paragraph(std::string& text, const std::vector<std::string>& cells, size_t width) const {
  text += cells.front() + '\n';
  std::string line;
  for (size_t i = 1; i + 1 < cells.size(); ++i) {
    if (cells[i] == "-") {
      continue;
    }
    const std::string pair = header_[i] + ' ' + cells[i];
    if (!line.empty() && below + display_width(line) + gap.size() + display_width(pair) > width) {
      text += std::string(below, ' ') + std::exchange(line, {}) + '\n';
    }
    line += (line.empty() ? "" : std::string(gap)) + pair;
  }
  if (!line.empty()) {
    text += std::string(below, ' ') + line + '\n';
  }
  if (cells.size() > 1) {
    text += wrapped(cells.back(), width, below);
  }
}

std::string Table::to_string(std::optional<size_t> width) const {
  const Layout shape = layout(width);
  const bool paragraphs = shape.shape == Layout::Shape::paragraphs;
  std::string text;
  if (!paragraphs) {
    append_row(text, header_, shape);
  }
  for (const auto& row : rows_) {
    if (paragraphs) {
      append_paragraph(text, row.cells, shape.last);
    } else {
      append_row(text, row.cells, shape);
    }
    for (const auto& note : row.notes) {
      text += std::string(below, ' ') + note + '\n';
    }
  }
  return text;
}

std::vector<std::string> Table::to_lines(size_t width, std::span<const std::string_view> dispensable) const {
  constexpr size_t kept = 2;    // columns that are never left out
  constexpr size_t least = 12;  // of the last column, if it is that wide
  const auto widths = layout(std::nullopt).widths;
  std::vector<size_t> shown(widths.size());
  std::iota(shown.begin(), shown.end(), size_t{0});
  for (const auto name : dispensable) {
    size_t wanted = std::min(widths[shown.back()], least);
    for (size_t i = 0; i + 1 < shown.size(); ++i) {
      wanted += widths[shown[i]] + gap.size();
    }
    if (wanted <= width) {
      break;
    }
    std::erase_if(shown, [&](size_t column) { return column >= kept && header_[column] == name; });
  }
  std::vector<std::string> lines;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (const size_t column : shown) {
      append_padded(line, cells[column], widths[column]);
      line += gap;
    }
    lines.push_back(shortened(line.substr(0, line.find_last_not_of(' ') + 1), width));
  };
  add_line(header_);
  for (const auto& row : rows_) {
    add_line(row.cells);
  }
  return lines;
}

std::string shortened(std::string_view text, size_t width) {
  if (display_width(text) <= width) {
    return std::string(text);
  }
  size_t bytes = 0;
  for (size_t columns = 0; bytes < text.size(); ++bytes) {
    const bool begins = (static_cast<unsigned char>(text[bytes]) & 0xc0U) != 0x80U;  // a code point
    if (begins && ++columns > width - std::min<size_t>(width, 1)) {
      break;
    }
  }
  return std::string(text.substr(0, bytes)) + (width > 0 ? "…" : "");
}

std::string wrapped(std::string_view text, size_t width, size_t indent) {
  constexpr size_t narrowest = 10;
  const size_t columns = std::max(width, indent + narrowest) - indent;
  std::string result;
  do {
    result += std::string(indent, ' ') + take_line(text, columns) + '\n';
  } while (!text.empty());
  return result;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::optional<size_t> terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    return size.ws_col;
  }
  constexpr uint64_t widest = 10'000;
  const char* const columns = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe): one thread
  const auto number = parse_number(columns == nullptr ? "" : columns);
  return number.value_or(0) > 0 && *number <= widest ? number : std::nullopt;
}

std::string coverage_text(const Json& decision) {
  return model::Coverage{.ipv4_addresses = decision.value("addresses_covered", uint64_t{0}),
                         .ipv6_64s = decision.value("ipv6_64s_covered", uint64_t{0})}
      .to_string();
}

void print_json(const Json& json, bool compact) {
  std::cout << json.dump(compact ? -1 : 2, ' ', false, Json::error_handler_t::replace) << '\n';
}

std::string cell(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) {
    return "-";
  }
  return printable(it->is_string() ? it->get<std::string>() : it->dump());
}

std::string short_duration(Seconds span) {
  auto text = format_duration(span);
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= 'a' && ++letters == 2) {
      return text.substr(0, i + 1);
    }
  }
  return text;
}

bool is_dry_run(const Json& reply) { return reply.value("mode", "") == config::to_string(config::Mode::dry_run); }

std::string time_left(const Json& until, TimePoint now) {
  if (!until.is_string()) {
    return "permanent";
  }
  const auto end = parse_rfc3339(until.get<std::string>());
  return end ? short_duration(std::chrono::ceil<Seconds>(*end - now)) : "?";
}

}  // namespace ipguard::cli
