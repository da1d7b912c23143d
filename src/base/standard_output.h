// Standard output whose failures are known: a program that could not write its result has failed.
#pragma once

#include <memory>
#include <streambuf>

#include "base/result.h"

namespace ipguard {

// While it lives, std::cout writes to file descriptor 1 through a buffer of its own, which remembers why a write failed
// and takes nothing after that (std::cout is false then: a long output may stop early). Line by line on a terminal.
// One at a time; owned by main's thread. What is still buffered at the end of its life is written, unasked for.
class StandardOutput {
 public:
  StandardOutput();
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Writes the rest. An error, with the reason, if not everything printed so far was written (a full disk): to be asked
  // before the exit status is decided. A reader who has gone away (a closed pipe where SIGPIPE is ignored) is an error
  // without a message: it wanted no more.
  [[nodiscard]] Result<> finish();

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
  std::streambuf* before_;  // of std::cout, put back at the end
};

}  // namespace ipguard
