// A network namespace of its own for every test that touches the kernel.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "config/config.h"
#include "net/prefix.h"

namespace ipguard::enforce::testing {

struct CommandResult {
  int status = -1;
  std::string output;  // of both streams
};

inline CommandResult run(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return result;
  }
  std::array<char, 4096> buffer{};
  size_t got = 0;
  while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    result.output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

class NamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) {
      GTEST_SKIP() << "a network namespace needs root";
    }
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "no network namespace: " << std::strerror(errno);
    }
    ASSERT_EQ(run("ip link set lo up").status, 0);
  }

  // Protection that spares nothing beyond what is always spared: tests ban freely.
  static config::ProtectConfig unprotected() {
    config::ProtectConfig config;
    config.own_addresses = false;
    config.gateways = false;
    config.resolvers = false;
    config.ssh_sessions = false;
    return config;
  }
  static net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
  static net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
};

}  // namespace ipguard::enforce::testing
