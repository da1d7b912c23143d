// Reads the tables of the configuration. Internal to config/: callers use load_config() and parse_config().
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/table_reader.h"

namespace ipguard::config {

// The whole configuration out of the document's root. Afterwards context.known_keys() holds every key there is.
[[nodiscard]] Config read_config(const Value& root, ReadContext& context);

// `name` of a table that stands there several times: `what` ("source") needs one, such as `example`, and one of its
// own. Empty after an error. `names`: where each was seen first (source_reader.cc).
[[nodiscard]] std::string read_name(TableReader& table, std::string_view what, std::string_view example,
                                    std::map<std::string, Place>& names);

// All [[source]] tables (source_reader.cc).
[[nodiscard]] std::vector<SourceConfig> read_sources(TableReader& root, ReadContext& context);

// `timezone`, `trusted_proxies` and `client_field` of a [[source]], and all [[format]] tables (format_reader.cc).
void read_reading(SourceConfig& source, TableReader& table, ReadContext& context);
[[nodiscard]] std::vector<FormatConfig> read_formats(TableReader& root, ReadContext& context);

// `listen` and `senders` of a [[source]] (listener_reader.cc).
void read_listener(SourceConfig& source, TableReader& table, ReadContext& context);
// `socket_mode` of any table.
void read_socket_mode(TableReader& table, uint32_t& socket_mode);

// All [[trap]] tables (trap_reader.cc).
[[nodiscard]] std::vector<TrapConfig> read_traps(TableReader& root, ReadContext& context);

// The tables that have values with rules of their own: [allow], [whois] (allow_reader.cc), [ladder.*] and [ban]
// (ladder_reader.cc).
[[nodiscard]] AllowConfig read_allow(TableReader& root, ReadContext& context);
[[nodiscard]] WhoisConfig read_whois(TableReader& root, ReadContext& context);
// [http] and all [[notify]] tables (outlet_reader.cc).
[[nodiscard]] HttpConfig read_http(TableReader& root, ReadContext& context);
[[nodiscard]] std::vector<NotifyConfig> read_notifies(TableReader& root, ReadContext& context);
void read_ladders(TableReader& root, Config& config, ReadContext& context);

// A path of a file or folder that is there already (source_reader.cc): one that does not begin at the root is warned
// of, for what it means depends on where ipguardd is started; '~' is an error.
void check_from_root(const Text& path, ReadContext& context);
// Without their places.
[[nodiscard]] std::vector<std::string> plain(std::vector<Text> texts);

// A list of addresses and networks; what is none is an error at its place. `of_everybody` is what it means that a
// prefix is a whole family.
[[nodiscard]] std::vector<net::Prefix> read_prefixes(TableReader& table, std::string_view key,
                                                     std::string_view of_everybody = "none of them can be banned");

// sun_path of unix(7) holds 108 bytes with the terminating zero.
inline constexpr size_t max_socket_path = 107;

}  // namespace ipguard::config
