#include "store/schema.h"

#include <array>
#include <string>

#include "base/log.h"

namespace ipguard::store {
namespace {

// migrations[n] leads from version n to version n + 1. Never edit one that was released: add the next.
//
// Text that may come from a log, a database or a person is kept as BLOB: it may hold NUL and invalid UTF-8. Times are
// microseconds since 1970 (UTC), 64-bit unsigned values are held as signed integers of the same bits, `prefixes` is
// encoded as rows.h says.
constexpr std::array<const char*, 4> migrations = {R"sql(
CREATE TABLE decisions(
  id             INTEGER PRIMARY KEY,
  scope          TEXT NOT NULL,     -- address, route, asn
  target         TEXT NOT NULL,     -- 192.0.2.7/32, 192.0.2.0/24, AS64500
  prefixes       BLOB NOT NULL,
  route          TEXT NOT NULL,     -- the network that the database gave
  route_found    INTEGER NOT NULL,
  asn            INTEGER,
  as_name        BLOB NOT NULL,
  as_domain      BLOB NOT NULL,
  country        BLOB NOT NULL,
  country_code   BLOB NOT NULL,
  continent      BLOB NOT NULL,
  continent_code BLOB NOT NULL,
  rule           BLOB NOT NULL,
  reason         BLOB NOT NULL,
  issuer         BLOB NOT NULL,
  since          INTEGER NOT NULL,
  until          INTEGER,           -- NULL = permanent
  repeat         INTEGER NOT NULL,
  covered        INTEGER NOT NULL,
  ending         TEXT,              -- NULL while active; expired, lifted, refused
  ended_at       INTEGER
) STRICT;
CREATE UNIQUE INDEX active_decisions ON decisions(scope, target) WHERE ended_at IS NULL;
CREATE INDEX ended_decisions ON decisions(ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE evidence(
  decision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  path     BLOB NOT NULL,
  offset   INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  text     BLOB NOT NULL,
  PRIMARY KEY(decision, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE history(
  scope    TEXT NOT NULL,
  target   TEXT NOT NULL,
  bans     INTEGER NOT NULL,
  last_end INTEGER NOT NULL,
  PRIMARY KEY(scope, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_end ON history(last_end);
CREATE TABLE cursors(
  path               BLOB NOT NULL,
  device             INTEGER NOT NULL,
  inode              INTEGER NOT NULL,
  fingerprint        INTEGER NOT NULL,
  fingerprint_length INTEGER NOT NULL,
  offset             INTEGER NOT NULL,
  PRIMARY KEY(path, device, inode)
) STRICT, WITHOUT ROWID;
)sql",
                                                   // 2: confirmation, and collateral with the clients it is about
                                                   R"sql(
ALTER TABLE decisions ADD COLUMN confirm_by INTEGER;            -- NULL = needs no confirmation
ALTER TABLE decisions ADD COLUMN good_logins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN good_users INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN good_visitors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN left_out BLOB NOT NULL DEFAULT x'';
CREATE TABLE good_clients(
  client  TEXT NOT NULL PRIMARY KEY,   -- 192.0.2.7/32, 2001:db8::/64
  visit   INTEGER,                     -- latest time of each; NULL = never
  user    INTEGER,
  login   INTEGER,
  spoiled INTEGER,
  last    INTEGER NOT NULL             -- the latest of all
) STRICT, WITHOUT ROWID;
CREATE INDEX good_clients_by_last ON good_clients(last);
)sql",
                                                   // 3: what proves a file's content, and where the journal was read to
                                                   R"sql(
ALTER TABLE cursors ADD COLUMN tail_fingerprint INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN tail_length INTEGER NOT NULL DEFAULT 0;  -- 0 = the tail is not known
ALTER TABLE cursors ADD COLUMN seen_size INTEGER NOT NULL DEFAULT 0;
UPDATE cursors SET seen_size = offset;
ALTER TABLE cursors ADD COLUMN journal_cursor TEXT NOT NULL DEFAULT '';
)sql",
                                                   // 4: what each source has lost
                                                   R"sql(
CREATE TABLE losses(
  source          BLOB NOT NULL PRIMARY KEY,  -- its name in the configuration
  bytes           INTEGER NOT NULL,
  of_unknown_size INTEGER NOT NULL,
  messages        INTEGER NOT NULL,
  reread_bytes    INTEGER NOT NULL,
  since           INTEGER NOT NULL,
  last            INTEGER,                    -- NULL = no loss is known
  truncations     INTEGER NOT NULL            -- without a copy: they may have taken what was not read
) STRICT, WITHOUT ROWID;
)sql"};

// All of the script or nothing.
Result<> run_script(Database& database, const std::string& script) {
  auto result = database.execute("BEGIN IMMEDIATE;" + script + "COMMIT;");
  if (result) {
    return {};
  }
  Error error = std::move(result.error());
  if (database.in_transaction()) {
    if (auto done = database.execute("ROLLBACK"); !done) {
      log_warning("state: cannot roll back: " + done.error().message);
    }
  }
  return std::unexpected(std::move(error));
}

Result<> check_owner(Database& database, int64_t version) {
  const auto owner = database.query_integer("PRAGMA application_id");
  if (!owner) {
    return std::unexpected(owner.error());
  }
  const auto objects = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) {
    return std::unexpected(objects.error());
  }
  const bool empty = version == 0 && *owner == 0 && *objects == 0;
  if (!empty && *owner != application_id) {
    return fail(Errc::corrupt, "it is a database of another program");
  }
  return {};
}

}  // namespace

int64_t schema_version() { return static_cast<int64_t>(migrations.size()); }

Result<> migrate(Database& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) {
    return std::unexpected(version.error());
  }
  if (auto owner = check_owner(database, *version); !owner) {
    return owner;
  }
  if (*version > schema_version()) {
    return fail(Errc::invalid, "it was written by a newer ipguard (schema version " + std::to_string(*version) +
                                   ", this one knows " + std::to_string(schema_version()) +
                                   "): install that one again, or move the file away, and bans in force are taken over "
                                   "from the kernel");
  }
  if (*version < 0) {
    return fail(Errc::corrupt, "its schema version is " + std::to_string(*version));
  }
  for (int64_t from = *version; from < schema_version(); ++from) {
    const std::string script = std::string(migrations.at(static_cast<size_t>(from))) +
                               "PRAGMA application_id = " + std::to_string(application_id) +
                               "; PRAGMA user_version = " + std::to_string(from + 1) + ";";
    if (auto result = run_script(database, script); !result) {
      // Plain SQLITE_ERROR: what an earlier version made is not there.
      const bool foreign = from > 0 && result.error().code == Errc::failed;
      return fail(foreign ? Errc::corrupt : result.error().code, result.error().message);
    }
  }
  return {};
}

}  // namespace ipguard::store
