// Lists of bans in files: what `import` reads and `export` writes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/options.h"

namespace ipguard::cli {

enum class ListFormat : uint8_t {
  automatic,  // recognised by the first line
  list,       // a target a line; '#' and ';' begin a comment
  csv,        // RFC 4180; a first record without a target names the columns, else the first column is the target
  json,       // an array of targets or of objects, or an object a line
};
[[nodiscard]] std::optional<ListFormat> list_format_from(std::string_view name);

struct ListedBan {
  std::string target;         // as model::Target has it
  std::optional<Json> until;  // RFC 3339, or null for a ban without end; nullopt: the list does not say
  std::optional<std::string> reason;
};

struct BanList {
  std::vector<ListedBan> bans;        // in the list's order
  size_t over = 0;                    // left out: their end has passed
  size_t cut = 0;                     // reasons that were longer than longest_reason …
  size_t first_cut = 0;               // … and where the first one stands
  std::vector<std::string> problems;  // "12: error: 'x' is no address …", the first most_problems …
  size_t more_problems = 0;           // … and how many more there are

  static constexpr size_t most_problems = 20;
  static constexpr size_t longest_reason = 512;  // bytes, that the daemon takes
};

// Columns and keys that are understood, upper and lower case alike: the target as target, ip, address, network, prefix,
// cidr, range or value; its end as until, expires or expiration; the reason as reason, comment or description. Others
// are passed over, as are JSON objects of "type": "metadata" (Spamhaus).
[[nodiscard]] BanList read_ban_list(std::string_view text, ListFormat format, TimePoint now);

// `bans` as the daemon gives them, as text that read_ban_list() reads back: targets with their ends and reasons (a
// plain list: the targets alone). `for_terminal`: CSV without the control characters that a reason may have.
[[nodiscard]] std::string write_ban_list(const Json& bans, ListFormat format, bool for_terminal = false);

}  // namespace ipguard::cli
