#include "base/program_end.h"

#include <iostream>
#include <string>

#include "base/log.h"
#include "base/text.h"

namespace ipguard {

int end_program(std::string_view program, const Result<>& result) {
  if (result) {
    return 0;
  }
  const auto& message = result.error().message;
  const auto words = std::string(program) + ": " + message;
  if (!message.empty() && log_is_set_up()) {
    log_error(printable(words));
  } else if (!message.empty()) {
    std::cerr << words << '\n';
  }
  return exit_status(result.error().code);
}

int end_program(std::string_view program, StandardOutput& output, int status) {
  const int written = end_program(program, output.finish());
  return status == 0 ? written : status;
}

}  // namespace ipguard
