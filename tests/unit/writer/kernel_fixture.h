// A network namespace with nftables' sets to fill and to look at.
#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <string>

#include "../enforce/network_namespace.h"
#include "base/time.h"
#include "enforce/protection.h"
#include "writer/nftables_enforcer.h"

namespace ipguard::writer::testing {

using enforce::testing::CommandResult;
using enforce::testing::NamespaceTest;
using enforce::testing::run;

inline constexpr int port = 8080;  // of servers in the namespaces

class KernelTest : public NamespaceTest {
 protected:
  void SetUp() override {
    if (run("nft --version").status != 0) {
      GTEST_SKIP() << "nft(8) is not installed";
    }
    NamespaceTest::SetUp();
  }

  std::unique_ptr<enforce::Enforcer> make(config::EnforceConfig config = {}) {
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

  model::SetElement element(model::Scope scope, std::string_view text, int seconds = 0) const {
    return {scope, prefix(text), seconds == 0 ? std::nullopt : std::optional(now_ + Seconds(seconds))};
  }

  const TimePoint now_ = from_civil(2026, 2, 25, 4, 30, 17);
  std::unique_ptr<enforce::Protection> protection_ =
      std::make_unique<enforce::Protection>(unprotected(), std::vector<net::Prefix>{});
};

}  // namespace ipguard::writer::testing
