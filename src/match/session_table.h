// SessionTable: which client a session belongs to, for messages that name the session (a process id, a connection
// number) but not the client. What the two lines have in common was written by the program, not by the client.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "match/scan_plan.h"
#include "model/line.h"
#include "net/address.h"

namespace ipguard::match {

// The parts of a session's name. Views are read during calls only.
struct SessionName {
  model::SourceId source = 0;
  std::string_view host;     // syslog's: of a source with many hosts' lines each has process ids of its own
  std::string_view service;  // of the rule
  std::string_view program;  // syslog's tag
  std::string_view id;       // process id, or what a rule's pattern captured
};

// A rule that hit before the session's address was known.
struct PendingHit {
  RuleIndex rule = 0;
  std::string user;
  std::string distinct;
};

// Bounds: `most_sessions` (the one least recently seen goes first), `most_pending` hits each. A session that is not
// heard of for `session_life` (log time) is forgotten: process ids come again.
class SessionTable {
 public:
  static constexpr size_t most_sessions = 4096;
  static constexpr size_t most_pending = 16;
  static constexpr Seconds session_life{3600};

  // The address is the session's from now on. Returns the hits that waited for it; valid until the next call.
  std::span<const PendingHit> give_address(const SessionName& name, const net::Address& address, TimePoint time);
  // The session's address; nullopt if no line has told it.
  std::optional<net::Address> address(const SessionName& name, TimePoint time);
  // Keeps a hit until the address is known.
  void wait(const SessionName& name, PendingHit hit, TimePoint time);

  [[nodiscard]] size_t size() const { return index_.size(); }

 private:
  struct Session {
    std::string key;
    std::optional<net::Address> address;
    std::vector<PendingHit> pending;
    TimePoint seen;
  };
  using Sessions = std::list<Session>;  // most recently seen first

  Session& touch(const SessionName& name, TimePoint time);

  Sessions sessions_;
  std::unordered_map<std::string_view, Sessions::iterator> index_;  // views of Session::key
  std::string key_;
  std::vector<PendingHit> released_;
};

}  // namespace ipguard::match
