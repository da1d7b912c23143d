// links: store
// Rows of the state database with any bytes in any column: never a crash, and what is accepted is canonical. The
// input's parts are separated by bytes 0x1e, one a column; a part that begins with '#' is the number that follows.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "require.h"
#include "store/rows.h"

namespace {

using namespace ipguard;
using namespace ipguard::store;
using ipguard::fuzz::require;

class Columns {
 public:
  explicit Columns(std::string_view bytes) : parts_(split(bytes, '\x1e')) {}

  // An absent part is a column of another type.
  std::optional<std::string_view> bytes() {
    const auto part = next();
    return part && !part->starts_with('#') ? part : std::nullopt;
  }
  std::optional<int64_t> integer() {
    const auto value = bits();
    return value ? std::optional(static_cast<int64_t>(*value)) : std::nullopt;
  }
  std::optional<uint64_t> bits() {
    const auto part = next();
    return part && part->starts_with('#') ? parse_number(part->substr(1)) : std::nullopt;
  }

 private:
  std::optional<std::string_view> next() {
    return position_ < parts_.size() ? std::optional(parts_[position_++]) : std::nullopt;
  }

  std::vector<std::string_view> parts_;
  size_t position_ = 0;
};

void check_decision(std::string_view input) {
  Columns columns(input);
  DecisionRow row;
  for (auto* text : {&row.scope, &row.target, &row.prefixes, &row.route, &row.as_name, &row.as_domain, &row.country,
                     &row.country_code, &row.continent, &row.continent_code, &row.rule, &row.reason, &row.issuer}) {
    *text = columns.bytes();
  }
  for (auto* number : {&row.route_found, &row.asn, &row.since, &row.until, &row.repeat}) {
    *number = columns.integer();
  }
  row.covered = columns.bits();
  row.left_out = columns.bytes();
  for (auto* number : {&row.confirm_by, &row.good_logins, &row.good_users, &row.good_visitors}) {
    *number = columns.integer();
  }
  row.confirm_by_is_null = !row.confirm_by;
  row.asn_is_null = !row.asn;
  row.until_is_null = !row.until;
  const auto decision = to_decision(row);
  if (decision) {
    require(target_key(decision->target) == *row.target);
    require(encode_prefixes(decision->prefixes) == *row.prefixes);
    require(encode_prefixes(decision->left_out) == *row.left_out);
    require(from_time(decision->since) == *row.since);
  }
}

void check_others(std::string_view input) {
  Columns evidence(input);
  EvidenceRow line;
  line.path = evidence.bytes();
  line.text = evidence.bytes();
  line.offset = evidence.bits();
  line.time = evidence.integer();
  if (const auto value = to_evidence(line)) {
    require(value->path.size() <= max_text_bytes && value->text.size() <= max_evidence_bytes);
  }
  Columns cursor(input);
  CursorColumns row;
  row.path = cursor.bytes();
  for (auto* number : {&row.device, &row.inode, &row.fingerprint, &row.offset, &row.tail_fingerprint, &row.seen_size}) {
    *number = cursor.bits();
  }
  row.fingerprint_length = cursor.integer();
  row.tail_length = cursor.integer();
  row.journal_cursor = cursor.bytes();
  Columns good(input);
  GoodClientRow client;
  client.client = good.bytes();
  for (auto* time : {&client.visit, &client.user, &client.login, &client.spoiled}) {
    *time = good.integer();
  }
  if (const auto value = to_good_client(client)) {
    require(value->client.to_string() == *client.client);
  }
  Columns lost(input);
  LossesRow losses;
  losses.source = lost.bytes();
  for (auto* number : {&losses.bytes, &losses.of_unknown_size, &losses.messages, &losses.reread_bytes}) {
    *number = lost.bits();
  }
  losses.since = lost.integer();
  losses.last = lost.integer();
  losses.last_is_null = !losses.last;
  losses.truncations = lost.bits();
  if (const auto value = to_losses(losses)) {
    require(value->source == *losses.source && from_time(value->since) == *losses.since);
  }
  if (const auto value = to_cursor(row)) {
    require(value->path == *row.path && value->offset == *row.offset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_decision(input);
  check_others(input);
  if (const auto prefixes = decode_prefixes(input)) {
    require(encode_prefixes(*prefixes) == input);
  }
  return 0;
}
