#include "store/records.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/log.h"
#include "store/rows.h"
#include "store/schema.h"

namespace ipguard::store {
namespace {

// WAL with synchronous=NORMAL: a commit costs no fsync; a power cut may lose the last commits, never consistency.
// Exclusive locking: nobody else has business in the file, so nobody can make a write wait; it also keeps the index of
// the log in our own memory instead of a shared mapping (no SIGBUS on a full disk). Moving the log into the database
// costs two fsyncs: Store::prune() does it; at 64 MiB of log a commit does, whatever it costs.
constexpr const char* pragmas =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 8388608; PRAGMA cell_size_check = ON; PRAGMA "
    "temp_store = MEMORY;";

// Columns 3 to 26 of a SELECT on decisions (statements.cc).
DecisionRow decision_row(const Statement& row) {
  return {.scope = row.bytes(3),
          .target = row.bytes(4),
          .prefixes = row.bytes(5),
          .route = row.bytes(6),
          .route_found = row.integer(7),
          .asn = row.integer(8),
          .asn_is_null = row.is_null(8),
          .as_name = row.bytes(9),
          .as_domain = row.bytes(10),
          .country = row.bytes(11),
          .country_code = row.bytes(12),
          .continent = row.bytes(13),
          .continent_code = row.bytes(14),
          .rule = row.bytes(15),
          .reason = row.bytes(16),
          .issuer = row.bytes(17),
          .since = row.integer(18),
          .until = row.integer(19),
          .repeat = row.integer(20),
          .until_is_null = row.is_null(19),
          .covered = row.bits(21),
          .confirm_by = row.integer(22),
          .confirm_by_is_null = row.is_null(22),
          .good_logins = row.integer(23),
          .good_users = row.integer(24),
          .good_visitors = row.integer(25),
          .left_out = row.bytes(26)};
}

}  // namespace

Result<Records> Records::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) {
    return std::unexpected(database.error());
  }
  if (auto set = database->execute(pragmas); !set) {
    return std::unexpected(set.error());
  }
  const auto check = database->query_text("PRAGMA quick_check(1)");
  if (!check) {
    return std::unexpected(check.error());
  }
  if (*check != "ok") {
    // "*** in database main ***", then the finding.
    return fail(Errc::corrupt, check->substr(check->find_last_of('\n') + 1));
  }
  if (auto migrated = migrate(*database); !migrated) {
    return std::unexpected(migrated.error());
  }
  auto statements = Statements::prepare(*database);
  if (!statements) {
    return std::unexpected(statements.error());
  }
  return Records(std::move(*database), std::move(*statements));
}

Result<> Records::checkpoint() {
  const auto row = statements_.checkpoint.step();
  statements_.checkpoint.reset();
  if (!row) {
    return std::unexpected(row.error());
  }
  return {};
}

void Records::rollback() {
  // An error here leaves the transaction open, and the next begin() fails and says why.
  if (database_.in_transaction()) {
    if (auto done = statements_.rollback.run(); !done) {
      log_warning("state: cannot roll back: " + done.error().message);
    }
  }
}

Result<int64_t> Records::delete_old(TimePoint before, int64_t kept, int64_t limit) {
  std::vector<int64_t> ids;
  statements_.select_old.add(from_time(before)).add(kept).add(limit);
  auto selected = each_row(statements_.select_old, "decisions", [&](const Statement& row) {
    const auto id = row.integer(0);
    ids.push_back(id.value_or(0));
    return id.has_value();
  });
  if (!selected) {
    return std::unexpected(selected.error());
  }
  for (const int64_t id : ids) {
    for (auto* statement : {&statements_.delete_evidence, &statements_.delete_decision}) {
      if (auto deleted = statement->add(id).run(); !deleted) {
        return std::unexpected(deleted.error());
      }
    }
  }
  if (auto deleted = statements_.delete_history.add(from_time(before)).add(limit).run(); !deleted) {
    return std::unexpected(deleted.error());
  }
  const int64_t history = database_.changes();
  if (auto deleted = statements_.delete_good_clients.add(from_time(before)).add(limit).run(); !deleted) {
    return std::unexpected(deleted.error());
  }
  return std::max({static_cast<int64_t>(ids.size()), history, database_.changes()});
}

Result<> Records::each_row(Statement& statement, std::string_view table, const auto& take) {
  uint64_t bad = 0;
  Result<bool> row = statement.step();
  for (; row && *row; row = statement.step()) {
    if (!take(std::as_const(statement))) {
      ++bad;
    }
  }
  statement.reset();
  if (bad > 0) {
    bad_rows_ += bad;
    log_warning("state: " + std::to_string(bad) + " row(s) of '" + std::string(table) +
                "' cannot be right and were skipped");
  }
  if (!row) {
    return std::unexpected(row.error());
  }
  return {};
}

Result<std::vector<model::EvidenceLine>> Records::evidence_of(int64_t decision) {
  std::vector<model::EvidenceLine> lines;
  statements_.select_evidence.add(decision);
  auto read = each_row(statements_.select_evidence, "evidence", [&](const Statement& row) {
    auto line =
        to_evidence({.path = row.bytes(0), .text = row.bytes(1), .offset = row.bits(2), .time = row.integer(3)});
    if (!line || lines.size() == max_evidence_lines) {
      return false;
    }
    lines.push_back(std::move(*line));
    return true;
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return lines;
}

Result<> Records::active(const std::function<void(model::Decision&)>& take) {
  return each_row(statements_.select_active, "decisions", [&](const Statement& row) {
    auto decision = to_decision(decision_row(row));
    if (decision) {
      take(*decision);
    }
    return decision.has_value();
  });
}

Result<std::optional<model::DecisionTexts>> Records::texts(const model::Target& target, bool with_evidence) {
  const auto key = target_key(target);
  std::optional<int64_t> id;
  model::DecisionTexts texts;
  statements_.select_reason.add_text(model::to_string(target.scope)).add_text(key);
  auto read = each_row(statements_.select_reason, "decisions", [&](const Statement& row) {
    const auto reason = row.bytes(1);
    id = row.integer(0);
    texts.reason = reason.value_or("").substr(0, max_text_bytes);
    return id && reason;
  });
  if (!read) {
    return std::unexpected(std::move(read.error()));
  }
  if (!id) {
    return std::nullopt;
  }
  if (!with_evidence) {
    return texts;
  }
  auto lines = evidence_of(*id);
  if (!lines) {
    return std::unexpected(std::move(lines.error()));
  }
  texts.evidence = std::move(*lines);
  return texts;
}

Result<std::vector<EndedDecision>> Records::ended(uint32_t limit) {
  std::vector<std::pair<int64_t, EndedDecision>> found;
  statements_.select_ended.add(limit);
  auto read = each_row(statements_.select_ended, "decisions", [&](const Statement& row) {
    auto decision = to_decision(decision_row(row));
    const auto ending = model::ending_from(row.bytes(1).value_or(""));
    const auto at = to_time(row.integer(2));
    if (!decision || !ending || !at) {
      return false;
    }
    found.emplace_back(row.integer(0).value_or(0), EndedDecision{std::move(*decision), *ending, *at});
    return true;
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  std::vector<EndedDecision> all;
  all.reserve(found.size());
  for (auto& [id, ended] : found) {
    auto lines = evidence_of(id);
    if (!lines) {
      return std::unexpected(lines.error());
    }
    ended.decision.evidence = std::move(*lines);
    all.push_back(std::move(ended));
  }
  return all;
}

Result<std::vector<TargetHistory>> Records::history() {
  std::vector<TargetHistory> all;
  auto read = each_row(statements_.select_history, "history", [&](const Statement& row) {
    const auto scope = row.bytes(0);
    const auto key = row.bytes(1);
    const auto bans = row.integer(2);
    const auto last_end = to_time(row.integer(3));
    const auto target = scope && key ? target_from(*scope, *key) : std::nullopt;
    if (!target || !bans || !last_end || *bans < 0 || *bans > std::numeric_limits<uint32_t>::max()) {
      return false;
    }
    all.push_back({.target = *target, .bans = static_cast<uint32_t>(*bans), .last_end = *last_end});
    return true;
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return all;
}

Result<std::vector<model::GoodClient>> Records::good_clients() {
  std::vector<model::GoodClient> all;
  auto read = each_row(statements_.select_good_clients, "good_clients", [&](const Statement& row) {
    auto client = to_good_client({.client = row.bytes(0),
                                  .visit = row.integer(1),
                                  .user = row.integer(2),
                                  .login = row.integer(3),
                                  .spoiled = row.integer(4)});
    if (client) {
      all.push_back(*client);
    }
    return client.has_value();
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return all;
}

Result<std::vector<model::Cursor>> Records::cursors() {
  std::vector<model::Cursor> all;
  auto read = each_row(statements_.select_cursors, "cursors", [&](const Statement& row) {
    auto cursor = to_cursor({.path = row.bytes(0),
                             .device = row.bits(1),
                             .inode = row.bits(2),
                             .fingerprint = row.bits(3),
                             .offset = row.bits(5),
                             .tail_fingerprint = row.bits(6),
                             .seen_size = row.bits(8),
                             .fingerprint_length = row.integer(4),
                             .tail_length = row.integer(7),
                             .journal_cursor = row.bytes(9)});
    if (cursor) {
      all.push_back(std::move(*cursor));
    }
    return cursor.has_value();
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return all;
}

Result<std::vector<model::SourceLosses>> Records::losses() {
  std::vector<model::SourceLosses> all;
  auto read = each_row(statements_.select_losses, "losses", [&](const Statement& row) {
    auto losses = to_losses({.source = row.bytes(0),
                             .bytes = row.bits(1),
                             .of_unknown_size = row.bits(2),
                             .messages = row.bits(3),
                             .reread_bytes = row.bits(4),
                             .truncations = row.bits(7),
                             .since = row.integer(5),
                             .last = row.integer(6),
                             .last_is_null = row.is_null(6)});
    if (losses) {
      all.push_back(std::move(*losses));
    }
    return losses.has_value();
  });
  if (!read) {
    return std::unexpected(read.error());
  }
  return all;
}

}  // namespace ipguard::store
