#include "store/statements.h"

#include <string>
#include <utility>
#include <vector>

namespace ipguard::store {
namespace {

// The columns of `decisions` but for id; rows.cc binds and reads them in this order.
const std::string columns =
    "ending, ended_at, scope, target, prefixes, route, route_found, asn, as_name, as_domain, country, "
    "country_code, continent, continent_code, rule, reason, issuer, since, until, repeat, covered, confirm_by, "
    "good_logins, good_users, good_visitors, left_out";

const std::vector<std::pair<Statement Statements::*, std::string>> texts = {
    {&Statements::begin, "BEGIN IMMEDIATE"},
    {&Statements::commit, "COMMIT"},
    {&Statements::rollback, "ROLLBACK"},
    {&Statements::checkpoint, "PRAGMA wal_checkpoint(PASSIVE)"},
    {&Statements::delete_active_evidence,
     "DELETE FROM evidence WHERE decision IN"
     " (SELECT id FROM decisions WHERE scope = ? AND target = ? AND ended_at IS NULL)"},
    {&Statements::delete_active, "DELETE FROM decisions WHERE scope = ? AND target = ? AND ended_at IS NULL"},
    {&Statements::insert_active, "INSERT INTO decisions(" + columns +
                                     ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                                     " ON CONFLICT DO NOTHING"},
    {&Statements::insert_decision,
     "INSERT INTO decisions(" + columns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
    {&Statements::insert_evidence,
     "INSERT INTO evidence(decision, position, path, offset, time, text) VALUES(?,?,?,?,?,?)"},
    {&Statements::put_history,
     "INSERT INTO history(scope, target, bans, last_end) VALUES(?,?,?,?)"
     " ON CONFLICT(scope, target) DO UPDATE SET bans = excluded.bans, last_end = max(last_end, excluded.last_end)"},
    {&Statements::put_cursor,
     "INSERT OR REPLACE INTO cursors(path, device, inode, fingerprint, fingerprint_length, offset, tail_fingerprint,"
     " tail_length, seen_size, journal_cursor) VALUES(?,?,?,?,?,?,?,?,?,?)"},
    {&Statements::delete_cursor, "DELETE FROM cursors WHERE path = ? AND device = ? AND inode = ?"},
    {&Statements::put_losses,
     "INSERT OR REPLACE INTO losses(source, bytes, of_unknown_size, messages, reread_bytes, since, last, truncations)"
     " VALUES(?,?,?,?,?,?,?,?)"},
    {&Statements::delete_losses, "DELETE FROM losses WHERE source = ?"},
    {&Statements::put_good_client,
     "INSERT OR REPLACE INTO good_clients(client, visit, user, login, spoiled, last) VALUES(?,?,?,?,?,?)"},
    {&Statements::select_good_clients, "SELECT client, visit, user, login, spoiled FROM good_clients ORDER BY last"},
    {&Statements::delete_good_clients,
     "DELETE FROM good_clients WHERE client IN"
     " (SELECT client FROM good_clients WHERE last < ? ORDER BY last LIMIT ?)"},
    {&Statements::select_active, "SELECT id, " + columns + " FROM decisions WHERE ended_at IS NULL ORDER BY id"},
    {&Statements::select_ended,
     "SELECT id, " + columns + " FROM decisions WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT ?"},
    {&Statements::select_reason,
     "SELECT id, reason FROM decisions WHERE scope = ? AND target = ? AND ended_at IS NULL"},
    {&Statements::select_evidence,
     "SELECT path, text, offset, time FROM evidence WHERE decision = ? ORDER BY position"},
    {&Statements::select_history, "SELECT scope, target, bans, last_end FROM history"},
    {&Statements::select_cursors,
     "SELECT path, device, inode, fingerprint, fingerprint_length, offset, tail_fingerprint, tail_length, seen_size,"
     " journal_cursor FROM cursors"},
    {&Statements::select_losses,
     "SELECT source, bytes, of_unknown_size, messages, reread_bytes, since, last, truncations FROM losses"},
    {&Statements::select_old,
     "SELECT id FROM decisions WHERE ended_at < max(?1, coalesce((SELECT ended_at FROM decisions"
     " WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1 OFFSET ?2), ?1)) ORDER BY ended_at LIMIT ?3"},
    {&Statements::delete_decision, "DELETE FROM decisions WHERE id = ?"},
    {&Statements::delete_evidence, "DELETE FROM evidence WHERE decision = ?"},
    {&Statements::delete_history,
     "DELETE FROM history WHERE (scope, target) IN"
     " (SELECT scope, target FROM history WHERE last_end < ? ORDER BY last_end LIMIT ?)"},
};

}  // namespace

Result<Statements> Statements::prepare(Database& database) {
  Statements all;
  for (const auto& [statement, text] : texts) {
    auto prepared = database.prepare(text);
    if (!prepared) {
      // Plain SQLITE_ERROR: a table or column is missing.
      const auto code = prepared.error().code == Errc::failed ? Errc::corrupt : prepared.error().code;
      return fail(code, prepared.error().message);
    }
    all.*statement = std::move(*prepared);
  }
  return all;
}

}  // namespace ipguard::store
