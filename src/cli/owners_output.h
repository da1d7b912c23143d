// How `asn` and `country` show what belongs to whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "enrich/owner_index.h"
#include "enrich/route_table.h"
#include "net/prefix.h"

namespace ipguard::cli {

// One AS or country by name.
struct NamedOwner {
  enrich::OwnerKind kind = enrich::OwnerKind::asn;
  const enrich::Owner* owner = nullptr;  // not null
  std::string label;                     // "AS64500", "NL"
  std::string name;                      // of the AS or the country; hostile text; empty where the database has none
  std::string domain;                    // of an AS
};

// The name is that of the first address of its largest range.
[[nodiscard]] NamedOwner named(enrich::OwnerKind kind, const enrich::RouteTable& routes, const enrich::Owner& owner);

// {"asn","as_name",…} or {"country_code","country",…}, with counts, and "prefixes" if they are given.
[[nodiscard]] Json owner_json(const NamedOwner& owner, const std::vector<net::Prefix>* prefixes);
// A heading and a prefix a line.
[[nodiscard]] std::string owner_text(const NamedOwner& owner, const std::vector<net::Prefix>& prefixes);
[[nodiscard]] std::string owners_table(const std::vector<NamedOwner>& owners);

enum class ExportFormat : uint8_t { plain, csv, nft };
[[nodiscard]] std::optional<ExportFormat> export_format_from(std::string_view text);

// The owners' prefixes for other programs. Plain: one a line, of all owners together. CSV: with whose they are. nft: a
// table with two sets (…4, …6) that `nft -f` loads, over which rules can be written; loaded again, the sets hold what
// is in this text and nothing that was in an earlier one.
struct Export {
  ExportFormat format = ExportFormat::plain;
  std::string table;  // "inet filter"
  std::string set;    // the sets' name, up to the 4 or 6
};
[[nodiscard]] std::string export_text(const Export& how, const std::vector<NamedOwner>& owners,
                                      const enrich::OwnerIndex& index);

}  // namespace ipguard::cli
