#include "loop/background.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace ipguard::loop {
namespace {

TEST(Background, GivesTheOutcomeInTheLoop) {
  EventLoop loop;
  const auto loop_thread = std::this_thread::get_id();
  std::vector<int> outcomes;
  std::unique_ptr<Background<int>> background;
  background = std::make_unique<Background<int>>(loop, [&](int outcome) {
    EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    EXPECT_FALSE(background->running());
    outcomes.push_back(outcome);
    if (outcome < 3) {
      background->start([outcome] { return outcome + 1; });  // the next piece
    } else {
      loop.stop();
    }
  });
  background->start([loop_thread] { return std::this_thread::get_id() == loop_thread ? 100 : 1; });
  EXPECT_TRUE(background->running());
  loop.run();
  EXPECT_EQ(outcomes, (std::vector{1, 2, 3}));
}

TEST(Background, NobodyHearsOfWhatIsUnderWayAtItsEnd) {
  EventLoop loop;
  bool heard = false;
  {
    Background<std::unique_ptr<int>> background(loop, [&](auto) { heard = true; });
    background.start([] { return std::make_unique<int>(1); });
  }
  loop.poll();
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace ipguard::loop
