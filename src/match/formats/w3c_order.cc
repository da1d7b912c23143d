#include "match/formats/w3c_order.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ipguard::match {
namespace {

constexpr std::array<std::string_view, 7> directives = {
    w3c_fields_mark, "#Version:", "#Software:", "#Date:", "#Start-Date:", "#End-Date:", "#Remark:"};

constexpr std::array<std::pair<std::string_view, size_t W3cOrder::*>, 16> names = {{
    {"date", &W3cOrder::date},
    {"time", &W3cOrder::time},
    {"c-ip", &W3cOrder::client},
    {"cs-method", &W3cOrder::method},
    {"cs-uri-stem", &W3cOrder::stem},
    {"cs-uri", &W3cOrder::stem},
    {"cs-uri-query", &W3cOrder::query},
    {"sc-status", &W3cOrder::status},
    {"cs(User-Agent)", &W3cOrder::agent},
    {"cs(Referer)", &W3cOrder::referer},
    {"cs-username", &W3cOrder::user},
    {"s-port", &W3cOrder::port},
    {"sc-bytes", &W3cOrder::bytes},
    {"cs-host", &W3cOrder::host},
    {"cs(Host)", &W3cOrder::host},
    {"cs-version", &W3cOrder::protocol},
}};

}  // namespace

bool is_w3c_directive(std::string_view line) {
  return line.starts_with('#') &&
         std::ranges::any_of(directives, [line](std::string_view mark) { return line.starts_with(mark); });
}

std::optional<W3cOrder> parse_w3c_fields(std::string_view line, std::string_view forwarded) {
  if (!line.starts_with(w3c_fields_mark)) {
    return std::nullopt;
  }
  line.remove_prefix(w3c_fields_mark.size());
  W3cOrder order{.date = W3cOrder::nowhere, .time = W3cOrder::nowhere};
  while (!(line = trim(line)).empty()) {
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    if (order.columns == W3cOrder::most_columns) {
      return std::nullopt;
    }
    const auto* const known = std::ranges::find(names, word, &std::pair<std::string_view, size_t W3cOrder::*>::first);
    if (known != names.end() && order.*(known->second) == W3cOrder::nowhere) {
      order.*(known->second) = order.columns;
    }
    if (!forwarded.empty() && word == forwarded) {
      order.forwarded = order.columns;
    }
    ++order.columns;
  }
  const bool enough = order.client != W3cOrder::nowhere && order.stem != W3cOrder::nowhere;
  return enough ? std::optional(order) : std::nullopt;
}

}  // namespace ipguard::match
