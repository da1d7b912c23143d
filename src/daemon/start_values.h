// What a running daemon cannot take over from a reloaded configuration.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace ipguard::daemon {

// Keys that only a start reads, as the start read them.
class StartValues {
 public:
  explicit StartValues(const config::Config& config)
      : state_path_(config.state_path),
        control_socket_(config.control_socket),
        mode_(config.enforce.mode),
        runs_programs_(config.runs_programs()) {}

  // Puts them into `fresh`, so that it says what is so. Returns a sentence for each that differed.
  [[nodiscard]] std::vector<std::string> keep_in(config::Config& fresh) const;

 private:
  std::string state_path_;
  std::string control_socket_;
  config::Mode mode_;
  bool runs_programs_;  // a process that has given it up cannot take it back
};

}  // namespace ipguard::daemon
