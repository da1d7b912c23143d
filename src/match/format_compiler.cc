#include "match/format_compiler.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "config/text_place.h"
#include "match/format_items.h"
#include "match/format_segments.h"
#include "match/status_scan.h"

namespace ipguard::match {
namespace {

using Items = std::vector<FormatItem>;
using Problem = std::optional<FormatProblem>;

bool is_literal(const FormatItem& item, std::string_view literal) {
  return item.is_literal() && item.literal == literal;
}

// Where `wanted` stands at the front of `items`: "$name" and "%x" are variables, anything else literals.
bool stands(std::span<const FormatItem> items, std::initializer_list<std::string_view> wanted) {
  if (items.size() < wanted.size()) {
    return false;
  }
  size_t i = 0;
  return std::ranges::all_of(wanted, [&](std::string_view text) {
    const FormatItem& item = items[i++];
    return item.is_literal() ? item.literal == text : item.variable == text;
  });
}

// How many items at the front are a request's target in parts.
size_t target_parts(std::span<const FormatItem> items) {
  for (const std::string_view uri : {"$uri", "$document_uri"}) {
    for (const std::string_view args : {"$args", "$query_string"}) {
      if (stands(items, {uri, "$is_args", args}) || stands(items, {uri, "?", args})) {
        return 3;
      }
    }
  }
  for (const std::string_view host : {"$host", "$http_host", "$server_name"}) {
    if (stands(items, {"$scheme", "://", host, "$request_uri"})) {
      return 4;
    }
  }
  return stands(items, {"%U", "%q"}) ? 2 : 0;
}

void join(Items& items, size_t first, size_t count, Role role, Shape shape) {
  items[first].role = role;
  items[first].shape = shape;
  items[first].by_client = true;
  const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
  items.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(count));
}

// Variables that together are one thing: a target in parts, a request line in parts, an address with its port.
void join_parts(Items& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (const size_t count = target_parts(std::span(items).subspan(i)); count > 0) {
      join(items, i, count, Role::target, Shape::text);
    }
  }
  for (size_t i = 0; i + 2 < items.size(); ++i) {
    const bool is_address = items[i].role == Role::address && is_literal(items[i + 1], ":");
    if (is_address && items[i + 2].shape == Shape::number) {
      join(items, i, 3, Role::address_port, Shape::address);
      items[i].by_client = false;
    }
  }
  for (size_t i = 1; i + 5 < items.size(); ++i) {
    const bool quoted = items[i - 1].literal.ends_with('"') && items[i + 5].literal.starts_with('"');
    if (quoted && items[i].role == Role::method && is_literal(items[i + 1], " ") && items[i + 2].role == Role::target &&
        is_literal(items[i + 3], " ") && items[i + 4].role == Role::protocol) {
      join(items, i, 5, Role::request, Shape::text);
    }
  }
}

bool has_role(const Items& items, Role role) {
  return std::ranges::find(items, role, &FormatItem::role) != items.end();
}

void drop_role(Items& items, Role role, const FormatItem* but = nullptr) {
  for (FormatItem& item : items) {
    if (item.role == role && &item != but) {
      item.role = Role::none;
    }
  }
}

// The one that says best who the client is: as the server sees it, rather than the connection's other end where a
// module replaced it, and rather than a name.
const FormatItem* best_address(const Items& items) {
  const FormatItem* best = nullptr;
  for (const std::string_view name : {"$remote_addr", "%a", "%h", "$realip_remote_addr", "%{c}a"}) {
    const auto found = std::ranges::find(items, name, &FormatItem::variable);
    if (best == nullptr && found != items.end()) {
      best = &*found;
    }
  }
  return best;
}

// Each role is one variable's: the first that has it.
void settle_roles(Items& items) {
  if (const FormatItem* const address = best_address(items)) {
    drop_role(items, Role::address, address);
    drop_role(items, Role::address_port, address);
  }
  if (has_role(items, Role::request)) {
    for (const Role role : {Role::method, Role::target, Role::query, Role::protocol}) {
      drop_role(items, role);
    }
  }
  for (size_t role = 1; role < role_count; ++role) {
    const auto first = std::ranges::find(items, static_cast<Role>(role), &FormatItem::role);
    drop_role(items, static_cast<Role>(role), first == items.end() ? nullptr : &*first);
  }
}

// What stands behind the last variable that is needed is not looked at, from the next byte on that clients cannot
// write.
bool cut_tail(Items& items) {
  size_t last = items.size();
  for (size_t i = 0; i < items.size(); ++i) {
    last = items[i].role == Role::none ? last : i;
  }
  for (size_t i = last + 1; i < items.size(); ++i) {
    std::string& literal = items[i].literal;
    const auto at = std::ranges::find_if(literal, is_escaped_byte);
    if (at == literal.end()) {
      continue;
    }
    const bool is_last = i + 1 == items.size() && at + 1 == literal.end();
    literal.erase(at + 1, literal.end());
    items.resize(i + 1);
    return !is_last;
  }
  return false;
}

bool is_decoded(Role role) { return role == Role::request || role == Role::target || role == Role::query; }

// Whether something that is decoded stands behind the first quoted column, or there is no such column.
bool decodes_behind_quotes(const Positions& positions) {
  size_t quotes = 0;
  for (const Segment& segment : positions.segments) {
    for (const auto* const pieces : {&segment.left, &segment.right}) {
      for (const Piece& piece : *pieces) {
        if (is_decoded(piece.role) && quotes != 1) {
          return true;
        }
      }
    }
    if (segment.text && is_decoded(segment.text->role) && quotes != 1) {
      return true;
    }
    quotes += segment.end == '"' ? 1U : 0U;
  }
  return false;
}

std::optional<char> odd_status_neighbour(const Items& items) {
  const auto status = std::ranges::find(items, Role::status, &FormatItem::role);
  if (status == items.end()) {
    return std::nullopt;
  }
  // A variable right beside it is refused later on: where one ends cannot be told.
  const bool alone = (status == items.begin() || (status - 1)->is_literal()) &&
                     (status + 1 == items.end() || (status + 1)->is_literal());
  if (!alone) {
    return std::nullopt;
  }
  const char before = status == items.begin() ? '\n' : (status - 1)->literal.back();
  const char behind = status + 1 == items.end() ? '\n' : (status + 1)->literal.front();
  return StatusScan::stands_usually(before, behind) ? std::nullopt : std::optional(before);
}

std::string without_case(std::string_view text) {
  std::string result = lower_case(text);
  std::erase(result, '{');
  std::erase(result, '}');
  return result;
}

// The header's name alone: "cf_connecting_ip" of "$http_cf_connecting_ip", "%{CF-Connecting-IP}i" and the like.
std::string header_name(std::string_view variable) {
  const size_t open = variable.find('{');
  std::string name(open == std::string_view::npos ? variable
                                                  : variable.substr(open + 1, variable.find('}') - open - 1));
  std::erase_if(name, [](char c) { return c == '$' || c == '%'; });
  name = without_case(name);
  std::ranges::replace(name, '-', '_');
  return name.starts_with("http_") ? name.substr(5) : name;
}

// What to write as client_field: the format's own variable of that header, or one by which proxies name clients.
std::string client_field_hint(const Items& items, const config::FormatConfig& config, std::string_view written) {
  constexpr std::array<std::string_view, 5> proxies_say = {"forwarded", "connecting_ip", "real_ip", "client_ip",
                                                           "remote_ip"};
  const auto wanted = header_name(written);
  const auto is_usable = [](const FormatItem& item) { return !item.is_literal() && item.role != Role::address; };
  auto found = std::ranges::find_if(
      items, [&](const FormatItem& item) { return is_usable(item) && header_name(item.variable) == wanted; });
  if (found == items.end()) {
    found = std::ranges::find_if(items, [&](const FormatItem& item) {
      const auto name = header_name(item.variable);
      return is_usable(item) && std::ranges::any_of(proxies_say, [&](std::string_view word) {
               return name.find(word) != std::string::npos;
             });
    });
  }
  if (found != items.end()) {
    return "write \"" + found->variable + "\" as it stands there";
  }
  return "nothing in it names a proxy's client: have the server write one, such as " +
         std::string(config.syntax == config::FormatSyntax::nginx ? "$http_x_forwarded_for" : "%{X-Forwarded-For}i") +
         ", and add it to the format";
}

bool set_forwarded(Items& items, const config::FormatConfig& config, const ForwardedField& forwarded,
                   config::Diagnostics& diagnostics) {
  const auto wanted = without_case(forwarded.name);
  const auto found = std::ranges::find(items, wanted, [](const auto& item) { return without_case(item.variable); });
  if (found == items.end() || found->role == Role::address) {
    const std::string what = found == items.end() ? "has no " : "has the connection's own end in ";
    diagnostics.error(forwarded.location,
                      "client_field: the format '" + config.name + "' " + what + in_quotes(forwarded.name),
                      client_field_hint(items, config, forwarded.name));
    return false;
  }
  found->role = Role::forwarded;
  return true;
}

Problem check_items(const Items& items) {
  if (!has_role(items, Role::address) && !has_role(items, Role::address_port)) {
    return FormatProblem{0, "nothing in it is the client's address", "add $remote_addr (nginx), %a (Apache)"};
  }
  if (!has_role(items, Role::request) && !has_role(items, Role::target)) {
    return FormatProblem{0, "nothing in it is what was asked for", "add \"$request\" (nginx), \"%r\" (Apache)"};
  }
  for (const FormatItem& item : items) {
    if (item.literal.find('\n') != std::string::npos || item.literal.find('\r') != std::string::npos) {
      return FormatProblem{item.offset, "a line of a log has no line end in it",
                           "write the format on one line, or the server's whole directive with its quotes"};
    }
  }
  return std::nullopt;
}

std::unique_ptr<const LogFormat> compile_json(const config::FormatConfig& config) {
  JsonPaths paths{.name = config.name};
  const std::array<std::string*, config::json_fields.size()> into = {
      &paths.address,  &paths.time,  &paths.status,     &paths.request, &paths.method, &paths.path, &paths.query,
      &paths.protocol, &paths.bytes, &paths.user_agent, &paths.referer, &paths.user,   &paths.host};
  for (const auto& name : config.names) {
    *into[name.field] = name.path;
  }
  return make_json_format(std::move(paths));
}

}  // namespace

std::unique_ptr<const LogFormat> compile_format(const config::FormatConfig& config, const ForwardedField& forwarded,
                                                config::Diagnostics& diagnostics) {
  if (config.syntax == config::FormatSyntax::json) {
    return compile_json(config);
  }
  Positions positions{.name = config.name, .json_escape = config.json_escape};
  auto items = config.syntax == config::FormatSyntax::nginx ? nginx_items(config.text, positions.json_escape)
                                                            : apache_items(config.text);
  const auto report = [&](const FormatProblem& problem) {
    const auto place = config::place_within(diagnostics, config.text_location, problem.offset);
    diagnostics.error(place, "format '" + config.name + "': " + problem.message, problem.hint);
    return nullptr;
  };
  if (!items) {
    return report(items.error());
  }
  join_parts(*items);
  if (!forwarded.name.empty() && !set_forwarded(*items, config, forwarded, diagnostics)) {
    return nullptr;
  }
  settle_roles(*items);
  if (const auto problem = check_items(*items)) {
    return report(*problem);
  }
  positions.status_behind = odd_status_neighbour(*items);
  positions.open_end = cut_tail(*items);
  if (const auto problem = make_segments(*items, positions)) {
    return report(*problem);
  }
  positions.rewritten_behind = decodes_behind_quotes(positions);
  return make_position_format(std::move(positions));
}

}  // namespace ipguard::match
