// A journal entry as a line of a syslog file: "2026-11-22T10:00:00.123456+00:00 HOST PROGRAM[PID]: MESSAGE". Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"
#include "input/journal_entry.h"
#include "input/journal_sender.h"

namespace ipguard::input {

class JournalLine {
 public:
  // Appends the entry's line with its LF to `text`, or only the first `most` bytes of it, without LF; true if it was
  // cut. Whatever the entry holds becomes one line that format "syslog" reads as its program's: control bytes are
  // written as rsyslog does (LF as #012), other bytes stay.
  // `received`: when journald got it; its _SOURCE_REALTIME_TIMESTAMP is preferred. A container's tag is "docker/NAME",
  // as Docker's own syslog driver is mostly told to write it: whatever the container prints, an access log too.
  bool append(const JournalEntry& entry, const Attribution& sender, TimePoint received, size_t most, std::string& text);

 private:
  void append_time(TimePoint time, std::string& text);

  // Entries come many a second.
  TimePoint second_{};
  std::string second_text_;
};

}  // namespace ipguard::input
