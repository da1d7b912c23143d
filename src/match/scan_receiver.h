// ScanReceiver: whom a scan tells what it found.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ipguard::match {

class ScanReceiver {
 public:
  virtual ~ScanReceiver() = default;
  // For every match: the number of what was looked for, and the offset behind the match's last byte.
  virtual void on_match(uint32_t id, size_t end) = 0;
};

}  // namespace ipguard::match
