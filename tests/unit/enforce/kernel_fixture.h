// A network namespace of its own for every test that touches the kernel.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "enforce/enforcer.h"
#include "enforce/protection.h"

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

class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) {
      GTEST_SKIP() << "changing nftables needs root";
    }
    if (run("nft --version").status != 0) {
      GTEST_SKIP() << "nft(8) is not installed";
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

  std::unique_ptr<Enforcer> make(config::EnforceConfig config = {}) {
    return make_nftables_enforcer(config, *protection_);
  }

  // The objects of `nft -j list table inet ipguard`.
  static nlohmann::json table() {
    const CommandResult listed = run("nft -j list table inet ipguard");
    return listed.status == 0 ? nlohmann::json::parse(listed.output).at("nftables") : nlohmann::json::array();
  }
  // The elements of one set as nft prints them: "192.0.2.1" or "192.0.2.0/24", with their time-outs (0 = none).
  static std::map<std::string, int64_t> elements(const std::string& set) {
    std::map<std::string, int64_t> result;
    for (const auto& object : table()) {
      if (!object.contains("set") || object["set"]["name"] != set || !object["set"].contains("elem")) {
        continue;
      }
      for (const auto& entry : object["set"]["elem"]) {
        const bool timed = entry.is_object() && entry.contains("elem");
        const auto& value = timed ? entry["elem"]["val"] : entry;
        std::string text;
        if (value.is_string()) {
          text = value.get<std::string>();
        } else if (value.contains("prefix")) {
          text = value["prefix"]["addr"].get<std::string>() + "/" + std::to_string(value["prefix"]["len"].get<int>());
        } else {
          text = value["range"][0].get<std::string>() + "-" + value["range"][1].get<std::string>();
        }
        result[text] = timed && entry["elem"].contains("timeout") ? entry["elem"]["timeout"].get<int64_t>() : 0;
      }
    }
    return result;
  }

  static net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
  static net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
  model::SetElement element(model::Scope scope, std::string_view text, int seconds = 0) const {
    return {scope, prefix(text), seconds == 0 ? std::nullopt : std::optional(now_ + Seconds(seconds))};
  }

  const TimePoint now_ = from_civil(2026, 2, 25, 4, 30, 17);
  std::unique_ptr<Protection> protection_ = std::make_unique<Protection>(unprotected(), std::vector<net::Prefix>{});
};

}  // namespace ipguard::enforce::testing
