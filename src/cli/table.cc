#include "cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/text.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view gap = "  ";

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

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::string Table::to_string(std::optional<size_t> width) const {
  constexpr size_t narrowest_last = 20;
  std::vector<size_t> widths(header_.size(), 0);
  const auto measure = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  };
  measure(header_);
  std::ranges::for_each(rows_, measure);
  size_t before_last = 0;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    before_last += widths[i] + gap.size();
  }
  const size_t last =
      width && *width > before_last + narrowest_last ? *width - before_last : (width ? narrowest_last : SIZE_MAX);
  std::string text;
  const auto append = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      append_padded(line, row[i], widths[i]);
      line += gap;
    }
    std::string_view rest = row.back();
    line += take_line(rest, last);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    while (!rest.empty()) {
      text += std::string(before_last, ' ') + take_line(rest, last) + '\n';
    }
  };
  append(header_);
  std::ranges::for_each(rows_, append);
  return text;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::optional<size_t> terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return std::nullopt;
  }
  return size.ws_col;
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
  const auto text = format_duration(span);
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= 'a' && ++letters == 2) {
      return text.substr(0, i + 1);
    }
  }
  return text;
}

std::string time_left(const Json& until, TimePoint now) {
  if (!until.is_string()) {
    return "permanent";
  }
  const auto end = parse_rfc3339(until.get<std::string>());
  return end ? short_duration(std::chrono::ceil<Seconds>(*end - now)) : "?";
}

}  // namespace ipguard::cli
