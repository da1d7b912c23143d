// Every statement that store/ runs, prepared once.
#pragma once

#include "base/result.h"
#include "store/sqlite.h"

namespace ipguard::store {

struct Statements {
  Statement begin, commit, rollback, checkpoint;
  Statement delete_active;           // scope, target
  Statement delete_active_evidence;  // scope, target
  Statement insert_decision;         // all columns but id
  Statement insert_active;           // the same; nothing if the target has an active decision
  Statement insert_evidence;         // all columns
  Statement put_history;             // scope, target, bans, last_end
  Statement put_cursor;              // all columns
  Statement delete_cursor;           // path, device, inode
  Statement put_losses;              // all columns
  Statement delete_losses;           // source
  Statement put_good_client;         // all columns
  Statement select_good_clients;     // least recent first
  Statement delete_good_clients;     // last before, limit
  Statement select_active;
  Statement select_ended;     // limit
  Statement select_reason;    // scope, target: of the active one
  Statement select_evidence;  // decision
  Statement select_history;
  Statement select_cursors;
  Statement select_losses;
  Statement select_old;       // ended before, rows kept, limit → id
  Statement delete_decision;  // id
  Statement delete_evidence;  // decision
  Statement delete_history;   // last_end before, limit

  // An error here means that the tables are not those of the schema: Errc::corrupt.
  [[nodiscard]] static Result<Statements> prepare(Database& database);
};

}  // namespace ipguard::store
