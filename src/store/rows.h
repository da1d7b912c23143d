// What rows hold and how it becomes values again. Rows are foreign bytes: a disk forgets, a person edits. Nothing of a
// row is used before it has passed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/decision.h"
#include "store/store.h"

namespace ipguard::store {

// Bounds of a row, held when writing (longer text is cut, further lines are left out) and demanded when reading.
inline constexpr size_t max_text_bytes = 4096;           // names, reasons, paths (PATH_MAX)
inline constexpr size_t max_evidence_lines = 64;         // of a decision
inline constexpr size_t max_evidence_bytes = 16U << 10;  // of a line
inline constexpr size_t max_prefixes = 1U << 20;         // of a decision; the largest AS has some 10,000

// Prefixes, each as one byte for family and length (0..32 for IPv4, 64 + 0..128 for IPv6) and then as many address
// bytes as the length needs, host bits zero.
[[nodiscard]] std::string encode_prefixes(const std::vector<net::Prefix>& prefixes);
// nullopt unless the bytes are exactly what encode_prefixes() writes for at most max_prefixes.
[[nodiscard]] std::optional<std::vector<net::Prefix>> decode_prefixes(std::string_view bytes);

// A target's key: "192.0.2.7/32", "AS64500", "CN"; canonical, so that equal targets have equal keys.
[[nodiscard]] std::string target_key(const model::Target& target);
[[nodiscard]] std::optional<model::Target> target_from(std::string_view scope, std::string_view key);

// A row of `decisions` as it was read. Views are valid as long as the statement's row.
struct DecisionRow {
  std::optional<std::string_view> scope, target, prefixes, route;
  std::optional<int64_t> route_found, asn;
  bool asn_is_null = false;
  std::optional<std::string_view> as_name, as_domain, country, country_code, continent, continent_code;
  std::optional<std::string_view> rule, reason, issuer;
  std::optional<int64_t> since, until, repeat;
  bool until_is_null = false;
  std::optional<uint64_t> covered;
  std::optional<int64_t> confirm_by;
  bool confirm_by_is_null = false;
  std::optional<int64_t> good_logins, good_users, good_visitors;
  std::optional<std::string_view> left_out;
};
// nullopt when anything in the row is not what write() could have put there. Evidence is not part of the row.
[[nodiscard]] std::optional<model::Decision> to_decision(const DecisionRow& row);

struct EvidenceRow {
  std::optional<std::string_view> path, text;
  std::optional<uint64_t> offset;
  std::optional<int64_t> time;
};
[[nodiscard]] std::optional<model::EvidenceLine> to_evidence(const EvidenceRow& row);

struct GoodClientRow {
  std::optional<std::string_view> client;
  std::optional<int64_t> visit, user, login, spoiled;
};
[[nodiscard]] std::optional<model::GoodClient> to_good_client(const GoodClientRow& row);

struct CursorColumns {
  std::optional<std::string_view> path;
  std::optional<uint64_t> device, inode, fingerprint, offset, tail_fingerprint, seen_size;
  std::optional<int64_t> fingerprint_length, tail_length;
  std::optional<std::string_view> journal_cursor;
};
[[nodiscard]] std::optional<model::Cursor> to_cursor(const CursorColumns& row);

struct LossesRow {
  std::optional<std::string_view> source;
  std::optional<uint64_t> bytes, of_unknown_size, messages, reread_bytes, truncations;
  std::optional<int64_t> since, last;
  bool last_is_null = false;
};
[[nodiscard]] std::optional<model::SourceLosses> to_losses(const LossesRow& row);

// Microseconds as a time between the years 1 and 9999, the range that RFC 3339 can write.
[[nodiscard]] std::optional<TimePoint> to_time(std::optional<int64_t> microseconds);
[[nodiscard]] int64_t from_time(TimePoint time);  // clamped to the same range

}  // namespace ipguard::store
