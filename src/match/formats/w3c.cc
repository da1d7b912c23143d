// The W3C extended log format (https://www.w3.org/TR/WD-logfile). Its #Fields directive says what the columns are
// (w3c_order.h); where none has been seen, these orders are known, by the number of columns and the form of each:
//
//   IIS 8 and later  date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)
//                    cs(Referer) sc-status sc-substatus sc-win32-status time-taken
//   IIS 7            the same without cs(Referer)
//   IIS 6            date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip
//                    cs(User-Agent) sc-status sc-substatus sc-win32-status
//   all of IIS's     date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port
//                    cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status
//                    sc-substatus sc-win32-status sc-bytes cs-bytes time-taken
//   Azure's sites    date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)
//                    cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken
//   CloudFront       parted by tabs: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status
//                    cs(Referer) cs(User-Agent) cs-uri-query … (its standard log, 24 columns or more)
//
// No column of a client's holds a blank (IIS writes
// '+') or a tab (CloudFront writes %09), so counting columns is safe; times are UTC.
#include <algorithm>
#include <array>
#include <span>

#include "base/ascii.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/formats/w3c_order.h"
#include "match/forwarded_client.h"
#include "match/url_normalise.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

constexpr size_t most_columns = W3cOrder::most_columns;
constexpr size_t fewest_of_cloudfront = 24;
constexpr size_t nowhere = W3cOrder::nowhere;
using Order = W3cOrder;

constexpr Order cloudfront = {.columns = fewest_of_cloudfront,
                              .method = 5,
                              .stem = 7,
                              .query = 11,
                              .client = 4,
                              .status = 8,
                              .agent = 10,
                              .referer = 9,
                              .bytes = 3,
                              .host = 6};

constexpr std::array<Order, 5> iis = {{{.columns = 15,
                                        .method = 3,
                                        .stem = 4,
                                        .query = 5,
                                        .client = 8,
                                        .status = 11,
                                        .agent = 9,
                                        .referer = 10,
                                        .user = 7,
                                        .port = 6,
                                        .numbers_from = 11},
                                       {.columns = 14,
                                        .method = 3,
                                        .stem = 4,
                                        .query = 5,
                                        .client = 8,
                                        .status = 10,
                                        .agent = 9,
                                        .user = 7,
                                        .port = 6,
                                        .numbers_from = 10},
                                       {.columns = 14,
                                        .method = 4,
                                        .stem = 5,
                                        .query = 6,
                                        .client = 9,
                                        .status = 11,
                                        .agent = 10,
                                        .user = 8,
                                        .port = 7,
                                        .numbers_from = 11},
                                       {.columns = 22,
                                        .method = 5,
                                        .stem = 6,
                                        .query = 7,
                                        .client = 10,
                                        .status = 16,
                                        .agent = 12,
                                        .referer = 14,
                                        .user = 9,
                                        .port = 8,
                                        .bytes = 19,
                                        .host = 15,
                                        .protocol = 11,
                                        .numbers_from = 16},
                                       {.columns = 19,
                                        .method = 3,
                                        .stem = 4,
                                        .query = 5,
                                        .client = 8,
                                        .status = 13,
                                        .agent = 9,
                                        .referer = 11,
                                        .user = 7,
                                        .port = 6,
                                        .bytes = 16,
                                        .host = 12,
                                        .numbers_from = 13}}};

using Columns = std::array<std::string_view, most_columns>;

// The number of columns; 0 when there are too many.
size_t split_columns(std::string_view text, char separator, Columns& columns) {
  size_t count = 0;
  while (count < most_columns) {
    const size_t end = text.find(separator);
    columns[count++] = text.substr(0, end);
    if (end == std::string_view::npos) {
      return count;
    }
    text.remove_prefix(end + 1);
  }
  return 0;
}

// "YYYY-MM-DD" and "hh:mm:ss", UTC.
std::optional<TimePoint> parse_columns_time(std::string_view date, std::string_view clock) {
  if (date.size() != 10 || clock.size() != 8) {
    return std::nullopt;
  }
  std::array<char, 20> text{};
  date.copy(text.data(), 10);
  text[10] = 'T';
  clock.copy(text.data() + 11, 8);
  text[19] = 'Z';
  return parse_rfc3339(std::string_view(text.data(), text.size()));
}

bool fits(const Order& order, std::span<const std::string_view> columns) {
  if (!columns[order.stem].starts_with('/') || !is_address(columns[order.client]) ||
      !all_digits(columns[order.status]) || columns[order.method].empty()) {
    return false;
  }
  if (order.port != nowhere && !all_digits(columns[order.port])) {
    return false;
  }
  if (order.numbers_from == nowhere) {
    return true;
  }
  return std::ranges::all_of(columns.subspan(order.numbers_from), all_digits);
}

std::string_view column_of(size_t index, std::span<const std::string_view> columns) {
  return index == nowhere ? std::string_view{} : without_hyphen(columns[index]);
}

// IIS writes a '+' for each blank.
std::optional<net::Address> forwarded_in(const Order& order, std::span<const std::string_view> columns,
                                         const ForwardedClient& forwarded, const net::Address& peer) {
  if (order.forwarded == nowhere) {
    return client_behind(forwarded.proxies, peer, std::nullopt);
  }
  constexpr size_t longest = 2048;
  const auto column = columns[order.forwarded];
  if (column.find('+') == std::string_view::npos || column.size() > longest) {
    return client_behind(forwarded.proxies, peer, column);
  }
  std::array<char, longest> text{};
  std::ranges::replace_copy(column, text.begin(), '+', ' ');
  return client_behind(forwarded.proxies, peer, std::string_view(text.data(), column.size()));
}

void fill(const Order& order, std::span<const std::string_view> columns, std::string_view line,
          const ParseContext& context, Event& event) {
  ParseScratch& scratch = *context.scratch;
  event.address = net::Address::parse_logged(columns[order.client]);
  if (event.address && context.forwarded != nullptr) {
    event.address = forwarded_in(order, columns, *context.forwarded, *event.address);
  }
  fill_request_columns({.method = column_of(order.method, columns),
                        .target = columns[order.stem],
                        .query = column_of(order.query, columns),
                        .protocol = column_of(order.protocol, columns)},
                       false, line, scratch, event);
  const auto status = column_of(order.status, columns);
  event[Field::status] = is_status(status) ? status : std::string_view{};
  event[Field::user_agent] = column_of(order.agent, columns);
  event[Field::referer] = column_of(order.referer, columns);
  event[Field::user] = column_of(order.user, columns);
  event[Field::vhost] = column_of(order.host, columns);
  const auto bytes = column_of(order.bytes, columns);
  event[Field::bytes] = all_digits(bytes) ? bytes : std::string_view{};
}

class W3c final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "w3c"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto text = line.text;
    if (line.truncated || text.size() < 20) {
      return false;
    }
    if (context.w3c != nullptr && parse_by(*context.w3c, text, context, event)) {
      return true;
    }
    if (text[4] != '-' || text[7] != '-') {
      return false;
    }
    const bool tabs = text[10] == '\t';
    Columns columns;
    const size_t count = split_columns(text, tabs ? '\t' : ' ', columns);
    if (count < iis[1].columns) {
      return false;
    }
    const auto time = parse_columns_time(columns[0], columns[1]);
    const Order* const order = time ? order_of(tabs, std::span(columns).first(count)) : nullptr;
    if (order == nullptr) {
      return false;
    }
    reset_event(*this, event);
    event.time = time;
    fill(*order, std::span(columns).first(count), text, context, event);
    undo_percents(tabs, context, event);
    return true;
  }

 private:
  // In the order that the log says: the number of columns has to be right, and the client an address.
  bool parse_by(const Order& order, std::string_view text, const ParseContext& context, Event& event) const {
    Columns columns;
    const bool tabs = text.find('\t') != std::string_view::npos;
    const size_t count = split_columns(text, tabs ? '\t' : ' ', columns);
    if (count != order.columns || !is_address(columns[order.client])) {
      return false;
    }
    reset_event(*this, event);
    const auto all = std::span(columns).first(count);
    if (order.time != nowhere && order.date != nowhere) {
      event.time = parse_columns_time(columns[order.date], columns[order.time]);
      if (!event.time) {
        return false;
      }
    }
    fill(order, all, text, context, event);
    undo_percents(tabs, context, event);
    return true;
  }
  static const Order* order_of(bool tabs, std::span<const std::string_view> columns) {
    if (tabs) {
      return columns.size() >= cloudfront.columns && fits(cloudfront, columns) ? &cloudfront : nullptr;
    }
    const auto* const found = std::ranges::find_if(
        iis, [columns](const Order& order) { return order.columns == columns.size() && fits(order, columns); });
    return found == iis.end() ? nullptr : found;
  }
  // CloudFront percent-encodes every column of the client's.
  static void undo_percents(bool tabs, const ParseContext& context, Event& event) {
    if (tabs) {
      undo_percent(Field::user_agent, *context.scratch, event);
      undo_percent(Field::referer, *context.scratch, event);
    }
  }
  static void undo_percent(Field field, ParseScratch& scratch, Event& event) {
    if (event[field].find('+') == std::string_view::npos) {
      event[field] = normalise_query(event[field], scratch.fields[static_cast<size_t>(field)]);
    }
  }
};

}  // namespace

const LogFormat& w3c_format() {
  static const W3c format;
  return format;
}

}  // namespace ipguard::match
