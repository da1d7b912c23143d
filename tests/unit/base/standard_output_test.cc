#include "base/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace ipguard {
namespace {

// Prints `count` bytes to `path` as standard output and ends with 0 if they arrived, telling the error on stderr if
// not.
[[noreturn]] void print_to(const char* path, size_t count) {
  const int fd = ::open(path, O_WRONLY);
  ::dup2(fd, STDOUT_FILENO);
  StandardOutput output;
  for (size_t i = 0; i < count; ++i) {
    std::cout << 'x';
  }
  const auto done = output.finish();
  std::cerr << (done ? "written" : done.error().message) << '\n';
  std::exit(done ? 0 : 1);
}

TEST(StandardOutputDeathTest, AFullDiskIsAnErrorWithItsReason) {
  EXPECT_EXIT(print_to("/dev/full", 1), testing::ExitedWithCode(1),
              "cannot write to standard output: No space left on device");
}

TEST(StandardOutputDeathTest, AFailureBeforeTheEndIsNotForgotten) {
  EXPECT_EXIT(print_to("/dev/full", 1 << 20), testing::ExitedWithCode(1),
              "cannot write to standard output: No space left on device");
}

TEST(StandardOutputDeathTest, WhatArrivesIsNoError) {
  EXPECT_EXIT(print_to("/dev/null", 1 << 20), testing::ExitedWithCode(0), "written");
}

TEST(StandardOutputDeathTest, NothingPrintedIsNoErrorEvenOnAFullDisk) {
  EXPECT_EXIT(print_to("/dev/full", 0), testing::ExitedWithCode(0), "written");
}

[[noreturn]] void print_to_closed_pipe() {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  if (::pipe(ends) != 0) {
    std::exit(2);
  }
  ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[0]);
  StandardOutput output;
  std::cout << "x";
  const auto done = output.finish();
  std::cerr << '[' << (done ? "written" : done.error().message) << "]\n";
  std::exit(done ? 0 : 1);
}

TEST(StandardOutputDeathTest, AReaderWhoHasGoneIsNotComplainedAbout) {
  EXPECT_EXIT(print_to_closed_pipe(), testing::ExitedWithCode(1), "\\[\\]");
}

}  // namespace
}  // namespace ipguard
