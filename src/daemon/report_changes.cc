#include "daemon/report_changes.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "model/ending.h"
#include "model/issuer.h"

namespace ipguard::daemon {
namespace {

std::string left(const model::Decision& decision, TimePoint now) {
  if (!decision.until) {
    return "permanently";
  }
  const auto span = std::chrono::ceil<Seconds>(*decision.until - now);
  return "for " + format_duration(span);
}

// Until when somebody has to say that it was meant so.
std::string deadline(const model::Decision& decision) {
  return decision.confirm_by
             ? ", lifted at " + format_rfc3339(std::chrono::ceil<Seconds>(*decision.confirm_by)) + " unless confirmed"
             : "";
}

// More than so many changes by hand at once are not told one by one.
constexpr size_t most_by_hand = 100;

bool by_hand(const decide::DecisionChange& change) {
  return change.decision.issuer == model::import_issuer || change.decision.issuer == model::manual_issuer;
}

std::string_view word_for(const decide::DecisionChange& change, bool dry_run) {
  return change.ending ? model::to_string(*change.ending) : dry_run ? "would ban" : "banned";
}

void log_change(const decide::DecisionChange& change, bool dry_run, TimePoint now) {
  const auto& decision = change.decision;
  if (change.ending == model::Ending::refused) {
    log_warning("refused: " + describe(decision) + ": " + printable(decision.reason));
  } else if (change.ending) {
    log_info(std::string(model::to_string(*change.ending)) + ": " + describe(decision) +
             (change.note.empty() ? "" : ": " + printable(change.note)));
  } else if (decision.active_at(now)) {
    log_info((dry_run ? "would ban " : "banned ") + describe(decision) + ' ' + left(decision, now) +
             deadline(decision) + ": " + printable(decision.reason));
  } else {
    log_debug("in the backlog: " + describe(decision) + ": " + printable(decision.reason));
  }
}

}  // namespace

std::string describe(const model::Decision& decision) {
  std::string text = std::string(model::to_string(decision.target.scope)) + ' ' + decision.target.to_string();
  std::string details;
  const auto append = [&](const std::string& part) {
    if (!part.empty()) {
      details += (details.empty() ? "" : ", ") + part;
    }
  };
  if (decision.route.asn) {
    append(decision.route.asn->to_string() +
           (decision.route.as_name.empty() ? "" : " " + printable(decision.route.as_name, 80)));
  }
  if (decision.target.scope == model::Scope::address && decision.route.found) {
    append(decision.route.prefix.to_string());
  }
  append(printable(decision.route.country_code, 8));
  return details.empty() ? text : text + " (" + details + ")";
}

void log_changes(const std::vector<decide::DecisionChange>& changes, bool dry_run, TimePoint now) {
  const bool many = static_cast<size_t>(std::ranges::count_if(changes, by_hand)) > most_by_hand;
  std::map<std::pair<std::string_view, std::string>, uint64_t> counts;  // by word and issuer
  for (const auto& change : changes) {
    if (many && by_hand(change)) {
      ++counts[{word_for(change, dry_run), change.decision.issuer}];
    } else {
      log_change(change, dry_run, now);
    }
  }
  for (const auto& [what, count] : counts) {
    log_info(std::string(what.first) + ": " + group_digits(count) + " targets, issued by " + what.second);
  }
}

}  // namespace ipguard::daemon
