#include "daemon/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace ipguard::daemon {

size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    constexpr size_t usual = 1024;
    return usual;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      return raised.rlim_cur;
    }
  }
  return limit.rlim_cur;
}

size_t descriptors_for_files(size_t limit) {
  constexpr size_t reserve = 64;
  return limit - std::min(reserve, limit / 2);
}

}  // namespace ipguard::daemon
