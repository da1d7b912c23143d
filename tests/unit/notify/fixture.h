// What the tests of the sinks share: a loop, a folder, events.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "loop/event_loop.h"
#include "notify/sink.h"
#include "support/temp_folder.h"

namespace ipguard::notify {

class SinkTest : public testing::Test {
 protected:
  SinkTest() { set_log_level(LogLevel::error); }

  static std::shared_ptr<const Event> event(int number) {
    Event event{.kind = config::EventKind::ban,
                .time = wall_clock_now(),
                .scope = model::Scope::address,
                .rule = "web/test",
                .issuer = "ledger",
                .message = "banned 192.0.2." + std::to_string(number)};
    event.json = R"({"number":)" + std::to_string(number) + '}';
    event.fields = {{"IPGUARD_TARGET", "192.0.2." + std::to_string(number)}};
    return std::make_shared<const Event>(std::move(event));
  }
  // Turns the loop until `done`, a minute at most.
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    loop::Timer tick(loop, [] {});
    while (!done() && std::chrono::steady_clock::now() < end) {
      tick.start(std::chrono::milliseconds(5));
      loop.run_once();
    }
    return done();
  }
  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  const TempFolder folder;
  loop::EventLoop loop;
};

}  // namespace ipguard::notify
