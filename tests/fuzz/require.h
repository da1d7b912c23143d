// What every target asks of what it fuzzes.
#pragma once

#include <cstdlib>
#include <iostream>
#include <source_location>
#include <string_view>

namespace ipguard::fuzz {

// Says where, and `what` if that is given, and aborts.
inline void require(bool holds, std::string_view what = {},
                    const std::source_location& where = std::source_location::current()) {
  if (!holds) {
    std::cerr << where.file_name() << ':' << where.line() << ": " << (what.empty() ? "does not hold" : what) << '\n';
    std::abort();
  }
}

}  // namespace ipguard::fuzz
