// What doctor finds besides logs: databases, nftables, the daemon.
#include "base/text.h"
#include "cli/doctor.h"
#include "cli/table.h"
#include "config/config.h"
#include "control/client.h"
#include "enforce/nftables_access.h"
#include "enrich/route_table.h"

namespace ipguard::cli {
namespace {

using Verdict = Finding::Verdict;

Finding finding_of(const enrich::DatabaseInfo& info, TimePoint now) {
  const uint64_t days = enrich::age_days(info, now);
  Finding finding{
      .subject = "database",
      .text = printable(info.path) + " (" + printable(info.type) + "), " + counted(days, "day", "days") + " old",
      .details = {{"path", to_valid_utf8(info.path)}, {"age_days", days}}};
  if (days >= enrich::old_database_days) {
    finding.verdict = Verdict::problem;
    finding.remedy = "get a newer one with 'ipguardctl db update': routes and owners move";
  }
  return finding;
}

}  // namespace

void examine_database(const config::Config& config, TimePoint now, Findings& findings) {
  const auto routes = enrich::RouteTable::open(config.database_paths);
  if (!routes) {
    findings.push_back({.verdict = Verdict::problem,
                        .subject = "database",
                        .text = printable(routes.error().message),
                        .remedy = "check [database] paths; 'ipguardctl db update' gets one, ipguardctl(8)"});
    return;
  }
  for (const auto& info : (*routes)->databases()) {
    findings.push_back(finding_of(info, now));
  }
}

void examine_nftables(const config::Config& config, Findings& findings) {
  const auto access = enforce::ask_nftables();
  const bool needed = config.enforce.mode == config::Mode::enforce;
  if (access) {
    findings.push_back({.subject = "nftables", .text = "the kernel has them, and they may be changed"});
  } else if (access.error().code == Errc::permission) {
    findings.push_back({.verdict = Verdict::note,
                        .subject = "nftables",
                        .text = "this user may not ask (it takes CAP_NET_ADMIN): run doctor as root to know"});
  } else {
    findings.push_back({.verdict = needed ? Verdict::problem : Verdict::note,
                        .subject = "nftables",
                        .text = printable(access.error().message),
                        .remedy = needed ? "load the module with 'modprobe nf_tables', or run as a dry run" : ""});
  }
}

void examine_daemon(const std::string& socket, Findings& findings) {
  constexpr int timeout_seconds = 5;
  const auto reply = control::call(socket, {.command = "status", .arguments = Json::object()}, timeout_seconds);
  if (!reply) {
    const bool unknown = reply.error().code == Errc::permission;
    findings.push_back({.verdict = unknown ? Verdict::note : Verdict::problem,
                        .subject = "daemon",
                        .text = printable(reply.error().message),
                        .remedy = unknown ? "" : "systemctl enable --now ipguard"});
    return;
  }
  const auto warnings = reply->value("warnings", Json::array()).size();
  const bool dry_run = is_dry_run(*reply);
  Finding finding{.subject = "daemon",
                  .text = "ipguardd " + cell(*reply, "version") + " runs since " +
                          short_duration(Seconds(reply->value("uptime_seconds", 0LL))) +
                          (dry_run ? ", as a dry run: nothing is blocked" : ", enforcing"),
                  .details = {{"mode", config::to_string(config::mode_of(dry_run))}, {"warnings", warnings}}};
  if (warnings > 0) {
    finding.verdict = Verdict::problem;
    finding.text += "; it has " + counted(warnings, "warning", "warnings");
    finding.remedy = "ipguardctl status shows them";
  }
  findings.push_back(std::move(finding));
}

}  // namespace ipguard::cli
