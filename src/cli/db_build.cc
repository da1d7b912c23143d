#include "cli/db_build.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "cli/candidate_file.h"
#include "cli/csv.h"
#include "enrich/database_check.h"
#include "net/asn.h"

namespace ipguard::cli {
namespace {

constexpr uint64_t largest_table = 4ULL << 30;
constexpr size_t largest_header = size_t{64} << 10;  // with comments before it

// The addresses and fields of a row.
struct TableRow {
  net::Address first;
  net::Address last;
  enrich::Fields fields;  // none: the row says nothing
};
using Cells = std::vector<std::string>;

Result<net::Address> cell_address(const std::string& text) {
  const auto address = net::Address::parse(trim(text));
  return address ? Result<net::Address>(*address) : fail(Errc::invalid, in_quotes(text) + " is no address");
}

// An address, a prefix, or "first-last".
Result<> read_network(const std::string& text, TableRow& row) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) {
    const auto prefix = net::Prefix::parse(trim(text));
    if (!prefix) {
      return std::unexpected(prefix.error());
    }
    row.first = prefix->address();
    row.last = prefix->last();
    return {};
  }
  const auto first = cell_address(text.substr(0, dash));
  const auto last = cell_address(text.substr(dash + 1));
  if (!first || !last) {
    return std::unexpected(first ? last.error() : first.error());
  }
  row.first = *first;
  row.last = *last;
  return {};
}

void add_field(TableRow& row, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    row.fields.emplace_back(name, std::string(value));
  }
}

Result<> add_asn(TableRow& row, const std::string& text) {
  if (text == "0" || text.empty()) {
    return {};
  }
  const auto asn = net::Asn::parse(text);
  if (!asn) {
    return fail(Errc::invalid, in_quotes(text) + " is no AS number");
  }
  row.fields.emplace_back("asn", asn->to_string());
  return {};
}

// start and end, then what `rest` makes of the others.
Result<TableRow> ranged(const Cells& cells, size_t count, const std::function<Result<>(TableRow&)>& rest) {
  if (cells.size() < count) {
    return fail(Errc::invalid,
                "a row has " + std::to_string(count) + " cells, this one " + std::to_string(cells.size()));
  }
  TableRow row;
  if (auto network = read_network(cells[0] + '-' + cells[1], row); !network) {
    return std::unexpected(std::move(network.error()));
  }
  if (auto added = rest(row); !added) {
    return std::unexpected(std::move(added.error()));
  }
  return row;
}

Result<TableRow> headed(const Cells& header, const Cells& cells) {
  if (cells.size() != header.size()) {
    return fail(Errc::invalid, "the header has " + std::to_string(header.size()) + " columns, this row " +
                                   std::to_string(cells.size()));
  }
  TableRow row;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (header[i].empty() && !cells[i].empty()) {
      return fail(Errc::invalid, in_quotes(cells[i]) + " stands in a column without a name");
    }
    if (header[i] != "network") {
      add_field(row, header[i], cells[i]);
    } else if (auto network = read_network(cells[i], row); !network) {
      return std::unexpected(std::move(network.error()));
    }
  }
  return row;
}

// The first row's names: a field each, but for the network. A database holds each once, as a value or as a map of
// others ("owner", "owner.mail"), so many levels deep.
Result<> check_header(const Cells& header) {
  if (std::ranges::count(header, "network") != 1) {
    return fail(Errc::invalid, "the first row names the columns, one is 'network'");
  }
  Cells names = header;
  std::ranges::sort(names);
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0 && names[i] == names[i - 1] && !names[i].empty()) {  // spreadsheets leave columns without a name
      return fail(Errc::invalid, "two columns are named " + in_quotes(names[i]));
    }
    if (static_cast<size_t>(std::ranges::count(names[i], '.')) >= enrich::RecordLimits::depth) {
      return fail(Errc::invalid, "column " + in_quotes(names[i]) + " has more than " +
                                     std::to_string(enrich::RecordLimits::depth) + " levels");
    }
  }
  std::set<std::string_view> all(names.begin(), names.end());
  for (const std::string_view name : names) {
    for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
      if (dot > 0 && all.contains(name.substr(0, dot))) {
        return fail(Errc::invalid, "columns " + in_quotes(name.substr(0, dot)) + " and " + in_quotes(name) +
                                       " cannot be in one record: the first is a value, or the map of the second");
      }
    }
  }
  return {};
}

struct Schema {
  std::string_view name;
  bool tabs = false;
  bool header = false;
  Result<TableRow> (*read)(const Cells& header, const Cells& cells) = nullptr;
};

constexpr std::array<Schema, 5> schemas = {{
    {"ip-location-db-asn", false, false,
     [](const Cells&, const Cells& cells) {
       return ranged(cells, 4, [&](TableRow& row) {
         auto added = add_asn(row, cells[2]);
         add_field(row, "as_name", cells[3]);
         return added;
       });
     }},
    {"ip-location-db-country", false, false,
     [](const Cells&, const Cells& cells) {
       return ranged(cells, 3, [&](TableRow& row) {
         add_field(row, "country_code", cells[2]);
         return Result<>();
       });
     }},
    {"iptoasn", true, false,
     [](const Cells&, const Cells& cells) {
       return ranged(cells, 5, [&](TableRow& row) {
         if (cells[2] == "0") {
           return Result<>();
         }
         auto added = add_asn(row, cells[2]);
         add_field(row, "country_code", cells[3] == "None" ? "" : cells[3]);
         add_field(row, "as_name", cells[4]);
         return added;
       });
     }},
    {"ipinfo", false, true, headed},
    {"netblocks", false, true, headed},
}};

// Row by row, CSV or TSV.
class TableRows {
 public:
  TableRows(std::string_view text, bool tabs) : csv_(text), rest_(text), tabs_(tabs) {}

  std::optional<CsvReader::Record> next() {
    if (!tabs_) {
      return csv_.next();
    }
    if (rest_.empty()) {
      return std::nullopt;
    }
    const size_t end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    const auto cells = split(line, '\t');
    return CsvReader::Record{.line = ++line_, .fields = {cells.begin(), cells.end()}};
  }

 private:
  CsvReader csv_;
  std::string_view rest_;
  size_t line_ = 0;
  bool tabs_;
};

// Whether the first row, the columns' names, is told apart by tabs.
bool header_has_tabs(std::string_view text) {
  std::string_view header;
  for (const auto line : split(text.substr(0, largest_header), '\n')) {
    header = trim(line);
    if (!header.empty() && !header.starts_with('#')) {
      break;
    }
  }
  const auto tabs = std::ranges::count(header, '\t');
  return tabs > 0 && tabs >= std::ranges::count(header, ',');
}

std::string schema_names() {
  std::string names;
  for (const auto& schema : schemas) {
    names += (names.empty() ? "" : ", ") + std::string(schema.name);
  }
  return names;
}

Result<> add_source(const std::string& source, enrich::MmdbWriter& writer) {
  const auto colon = source.find(':');
  const auto schema = source.substr(0, colon);
  if (colon == std::string::npos || std::ranges::find(schemas, schema, &Schema::name) == schemas.end()) {
    return fail(Errc::usage, in_quotes(source) + " is no SCHEMA:FILE; schemas are " + schema_names());
  }
  const auto path = source.substr(colon + 1);
  const auto text = read_file(path, largest_table);
  if (!text) {
    return std::unexpected(text.error());
  }
  auto added = add_table(schema, *text, writer);
  if (!added) {
    return std::unexpected(add_context(added, printable(path)));
  }
  std::cout << printable(path) << ": " << counted(*added, "row", "rows") << '\n';
  return {};
}

}  // namespace

Result<size_t> add_table(std::string_view schema, std::string_view text, enrich::MmdbWriter& writer) {
  const auto* known = std::ranges::find(schemas, schema, &Schema::name);
  if (known == schemas.end()) {
    return fail(Errc::usage, "unknown schema; schemas are " + schema_names());
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // as spreadsheets write it
  text.remove_prefix(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
  TableRows reader(text, known->tabs || (known->header && header_has_tabs(text)));
  size_t count = 0;
  Cells header;
  while (auto record = reader.next()) {
    const auto& cells = record->fields;
    if ((cells.size() == 1 && cells[0].empty()) || cells[0].starts_with('#')) {
      continue;
    }
    if (known->header && header.empty()) {
      header = cells;
      if (auto checked = check_header(header); !checked) {
        return std::unexpected(add_context(checked, std::to_string(record->line)));
      }
      continue;
    }
    auto row = known->read(header, cells);
    if (row && (row->first.family() != row->last.family() || row->last < row->first)) {
      row = fail(Errc::invalid, "the range ends before it begins");
    }
    if (!row) {
      return std::unexpected(add_context(row, std::to_string(record->line)));
    }
    std::ranges::sort(row->fields, {}, &enrich::Fields::value_type::first);
    if (!row->fields.empty()) {
      writer.put(row->first, row->last, row->fields);
      ++count;
    }
  }
  return count;
}

Result<> build_database(const BuildOptions& options, TimePoint now) {
  if (options.base.empty() && options.sources.empty()) {
    return fail(Errc::usage, "a database is made of --base, --from or both");
  }
  enrich::MmdbWriter writer;
  if (!options.base.empty()) {
    const auto base = enrich::Mmdb::open(options.base);
    if (!base) {
      return std::unexpected(base.error());
    }
    if (auto loaded = writer.load(**base); !loaded) {
      return loaded;
    }
  }
  for (const auto& source : options.sources) {
    if (auto added = add_source(source, writer); !added) {
      return added;
    }
  }
  if (writer.record_count() == 0) {
    return fail(Errc::invalid, printable(options.output) + " is not written: no network has any field");
  }
  const auto epoch = seconds_since_epoch(now);
  const auto file = writer.build({.type = options.type,
                                  .description = options.description,
                                  .build_epoch = static_cast<uint64_t>(std::max<int64_t>(epoch, 1))});
  if (!file) {
    return std::unexpected(file.error());
  }
  auto candidate = CandidateFile::beside(options.output);
  if (!candidate) {
    return std::unexpected(std::move(candidate.error()));
  }
  if (auto written = candidate->write(*file); !written) {
    return written;
  }
  auto contents = enrich::check_database(candidate->path());
  if (!contents) {
    return std::unexpected(add_context(contents, printable(options.output) + " is not written"));
  }
  if (auto replaced = candidate->take_place(); !replaced) {
    return replaced;
  }
  std::cout << printable(options.output) << ": " << counted(contents->networks(), "network", "networks") << ", "
            << counted(contents->records, "record", "records") << ", " << format_size(contents->file_bytes) << '\n';
  return {};
}

}  // namespace ipguard::cli
