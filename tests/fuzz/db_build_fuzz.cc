// links: cli
// Tables of networks that `db build` reads, of any bytes: never a crash, what is refused says why, and the database
// made of the rest says of an address what the last rows said that hold it. The first byte chooses the schema.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/csv.h"
#include "cli/db_build.h"
#include "enrich/route_table.h"
#include "net/asn.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

using Record = std::map<std::string, std::string>;
using Cells = std::vector<std::string>;

struct Row {
  net::Address first;
  net::Address last;
  Record record;
};

constexpr std::array<std::string_view, 5> schemas = {"ip-location-db-asn", "ip-location-db-country", "iptoasn",
                                                     "ipinfo", "netblocks"};

// What is read as CSV reads the same when it is written.
void check_csv(std::string_view text) {
  std::string written;
  std::vector<Cells> rows;
  cli::CsvReader reader(text);
  size_t line = 0;
  while (const auto record = reader.next()) {
    require(record->line > line && !record->fields.empty());
    line = record->line;
    rows.push_back(record->fields);
    for (size_t i = 0; i < record->fields.size(); ++i) {
      written += (i > 0 ? "," : "") + cli::csv_field(record->fields[i]);
    }
    written += '\n';
  }
  cli::CsvReader again(written);
  for (const auto& row : rows) {
    const auto record = again.next();
    require(record && record->fields == row, "a row that reads otherwise than it was written");
  }
  require(!again.next());
}

std::vector<Cells> cells_of(std::string_view text, bool tabs) {
  std::vector<Cells> rows;
  if (!tabs) {
    cli::CsvReader reader(text);
    while (auto record = reader.next()) {
      rows.push_back(std::move(record->fields));
    }
    return rows;
  }
  auto lines = split(text, '\n');
  if (lines.back().empty()) {
    lines.pop_back();
  }
  for (auto line : lines) {
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    const auto cells = split(line, '\t');
    rows.emplace_back(cells.begin(), cells.end());
  }
  return rows;
}

std::optional<Row> row_between(const std::string& first, const std::string& last) {
  const auto from = net::Address::parse(trim(first));
  const auto to = net::Address::parse(trim(last));
  return from && to ? std::optional(Row{*from, *to, {}}) : std::nullopt;
}

std::optional<Row> row_of(const std::string& network) {
  if (const auto dash = network.find('-'); dash != std::string::npos) {
    return row_between(network.substr(0, dash), network.substr(dash + 1));
  }
  const auto prefix = net::Prefix::parse(trim(network));
  return prefix ? std::optional(Row{prefix->address(), prefix->last(), {}}) : std::nullopt;
}

void add(Record& record, const std::string& name, const std::string& value) {
  if (!value.empty()) {
    record[name] = value;
  }
}

void add_asn(Record& record, const std::string& text) {
  if (const auto asn = net::Asn::parse(text)) {
    record["asn"] = asn->to_string();
  }
}

// A row of a table that was accepted.
std::optional<Row> read_row(size_t schema, const Cells& header, const Cells& cells) {
  if (schema < 3) {
    auto row = row_between(cells.at(0), cells.at(1));
    if (row && schema == 1) {
      add(row->record, "country_code", cells.at(2));
    } else if (row && (schema == 0 || cells.at(2) != "0")) {
      add_asn(row->record, cells.at(2));
      if (schema == 2) {
        add(row->record, "country_code", cells.at(3) == "None" ? "" : cells.at(3));
      }
      add(row->record, "as_name", cells.at(schema == 0 ? 3 : 4));
    }
    return row;
  }
  const auto network = std::ranges::find(header, "network") - header.begin();
  auto row = row_of(cells.at(static_cast<size_t>(network)));
  for (size_t i = 0; row && i < cells.size(); ++i) {
    if (header[i] != "network") {
      add(row->record, header[i], cells[i]);
    }
  }
  return row;
}

std::vector<Row> rows_of(size_t schema, std::string_view text) {
  text.remove_prefix(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  std::vector<Cells> table;
  bool tabs = schema == 2;
  if (schema > 2) {  // the first row that says something tells
    for (const auto line : split(text, '\n')) {
      const auto said = trim(line);
      if (!said.empty() && !said.starts_with('#')) {
        tabs = std::ranges::count(said, '\t') > 0 && std::ranges::count(said, '\t') >= std::ranges::count(said, ',');
        break;
      }
    }
  }
  std::vector<Row> rows;
  Cells header;
  for (const auto& cells : cells_of(text, tabs)) {
    if ((cells.size() == 1 && cells[0].empty()) || cells[0].starts_with('#')) {
      continue;
    }
    if (schema > 2 && header.empty()) {
      header = cells;
      continue;
    }
    auto row = read_row(schema, header, cells);
    require(row.has_value(), "a row was taken that has no network");
    rows.push_back(std::move(*row));
  }
  return rows;
}

// Where the format keeps IPv4 and what leads there: IPv6 addresses there have nothing of their own.
bool is_alias(const net::Address& address) {
  constexpr std::array<std::string_view, 4> aliases = {"::/96", "2002::/16", "64:ff9b::/96", "2001::/32"};
  return std::ranges::any_of(aliases, [&](auto text) { return net::Prefix::parse(text)->contains(address); });
}

// In the format's tree IPv4 lies under ::/96.
std::array<uint8_t, 16> place_in_tree(const net::Address& address) {
  auto bytes = address.bytes();
  if (address.is_ipv4()) {
    bytes[10] = bytes[11] = 0;
  }
  return bytes;
}

bool holds(const Row& row, const net::Address& address) {
  const auto place = place_in_tree(address);
  return place_in_tree(row.first) <= place && place <= place_in_tree(row.last);
}

// Paths that are lists by their numbers ("x.00") and such are read back under the list's own.
bool is_plain(std::string_view name) {
  return std::ranges::none_of(split(name, '.'), [](auto part) { return parse_number(part).has_value(); });
}

void check_address(const enrich::RouteTable& table, const std::vector<Row>& rows, const net::Address& address) {
  if (is_alias(address)) {
    return;
  }
  Record expected;
  for (const auto& row : rows) {
    if (holds(row, address)) {
      for (const auto& [name, value] : row.record) {
        expected[name] = value;
      }
    }
  }
  Record found;
  for (const auto& [name, value] : table.fields(address)) {
    require(found.emplace(name, value).second, "a field twice");
  }
  require(found == expected, address.to_string());
}

void check_database(const enrich::MmdbWriter& writer, const std::vector<Row>& rows) {
  const auto file = writer.build({.type = "fuzz", .description = "fuzz", .build_epoch = 1});
  require(file.has_value());
  const UniqueFd fd(::memfd_create("mmdb", MFD_CLOEXEC));
  require(::write(fd.get(), file->data(), file->size()) == static_cast<ssize_t>(file->size()));
  const auto table = enrich::RouteTable::open({"/proc/self/fd/" + std::to_string(fd.get())});
  require(table.has_value(), table ? "" : table.error().message);
  for (const auto& row : rows) {
    for (const auto& edge : {row.first, row.last}) {
      check_address(**table, rows, edge);
    }
    if (const auto before = net::previous(row.first)) {
      check_address(**table, rows, *before);
    }
    if (const auto behind = net::next(row.last)) {
      check_address(**table, rows, *behind);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::error);
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_csv(text);
  const size_t schema = data[0] % schemas.size();
  enrich::MmdbWriter writer;
  const auto added = cli::add_table(schemas.at(schema), text, writer);
  if (!added) {
    require(!added.error().message.empty());
    return 0;
  }
  const auto rows = rows_of(schema, text);
  require(*added <= rows.size());
  const auto plain = [](const Row& row) {
    return std::ranges::all_of(row.record, [](const auto& field) { return is_plain(field.first); });
  };
  if (rows.size() <= 64 && std::ranges::all_of(rows, plain)) {
    check_database(writer, rows);
  }
  return 0;
}
