// How the programs end: their last words, and the exit status.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/standard_output.h"

namespace ipguard {

// The exit status (exit_status()); an error's message, if it has one, is told on standard error: "PROGRAM: message", as
// a line of the log where that is set up (init_log()), with time and level as all before. Main's thread.
[[nodiscard]] int end_program(std::string_view program, const Result<>& result);

// The same behind a program that prints, with the status that it has come to: what was printed must have arrived, so a
// full disk is a failure however well all else went.
[[nodiscard]] int end_program(std::string_view program, StandardOutput& output, int status);

}  // namespace ipguard
