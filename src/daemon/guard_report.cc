// Guard: what it counts for reports about the running system.
#include "daemon/guard.h"

namespace ipguard::daemon {

// What began before the start, as far as there is room for it: it may stop something yet.
void Guard::count_restored() {
  constexpr size_t portion = 200;
  decide::TablePlace place;
  for (bool room = true; room;) {
    const auto decisions = engine_.decisions_after(place, portion, decide::Texts::reason);
    room = !decisions.empty();
    for (size_t i = 0; room && i < decisions.size(); ++i) {
      room = live_.adopt(decisions[i]);
    }
  }
}

bool Guard::count_hit(const model::Hit& hit, const model::Event* event, std::string_view path, bool same_line,
                      TimePoint now) {
  count_changes(now);
  return live_.take_hit(hit, event, path, blocks(hit.address), same_line, now);
}

void Guard::count_good_client(const net::Address& address, TimePoint time) {
  if (blocks(address)) {
    live_.take_good_client(address, time);
  }
}

// Decisions, as soon as they are made: the next line of the same block may be one that they would have stopped.
void Guard::count_changes(TimePoint now) {
  const auto changes = engine_.changes();
  for (; changes_counted_ < changes.size(); ++changes_counted_) {
    const auto& change = changes[changes_counted_];
    live_.take_change(change,
                      change.ending ? std::vector<net::Prefix>{} : engine_.good_clients_of(change.decision, now), now);
  }
}

// Whether a decision is aimed at the address and nothing keeps it from being blocked.
bool Guard::blocks(const net::Address& address) {
  if (!engine_.concerns(net::Prefix(address))) {
    return false;
  }
  if (spared_version_ != protection_->version()) {
    spared_version_ = protection_->version();
    spared_ = {};
    for (const auto& hole : protection_->holes()) {
      spared_[hole.prefix];
    }
    for (const auto& peer : protection_->ssh_peers()) {
      spared_[peer.prefix];
    }
  }
  return spared_.longest_covering(net::Prefix(address)) == nullptr;
}

}  // namespace ipguard::daemon
