// Reads the tables of the configuration. Internal to config/: callers use load_config() and parse_config().
#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/table_reader.h"

namespace ipguard::config {

// The whole configuration out of the document's root. Afterwards context.known_keys() holds every key there is.
[[nodiscard]] Config read_config(const Value& root, ReadContext& context);

// The tables that have values with rules of their own: [allow], [whois] (allow_reader.cc), [ladder.*] and [ban]
// (ladder_reader.cc).
[[nodiscard]] AllowConfig read_allow(TableReader& root, ReadContext& context);
[[nodiscard]] WhoisConfig read_whois(TableReader& root, ReadContext& context);
void read_ladders(TableReader& root, Config& config, ReadContext& context);

// A list of addresses and networks; what is none is an error at its place.
[[nodiscard]] std::vector<net::Prefix> read_prefixes(TableReader& table, std::string_view key);

}  // namespace ipguard::config
