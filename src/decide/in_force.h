// InForce: what of a decision is in force, and what is kept out of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/coverage.h"
#include "net/prefix.h"

namespace ipguard::decide {

// A part of a decision's target that is not blocked.
struct CutOut {
  net::Prefix prefix;
  std::string reason;
};

struct InForce {
  static constexpr size_t most_cut_out = 1000;

  std::vector<net::Prefix> prefixes;  // the kernel's elements for it; what an outer ban of its scope blocks included
  model::Coverage covered;            // by these
  std::vector<CutOut> cut_out;        // at most most_cut_out …
  size_t more_cut_out = 0;            // … and how many more there are
};

}  // namespace ipguard::decide
