// Who may run which command.
#include "daemon/commands.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

using control::Json;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    set_log_level(LogLevel::error);
    guard = std::make_unique<Guard>(test_loaded(), State(store::Store::in_memory()));
    EXPECT_TRUE(guard->start(wall_clock_now()));
    context = std::make_unique<CommandContext>(
        CommandContext{.guard = *guard,
                       .sources = [] { return std::vector<model::SourceStatus>(); },
                       .reload = [] { return control::Answer(Result<Json>(Json{{"reloaded", true}})); },
                       .started = wall_clock_now()});
  }
  // Of who may read alone.
  Result<Json> read(const std::string& command, Json arguments) {
    auto answer =
        run_command(*context, {.command = command, .arguments = std::move(arguments)}, false, wall_clock_now());
    while (!answer.result) {
      answer.result = answer.work();
    }
    return std::move(*answer.result);
  }

  std::unique_ptr<Guard> guard;
  std::unique_ptr<CommandContext> context;
};

TEST_F(CommandsTest, WhoMayReadMayAskWhatABanWouldDo) {
  const auto reply = read("ban", {{"targets", {"192.0.2.200"}}, {"dry_run", true}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ((*reply)[0]["ok"], true);
  EXPECT_EQ((*reply)[0]["preview"]["target"], "192.0.2.200");
  EXPECT_TRUE(guard->engine().decisions().empty());
}

TEST_F(CommandsTest, WhoMayReadChangesNothing) {
  const Json targets = {"192.0.2.200"};
  const std::pair<const char*, Json> cases[] = {
      {"ban", {{"targets", targets}}},
      {"ban", {{"targets", targets}, {"dry_run", false}}},
      {"ban", {{"targets", targets}, {"dry_run", 1}}},
      {"ban", {{"targets", targets}, {"dry_run", "true"}}},
      {"unban", {{"targets", targets}, {"dry_run", true}}},
      {"confirm", {{"targets", targets}, {"dry_run", true}}},
      {"reload", {{"dry_run", true}}},
  };
  for (const auto& [command, arguments] : cases) {
    const auto reply = read(command, arguments);
    ASSERT_FALSE(reply) << command << arguments;
    EXPECT_EQ(reply.error().code, Errc::permission) << command << arguments;
  }
  EXPECT_TRUE(guard->engine().decisions().empty());
}

}  // namespace
}  // namespace ipguard::daemon
