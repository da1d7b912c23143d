#include "store/rows.h"

#include <algorithm>
#include <array>
#include <limits>

#include "net/site.h"

namespace ipguard::store {
namespace {

constexpr unsigned ipv6_tag = 64;

bool put_text(std::string& out, const std::optional<std::string_view>& value) {
  if (!value || value->size() > max_text_bytes) {
    return false;
  }
  out = *value;
  return true;
}

bool put_count(uint32_t& out, std::optional<int64_t> value) {
  if (!value || *value < 0 || *value > std::numeric_limits<uint32_t>::max()) {
    return false;
  }
  out = static_cast<uint32_t>(*value);
  return true;
}

// Takes one prefix from the front of `bytes`.
std::optional<net::Prefix> take_prefix(std::string_view& bytes) {
  const auto tag = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  const bool ipv6 = tag >= ipv6_tag;
  const unsigned length = ipv6 ? tag - ipv6_tag : tag;
  const size_t count = (length + 7) / 8;
  if (length > (ipv6 ? 128U : 32U) || bytes.size() < count) {
    return std::nullopt;
  }
  std::array<uint8_t, 16> raw{};
  size_t position = 0;
  if (!ipv6) {
    raw[10] = raw[11] = 0xff;
    position = 12;
  }
  for (size_t i = 0; i < count; ++i) {
    raw.at(position + i) = static_cast<uint8_t>(bytes[i]);
  }
  bytes.remove_prefix(count);
  const auto address = net::Address::from_ipv6(raw);
  const net::Prefix prefix(address, length);
  // Host bits that are set, or an IPv6 entry that is a v4-mapped address, were not written by encode_prefixes().
  if (address.is_ipv4() == ipv6 || prefix.address() != address) {
    return std::nullopt;
  }
  return prefix;
}

std::optional<model::Route> to_route(const DecisionRow& row) {
  model::Route route;
  const auto prefix = row.route ? net::Prefix::parse(*row.route) : fail(Errc::corrupt, "");
  if (!prefix || !row.route_found || *row.route_found < 0 || *row.route_found > 1) {
    return std::nullopt;
  }
  route.prefix = *prefix;
  route.found = *row.route_found == 1;
  if (!row.asn_is_null) {
    if (!row.asn || *row.asn < 1 || *row.asn > std::numeric_limits<uint32_t>::max()) {
      return std::nullopt;
    }
    route.asn = net::Asn{static_cast<uint32_t>(*row.asn)};
  }
  const bool texts = put_text(route.as_name, row.as_name) && put_text(route.as_domain, row.as_domain) &&
                     put_text(route.country, row.country) && put_text(route.country_code, row.country_code) &&
                     put_text(route.continent, row.continent) && put_text(route.continent_code, row.continent_code);
  return texts ? std::optional(std::move(route)) : std::nullopt;
}

// An address or route decision covers nothing but what its target names.
bool covers_its_target(const model::Decision& decision) {
  return !model::is_network(decision.target.scope) ||
         std::ranges::all_of(decision.prefixes,
                             [&](const net::Prefix& prefix) { return decision.target.prefix.contains(prefix); });
}

constexpr TimePoint earliest = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
constexpr TimePoint latest =
    TimePoint{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}} - std::chrono::microseconds{1};

}  // namespace

std::string encode_prefixes(const std::vector<net::Prefix>& prefixes) {
  std::string out;
  const size_t count = std::min(prefixes.size(), max_prefixes);
  out.reserve(count * 5);
  for (size_t i = 0; i < count; ++i) {
    const auto& prefix = prefixes[i];
    const bool ipv6 = prefix.family() == net::Family::ipv6;
    out += static_cast<char>(prefix.length() + (ipv6 ? ipv6_tag : 0));
    const auto& bytes = prefix.address().bytes();
    for (size_t k = 0; k < (prefix.length() + 7) / 8; ++k) {
      out += static_cast<char>(bytes.at((ipv6 ? 0 : 12) + k));
    }
  }
  return out;
}

std::optional<std::vector<net::Prefix>> decode_prefixes(std::string_view bytes) {
  std::vector<net::Prefix> prefixes;
  while (!bytes.empty()) {
    const auto prefix = take_prefix(bytes);
    if (!prefix || prefixes.size() == max_prefixes) {
      return std::nullopt;
    }
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

std::string target_key(const model::Target& target) {
  return model::is_network(target.scope) ? target.prefix.to_string() : target.to_string();
}

std::optional<model::Target> target_from(std::string_view scope_name, std::string_view key) {
  const auto scope = model::scope_from(scope_name);
  if (!scope || key.size() > 64) {
    return std::nullopt;
  }
  model::Target target{.scope = *scope, .prefix = {}, .asn = {}};
  if (*scope == model::Scope::asn) {
    const auto asn = net::Asn::parse(key);
    if (!asn) {
      return std::nullopt;
    }
    target.asn = *asn;
  } else if (*scope == model::Scope::country) {
    const auto country = model::Country::parse(key);
    if (!country) {
      return std::nullopt;
    }
    target.country = *country;
  } else {
    const auto prefix = net::Prefix::parse(key);
    if (!prefix || (*scope == model::Scope::address && !prefix->is_single())) {
      return std::nullopt;
    }
    target.prefix = *prefix;
  }
  // Another spelling of the same target would escape the unique index.
  return target_key(target) == key ? std::optional(target) : std::nullopt;
}

std::optional<model::Decision> to_decision(const DecisionRow& row) {
  if (!row.scope || !row.target || !row.prefixes) {
    return std::nullopt;
  }
  const auto target = target_from(*row.scope, *row.target);
  auto prefixes = decode_prefixes(*row.prefixes);
  auto route = to_route(row);
  const auto since = to_time(row.since);
  if (!target || !prefixes || !route || !since || !row.covered) {
    return std::nullopt;
  }
  model::Decision decision;
  decision.target = *target;
  decision.prefixes = std::move(*prefixes);
  decision.route = std::move(*route);
  decision.since = *since;
  decision.addresses_covered = *row.covered;
  if (!row.until_is_null) {
    decision.until = to_time(row.until);
    if (!decision.until) {
      return std::nullopt;
    }
  }
  if (!row.confirm_by_is_null) {
    decision.confirm_by = to_time(row.confirm_by);
    if (!decision.confirm_by) {
      return std::nullopt;
    }
  }
  auto& good = decision.good_clients;
  const bool counts = put_count(decision.repeat, row.repeat) && put_count(good.logins, row.good_logins) &&
                      put_count(good.users, row.good_users) && put_count(good.visitors, row.good_visitors);
  auto left_out = row.left_out ? decode_prefixes(*row.left_out) : std::nullopt;
  if (!counts || !left_out) {
    return std::nullopt;
  }
  decision.left_out = std::move(*left_out);
  const bool texts = put_text(decision.rule, row.rule) && put_text(decision.reason, row.reason) &&
                     put_text(decision.issuer, row.issuer);
  return texts && covers_its_target(decision) ? std::optional(std::move(decision)) : std::nullopt;
}

std::optional<model::EvidenceLine> to_evidence(const EvidenceRow& row) {
  model::EvidenceLine line;
  const auto time = to_time(row.time);
  if (!time || !row.offset || !put_text(line.path, row.path) || !row.text || row.text->size() > max_evidence_bytes) {
    return std::nullopt;
  }
  line.offset = *row.offset;
  line.time = *time;
  line.text = *row.text;
  return line;
}

std::optional<model::GoodClient> to_good_client(const GoodClientRow& row) {
  const auto client = row.client ? net::Prefix::parse(*row.client) : fail(Errc::corrupt, "");
  if (!client || client->to_string() != *row.client || client->length() != net::host_length(client->family())) {
    return std::nullopt;
  }
  model::GoodClient good{.client = *client, .visit = {}, .user = {}, .login = {}, .spoiled = {}};
  const std::array<std::pair<std::optional<TimePoint>*, std::optional<int64_t>>, 4> times = {
      {{&good.visit, row.visit}, {&good.user, row.user}, {&good.login, row.login}, {&good.spoiled, row.spoiled}}};
  for (const auto& [time, value] : times) {
    *time = to_time(value);
    if (value && !*time) {
      return std::nullopt;
    }
  }
  return good;
}

std::optional<model::Cursor> to_cursor(const CursorColumns& row) {
  model::Cursor cursor;
  if (!put_text(cursor.path, row.path) || !row.device || !row.inode || !row.fingerprint || !row.offset ||
      !row.tail_fingerprint || !row.seen_size || !put_count(cursor.fingerprint_length, row.fingerprint_length) ||
      !put_count(cursor.tail_length, row.tail_length) || !put_text(cursor.journal_cursor, row.journal_cursor)) {
    return std::nullopt;
  }
  cursor.device = *row.device;
  cursor.inode = *row.inode;
  cursor.fingerprint = *row.fingerprint;
  cursor.offset = *row.offset;
  cursor.tail_fingerprint = *row.tail_fingerprint;
  cursor.seen_size = *row.seen_size;
  return cursor;
}

std::optional<model::SourceLosses> to_losses(const LossesRow& row) {
  model::SourceLosses losses;
  const auto since = to_time(row.since);
  losses.last = to_time(row.last);
  if (!put_text(losses.source, row.source) || !row.bytes || !row.of_unknown_size || !row.messages ||
      !row.reread_bytes || !row.truncations || !since || losses.last.has_value() == row.last_is_null) {
    return std::nullopt;
  }
  losses.since = *since;
  losses.losses = {.bytes = *row.bytes,
                   .of_unknown_size = *row.of_unknown_size,
                   .messages = *row.messages,
                   .reread_bytes = *row.reread_bytes,
                   .truncations = *row.truncations};
  return losses;
}

std::optional<TimePoint> to_time(std::optional<int64_t> microseconds) {
  if (!microseconds) {
    return std::nullopt;
  }
  const TimePoint time{std::chrono::microseconds{*microseconds}};
  return time < earliest || time > latest ? std::nullopt : std::optional(time);
}

int64_t from_time(TimePoint time) { return std::clamp(time, earliest, latest).time_since_epoch().count(); }

}  // namespace ipguard::store
