// DatagramSink: events to a Unix socket, a datagram each: journald's own protocol, or syslog's.
#pragma once

#include <functional>
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
class DatagramSink : public Sink {
 public:
  using Format = std::function<std::string(const Event& event)>;

  DatagramSink(loop::EventLoop& loop, std::string path, Format format, size_t most = most_waiting);
  ~DatagramSink() override { drain(); }  // what still waits, as far as it goes

  void take(std::shared_ptr<const Event> event) override;
  [[nodiscard]] Result<> reopen() override;

 private:
  void drain();
  void close();
  [[nodiscard]] Result<> send_front();

  std::string path_;
  Format format_;
  UniqueFd fd_;
  loop::Timer timer_;
  loop::IoWatcher room_;  // while the listener is behind
};

}  // namespace ipguard::notify
