#include "match/session_table.h"

#include <utility>

namespace ipguard::match {

SessionTable::Session& SessionTable::touch(const SessionName& name, TimePoint time) {
  key_ = std::to_string(name.source);
  for (const std::string_view part : {name.host, name.service, name.program, name.id}) {
    key_.push_back('\0');  // no part holds one: tags and captures of digits or words
    key_.append(part);
  }
  if (const auto found = index_.find(key_); found != index_.end()) {
    sessions_.splice(sessions_.begin(), sessions_, found->second);
    Session& session = sessions_.front();
    if (time - session.seen > session_life) {
      session.address.reset();
      session.pending.clear();
    }
    session.seen = time;
    return session;
  }
  if (sessions_.size() >= most_sessions) {
    index_.erase(sessions_.back().key);
    sessions_.pop_back();
  }
  sessions_.push_front({.key = key_, .address = std::nullopt, .pending = {}, .seen = time});
  index_.emplace(sessions_.front().key, sessions_.begin());
  return sessions_.front();
}

std::span<const PendingHit> SessionTable::give_address(const SessionName& name, const net::Address& address,
                                                       TimePoint time) {
  Session& session = touch(name, time);
  session.address = address;
  released_ = std::exchange(session.pending, {});
  return released_;
}

std::optional<net::Address> SessionTable::address(const SessionName& name, TimePoint time) {
  return touch(name, time).address;
}

void SessionTable::wait(const SessionName& name, PendingHit hit, TimePoint time) {
  Session& session = touch(name, time);
  if (session.pending.size() < most_pending) {
    session.pending.push_back(std::move(hit));
  }
}

}  // namespace ipguard::match
