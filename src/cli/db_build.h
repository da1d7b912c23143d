// `db build`: tables of networks into an MMDB.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "enrich/mmdb_writer.h"

namespace ipguard::cli {

struct BuildOptions {
  std::string output;
  std::string base;                  // an MMDB whose networks come first; empty = none
  std::vector<std::string> sources;  // "SCHEMA:FILE", later ones over earlier ones
  std::string type = "ipguard-lite";
  std::string description = "made by ipguardctl db build";
};

// Adds the rows of a table to `writer`. Errc::invalid with the line of the first row that is not in order.
//   ip-location-db-asn      CSV start,end,AS number,AS name
//   ip-location-db-country  CSV start,end,country code
//   iptoasn                 TSV start, end, AS number (0 = not routed), country code, AS name
//   ipinfo                  CSV with a header: network and IPinfo Lite's columns; empty cells are left out
//   netblocks               CSV with a header: network (address, prefix or first-last), then fields of any names
// What has a header may be TSV as well: the header tells.
[[nodiscard]] Result<size_t> add_table(std::string_view schema, std::string_view text, enrich::MmdbWriter& writer);

// Reads everything, writes a file beside the output, checks it and puts it in its place; a file without a network is an
// error. Tells what it did on stdout.
[[nodiscard]] Result<> build_database(const BuildOptions& options, TimePoint now);

}  // namespace ipguard::cli
