// `ban`, `unban` and `confirm`: any number of targets, a slice of them each turn of the loop.
#pragma once

#include "base/result.h"
#include "control/server.h"
#include "daemon/guard.h"

namespace ipguard::daemon {

// Errc::invalid for arguments that are not of the form, before the first target is touched. Each call of the work does
// at most 4,000 targets and is one transaction, or none while those who are told are behind (Guard::listener_behind);
// the reply comes with the last. `guard` outlives the work.
//   {"targets": […], "for": "2h"|null, "reason": TEXT, "issuer": "manual"|"import", "force": BOOL, "summary": BOOL,
//    "confirm_within": "5m"|null, "dry_run": BOOL}
// A target is a text, or {"target": TEXT, "for": …, "until": STAMP|null, "reason": TEXT} with what differs for it.
// Without `summary` there may be at most 1,000 targets and the reply is an array with an entry for each:
//   {"target": …, "ok": true, "decision": {…}} or {"target": …, "ok": false, "error": …}
// each with "dry_run": true where the kernel does not know of it, because ipguardd runs as a dry run or `dry_run` only
// asked. "was_until" (a stamp, or null for a ban without end) is there where something was banned already, and
// "already": true where that did not change: a list adds no time, or by hand it was banned so, until then and for that
// reason; "not_saved" (why) where the state is not, so that a restart may undo it. With it: {"banned" (or "lifted"): N,
// "already": N (if there are any), "refused": N, "refusals": [the first 100], "more_refusals": N, "dry_run": BOOL}; a
// target whose `until` has passed is refused. With `dry_run` nothing is changed; "preview" (render_json.h), with the
// daemon's "mode", stands in the place of "decision", also where "ok" is false.
[[nodiscard]] Result<control::Work> begin_ban(Guard& guard, const control::Json& arguments);
// {"targets": [TEXT, …], "summary": BOOL}
[[nodiscard]] Result<control::Work> begin_unban(Guard& guard, const control::Json& arguments);
[[nodiscard]] Result<control::Work> begin_confirm(Guard& guard, const control::Json& arguments);

}  // namespace ipguard::daemon
