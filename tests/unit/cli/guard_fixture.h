// A daemon's guard in a dry run that reads logs line by line, at the time that each line was written.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/guard.h"
#include "report_fixture.h"

namespace ipguard::cli {

struct Logs {
  std::vector<TimedLine> access;
  std::vector<TimedLine> auth;
};

inline std::unique_ptr<daemon::Guard> test_guard(const std::vector<std::string>& settings) {
  daemon::Loaded loaded{.config = test_config(settings), .rules = shipped_rules(), .routes = test_routes()};
  loaded.config.protect.own_addresses = false;  // whatever this machine has
  loaded.config.protect.gateways = false;
  loaded.config.protect.resolvers = false;
  loaded.config.protect.ssh_sessions = false;
  auto guard = std::make_unique<daemon::Guard>(std::move(loaded), daemon::State(store::Store::in_memory()));
  EXPECT_TRUE(guard->start(TimePoint(Seconds(log_begin))));
  return guard;
}

// The time of the last line. `lines_a_block`: more than one only of one log.
inline TimePoint feed(daemon::Guard& guard, const Logs& logs, size_t lines_a_block = 1) {
  config::SourceConfig config;
  config.name = "test";
  const std::vector<input::SourceInfo> sources = {{&config, "access.log"}, {&config, "auth.log"}};
  std::vector<std::pair<TimedLine, model::SourceId>> lines;
  for (const auto& line : logs.access) {
    lines.emplace_back(line, 0);
  }
  for (const auto& line : logs.auth) {
    lines.emplace_back(line, 1);
  }
  std::ranges::stable_sort(lines, {}, [](const auto& each) { return each.first.time; });
  std::array<uint64_t, 2> offsets{};
  for (size_t at = 0; at < lines.size();) {
    const auto source = lines[at].second;
    TimePoint time;
    std::string bytes;
    for (const size_t end = std::min(at + lines_a_block, lines.size()); at < end; ++at) {
      time = lines[at].first.time;
      bytes += lines[at].first.text + '\n';
    }
    for (auto next = guard.engine().next_expiry(); next && *next <= time; next = guard.engine().next_expiry()) {
      guard.expire(time);  // as the daemon's timer does
    }
    guard.judge({.bytes = bytes, .offset = offsets.at(source), .source = source}, sources.at(source), time);
    guard.flush(time, nullptr);
    offsets.at(source) += bytes.size();
  }
  return lines.empty() ? TimePoint(Seconds(log_begin)) : lines.back().first.time;
}

}  // namespace ipguard::cli
