// TimeZone: which moments a local time means somewhere, by the tz database (/usr/share/zoneinfo). The only files that
// know cctz.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace ipguard::match {

// The moments that a local time may mean: one, as a rule; two where clocks were put back over it. A time that clocks
// were put forward over never was: it counts as if they had not been yet.
struct LocalMeaning {
  std::chrono::sys_seconds earlier;
  std::chrono::sys_seconds later;
};

// Immutable; may be shared between threads.
class TimeZone {
 public:
  // "Europe/Rome", "UTC"; null if there is none of that name. Reads a file; what was read is kept, by the process,
  // until its end.
  [[nodiscard]] static std::shared_ptr<const TimeZone> load(const std::string& name);
  // Whether there is a tz database at all.
  [[nodiscard]] static bool has_database();
  ~TimeZone();

  // `local`: a civil time as if it were UTC.
  [[nodiscard]] LocalMeaning meaning_of(std::chrono::sys_seconds local) const;

 private:
  struct Impl;
  explicit TimeZone(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace ipguard::match
