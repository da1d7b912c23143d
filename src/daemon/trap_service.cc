#include "daemon/trap_service.h"

#include <algorithm>
#include <utility>

namespace ipguard::daemon {
namespace {

// What evidence shows, as a line of a log would.
std::string evidence_line(const input::PortTrap::Visit& visit, TimePoint now) {
  return format_rfc3339(std::chrono::floor<Seconds>(now)) + " trap: " + visit.visitor.address.to_string() + " port " +
         std::to_string(visit.visitor.port) + " connected to port " + std::to_string(visit.port);
}

}  // namespace

TrapService::TrapService(loop::EventLoop& loop, Guard& guard, std::function<void()> on_hits)
    : loop_(loop), guard_(guard), on_hits_(std::move(on_hits)) {}

void TrapService::apply() {
  auto before = std::exchange(traps_, {});
  const auto& wanted = guard_.loaded().config.traps;
  for (const auto& config : wanted) {
    const auto same = std::ranges::find(before, config.name, &Trap::name);
    traps_.push_back(same == before.end() ? Trap{.name = config.name, .ports = nullptr} : std::move(*same));
  }
  before.clear();  // so that a port may go from one trap to another
  for (size_t i = 0; i < wanted.size(); ++i) {
    auto& trap = traps_[i];
    if (trap.ports) {
      trap.ports->change(wanted[i]);
      continue;
    }
    trap.ports = std::make_unique<input::PortTrap>(loop_, wanted[i],
                                                   [this, name = trap.name](auto visits) { on_visits(name, visits); });
    trap.ports->start();
  }
}

void TrapService::on_visits(const std::string& name, std::span<const input::PortTrap::Visit> visits) {
  const auto rule_id = "trap/" + name;
  const auto rule = std::ranges::find(guard_.loaded().traps, rule_id, &model::Rule::id);
  if (rule == guard_.loaded().traps.end()) {
    return;
  }
  const auto now = wall_clock_now();
  for (const auto& visit : visits) {
    const auto line = evidence_line(visit, now);
    model::Hit hit;
    hit.rule = &*rule;
    hit.address = visit.visitor.address;
    hit.time = now;
    hit.line.text = line;
    guard_.take_evidence(hit, rule_id, now);
  }
  guard_.flush(now, nullptr);
  on_hits_();
}

void TrapService::append_status(std::vector<model::SourceStatus>& sources) const {
  for (const auto& trap : traps_) {
    sources.push_back(trap.ports->status());
  }
}

}  // namespace ipguard::daemon
