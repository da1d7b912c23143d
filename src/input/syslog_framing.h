// Syslog messages out of what arrives at a socket, and lines out of messages. Pure: no socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ipguard::input {

// Takes messages out of a stream (TCP, a Unix stream socket) by RFC 6587: each is preceded by its length ("123 <34>…",
// octet counting, 3.4.1) or ended by LF (non-transparent framing, 3.4.2); which, each message says for itself: digits
// without a leading zero, one blank and '<' are a length. Nothing else ends a message: a NUL or CR in it is a client's
// byte as any other, and a framing by it would let clients write messages of their own.
// Where the cuts between reads fall changes nothing.
class SyslogFramer {
 public:
  // `message` without its framing, not empty, valid during the call; `cut`: its beginning, the rest was too long.
  using Emit = std::function<void(std::string_view message, bool cut)>;

  // `max_message`: in bytes; what is longer is cut there, given out at its end, and its rest skipped.
  explicit SyslogFramer(size_t max_message);

  void feed(std::string_view bytes, const Emit& emit);
  // The sender has ended the stream in good order: a message that waits for its LF is whole. Returns how many bytes of
  // a message were torn: of one that was to be longer.
  uint64_t finish(const Emit& emit);
  // Of the message that has begun.
  [[nodiscard]] uint64_t held() const { return seen_; }

 private:
  enum class State : uint8_t { beginning, counted, line };

  [[nodiscard]] std::string_view begin(std::string_view bytes);
  [[nodiscard]] std::string_view take_counted(std::string_view bytes, const Emit& emit);
  [[nodiscard]] std::string_view take_line(std::string_view bytes, const Emit& emit);
  void keep(std::string_view bytes);
  void give(const Emit& emit);

  size_t max_message_;
  State state_ = State::beginning;
  uint64_t missing_ = 0;  // counted: bytes
  uint64_t seen_ = 0;     // of the message that has begun, what is skipped included
  std::string message_;   // what was kept of it
};

// What of a message counts: without LF, CR and NUL at its end.
[[nodiscard]] std::string_view without_trailer(std::string_view message);

// Appends the message as one line, with LF. LF and NUL in it become "#012" and "#000", as rsyslog writes them: a
// message is one line, whatever it holds. One that has no time stamp behind its <PRI> (RFC 3164 4.3.2, 4.3.3) is
// brought into RFC 5424's form with `sender` as its host, so that its program is found: "<13>sshd[7]: x" as
// "<13>1 - SENDER sshd 7 - - x".
void append_line(std::string_view message, std::string_view sender, std::string& lines);

}  // namespace ipguard::input
