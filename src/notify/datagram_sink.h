// DatagramSink: events to a Unix socket, a datagram each: journald's own protocol, or syslog's.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "notify/sink.h"

namespace ipguard::notify {

inline constexpr const char* journal_socket = "/run/systemd/journal/socket";
inline constexpr const char* syslog_socket = "/dev/log";

// An event in journald's native protocol (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md): MESSAGE, PRIORITY,
// SYSLOG_IDENTIFIER=ipguardd, IPGUARD_JSON and the event's own fields.
[[nodiscard]] std::string journal_datagram(const Event& event);
// As programs write to /dev/log (RFC 3164 without the host): facility daemon, "ipguardd[PID]: @cee: {…}", which
// rsyslog's mmjsonparse and syslog-ng's json-parser take apart.
[[nodiscard]] std::string syslog_datagram(const Event& event);

// While nobody listens there it is tried again each second; a listener that is behind is written to when it has room.
// behind() lets others wait for one that takes 2000 datagrams a second at least, and a second for one that does not.
class DatagramSink : public Sink {
 public:
  using Format = std::function<std::string(const Event& event)>;

  DatagramSink(loop::EventLoop& loop, std::string path, Format format, size_t most = most_lines_waiting);
  ~DatagramSink() override { drain(); }  // what still waits, as far as it goes

  void take(std::shared_ptr<const Event> event) override;
  [[nodiscard]] Result<> reopen() override;
  [[nodiscard]] bool behind() override;

 private:
  void drain();
  void wait_for_listener(const std::string& problem);
  void close();
  [[nodiscard]] Result<> send_front();

  std::string path_;
  Format format_;
  UniqueFd fd_;
  loop::Timer timer_;
  loop::IoWatcher room_;  // while the listener is behind
  std::optional<std::chrono::steady_clock::time_point> full_since_;
  // While others wait for the listener: since when, and what was delivered by then.
  std::optional<std::chrono::steady_clock::time_point> waited_since_;
  uint64_t delivered_then_ = 0;
  bool too_slow_ = false;  // to be waited for, until it has caught up
};

}  // namespace ipguard::notify
