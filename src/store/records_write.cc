// Records: single rows written and deleted.
#include <optional>
#include <string>

#include "store/records.h"
#include "store/rows.h"

namespace ipguard::store {
namespace {

std::string_view cut(std::string_view text) { return text.substr(0, max_text_bytes); }

void add_time(Statement& statement, std::optional<TimePoint> time) {
  if (time) {
    statement.add(from_time(*time));
  } else {
    statement.add_null();
  }
}

void add_route(Statement& statement, const model::Route& route) {
  if (route.asn) {
    statement.add(route.asn->number);
  } else {
    statement.add_null();
  }
  for (const auto* text : {&route.as_name, &route.as_domain, &route.country, &route.country_code, &route.continent,
                           &route.continent_code}) {
    statement.add_bytes(cut(*text));
  }
}

}  // namespace

Result<> Records::insert(Statement& statement, const model::Decision& decision, const EndedDecision* ended) {
  const auto key = target_key(decision.target);
  const auto prefixes = encode_prefixes(decision.prefixes);
  const auto route = decision.route.prefix.to_string();
  if (ended != nullptr) {
    statement.add_text(model::to_string(ended->ending)).add(from_time(ended->at));
  } else {
    statement.add_null().add_null();
  }
  statement.add_text(model::to_string(decision.target.scope)).add_text(key).add_bytes(prefixes).add_text(route);
  statement.add(decision.route.found ? 1 : 0);
  add_route(statement, decision.route);
  statement.add_bytes(cut(decision.rule)).add_bytes(cut(decision.reason)).add_bytes(cut(decision.issuer));
  statement.add(from_time(decision.since));
  add_time(statement, decision.until);
  statement.add(decision.repeat).add_bits(decision.addresses_covered);
  add_time(statement, decision.confirm_by);
  const auto& good = decision.good_clients;
  const auto left_out = encode_prefixes(decision.left_out);
  statement.add(good.logins).add(good.users).add(good.visitors).add_bytes(left_out);
  return statement.run();
}

Result<> Records::insert_ended(const EndedDecision& ended) {
  if (auto inserted = insert(statements_.insert_decision, ended.decision, &ended); !inserted) {
    return inserted;
  }
  return insert_evidence(database_.last_id(), ended.decision.evidence);
}

Result<> Records::put_active(const model::Decision& decision) {
  // Mostly there is none on the target; deleting what is not there would cost as much again.
  if (auto inserted = insert(statements_.insert_active, decision, nullptr); !inserted) {
    return inserted;
  }
  if (database_.changes() == 0) {
    if (auto deleted = delete_active(decision.target); !deleted) {
      return deleted;
    }
    if (auto inserted = insert(statements_.insert_decision, decision, nullptr); !inserted) {
      return inserted;
    }
  }
  return insert_evidence(database_.last_id(), decision.evidence);
}

Result<> Records::insert_evidence(int64_t decision, const std::vector<model::EvidenceLine>& lines) {
  int64_t position = 0;
  for (const auto& line : lines) {
    if (position == static_cast<int64_t>(max_evidence_lines)) {
      break;
    }
    auto& statement = statements_.insert_evidence;
    statement.add(decision).add(position++).add_bytes(cut(line.path)).add_bits(line.offset).add(from_time(line.time));
    statement.add_bytes(std::string_view(line.text).substr(0, max_evidence_bytes));
    if (auto inserted = statement.run(); !inserted) {
      return inserted;
    }
  }
  return {};
}

Result<> Records::delete_active(const model::Target& target) {
  const auto scope = model::to_string(target.scope);
  const auto key = target_key(target);
  for (auto* statement : {&statements_.delete_active_evidence, &statements_.delete_active}) {
    if (auto done = statement->add_text(scope).add_text(key).run(); !done) {
      return done;
    }
  }
  return {};
}

Result<> Records::put_history(const TargetHistory& history) {
  const auto key = target_key(history.target);
  auto& statement = statements_.put_history;
  statement.add_text(model::to_string(history.target.scope)).add_text(key);
  return statement.add(history.bans).add(from_time(history.last_end)).run();
}

Result<> Records::put_cursor(const model::Cursor& row) {
  auto& statement = statements_.put_cursor;
  statement.add_bytes(row.path).add_bits(row.device).add_bits(row.inode).add_bits(row.fingerprint);
  statement.add(row.fingerprint_length).add_bits(row.offset).add_bits(row.tail_fingerprint).add(row.tail_length);
  return statement.add_bits(row.seen_size).add_text(row.journal_cursor).run();
}

Result<> Records::delete_cursor(const model::Cursor& row) {
  return statements_.delete_cursor.add_bytes(row.path).add_bits(row.device).add_bits(row.inode).run();
}

Result<> Records::put_losses(const model::SourceLosses& losses) {
  auto& statement = statements_.put_losses;
  statement.add_bytes(cut(losses.source)).add_bits(losses.losses.bytes).add_bits(losses.losses.of_unknown_size);
  statement.add_bits(losses.losses.messages).add_bits(losses.losses.reread_bytes).add(from_time(losses.since));
  add_time(statement, losses.last);
  statement.add_bits(losses.losses.truncations);
  return statement.run();
}

Result<> Records::delete_losses(const std::string& source) {
  return statements_.delete_losses.add_bytes(cut(source)).run();
}

Result<> Records::put_good_client(const model::GoodClient& client) {
  const auto key = client.client.to_string();
  auto& statement = statements_.put_good_client;
  statement.add_text(key);
  for (const auto& time : {client.visit, client.user, client.login, client.spoiled}) {
    add_time(statement, time);
  }
  return statement.add(from_time(client.last())).run();
}

}  // namespace ipguard::store
