// Logs that were empty when their follower was killed: what came after is read, however often it was rotated meanwhile,
// and by logrotate(8) itself where it is installed.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "follower_fixture.h"
#include "packed_file.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;

struct RotationWays {
  const char* name;
  bool compress;
  bool delay;      // the newest generation is not compressed
  unsigned count;  // generations that are kept
};

class EmptyLogTest : public FollowerFixture {
 protected:
  EmptyLogTest() { add_source("web", {log}, StartPosition::start); }

  // A digit writes so many lines; r and c rotate the log and create a new one or copy and truncate it; S starts the
  // follower, K kills it as it was when it last came to rest; a dot lets it come to rest, and
  // w besides until it has closed what was rotated.
  void play(std::string_view steps) {
    append(log, "");
    bool followed = false;
    for (const char step : steps) {
      if (step == 'r' || step == 'c') {
        real ? logrotate(step == 'c') : rotate(step == 'c');
        before_start = before_start && !followed;
        expected = before_start ? Texts{} : expected;
      } else if (step == 'S') {
        start(cursors);
        followed = true;
        before_start = false;
      } else if (step == 'K') {
        follower.reset();
      } else if (step == '.' || step == 'w') {
        drain();
        if (step == 'w') {
          run_until([this] { return std::ranges::any_of(follower->cursors(), &model::Cursor::is_done); });
        }
        cursors = follower->cursors();
      } else {
        for (int i = 0; i < step - '0'; ++i) {
          expected.push_back("line " + std::to_string(++lines));
          append(log, expected.back() + "\n");
        }
      }
    }
    drain();
  }

  void rotate(bool copy) {
    const auto name = [this](unsigned number, bool packed) {
      return log + "." + std::to_string(number) + (packed ? ".gz" : "");
    };
    if (ways.delay && fs::exists(name(1, false))) {
      compress(name(1, false));
    }
    for (unsigned i = ways.count; i >= 1; --i) {
      for (const bool packed : {false, true}) {
        if (fs::exists(name(i, packed))) {
          fs::rename(name(i, packed), name(i + 1, packed));
        }
      }
    }
    if (copy) {
      fs::copy_file(log, name(1, false));
      fs::resize_file(log, 0);
    } else {
      fs::rename(log, name(1, false));
      append(log, "");
    }
    if (ways.compress && !ways.delay) {
      compress(name(1, false));
    }
    fs::remove(name(ways.count + 1, false));
    fs::remove(name(ways.count + 1, true));
  }

  void logrotate(bool copy) {
    const std::string configuration = temp / "logrotate.conf";
    overwrite(configuration, log + " {\nrotate " + std::to_string(ways.count) + '\n' +
                                 (ways.compress ? "compress\n" : "") + (ways.delay ? "delaycompress\n" : "") +
                                 (copy ? "copytruncate" : "create") + "\n}\n");
    const std::string command = "logrotate -f -s " + (temp / "state") + ' ' + configuration + " 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(*-env33-c,*-mt-unsafe)
  }

  void expect_all(const RotationWays& with, std::string_view steps) {
    SCOPED_TRACE(std::string(with.name) + ", " + std::string(steps));
    ways = with;
    play(steps);
    EXPECT_EQ(take_texts(), expected);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
    EXPECT_EQ(status_of(log).lost_bytes, 0U);
    forget_all();
  }
  void forget_all() {
    follower.reset();
    seen.clear();
    for (const auto& entry : fs::directory_iterator(temp.path())) {
      fs::remove(entry.path());
    }
    cursors.clear();
    expected.clear();
    before_start = true;
  }

  const std::string log = temp / "a.log";
  RotationWays ways{};
  bool real = false;
  std::vector<model::Cursor> cursors;
  bool before_start = true;
  Texts expected;
  int lines = 0;
};

const std::vector<std::string_view> sequences = {
    "5rS.K3r4r5S",
    "5rS.Kr3r4r5S",
    "5cS.K3c4c5S",
    "5cSr.K3c4cc5S",
    "5S.K5cSr.Kc8c9cc8S",
    "5S.K5cSr.K3r4rr5S",
    "5S.rr.KrS",
    "5S.rr.Kr3r4S",
    "S.K3r4r5S",
    "S.K3c4c5S",
    "5S.r.K3r4r5S",
    "5S.r.K3S.K4r5r6S",
    "5S.r.Kr3S.r.Krr4r5r6S",
    "5S.c.K3c4c5S",
    "5S.c.r.K3r4c5r6S",
    "5S.r.rr.K3rS",
    "5S.cc.Kc3c4S.c.Krr5S",
    "5rrrS.Krr3r4S",
    "5S.r4.r.K3r4S",
};
const std::vector<RotationWays> all_ways = {
    {"compress, delaycompress", true, true, 50}, {"compress", true, false, 50}, {"not compressed", false, false, 50}};

TEST_F(EmptyLogTest, EveryLineIsReadHoweverOftenItWasRotatedMeanwhile) {
  for (const RotationWays& each : all_ways) {
    for (const std::string_view steps : sequences) {
      expect_all(each, steps);
    }
  }
}

TEST_F(EmptyLogTest, EveryLineIsReadThatLogrotateMoves) {
  if (std::system("logrotate --version > /dev/null 2>&1") != 0) {  // NOLINT(*-env33-c,*-mt-unsafe)
    GTEST_SKIP() << "logrotate is not installed";
  }
  real = true;
  for (const RotationWays& each : all_ways) {
    for (const std::string_view steps : sequences) {
      expect_all(each, steps);
    }
  }
}

// The generation by which later ones are told from those that were there before is gone.
TEST_F(EmptyLogTest, WithTheLastReadGenerationGone) {
  timing.tick = std::chrono::milliseconds(1);
  timing.quiet_ticks = 1;
  expect_all({"not compressed, one kept", false, false, 1}, "5S.rwK3rS");
  expect_all({"compressed, one kept", true, true, 1}, "5S.rwK3r4S");
  // Some are gone as well: it is said.
  for (const std::string_view steps : {"5S.rwK3r4r5S", "5S.rwK3r4r5r6S", "5S.cwK3c4c5c6S", "5S.cwK3c4S"}) {
    SCOPED_TRACE(steps);
    ways = {"one kept", true, true, 1};
    play(steps);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, 1U);
    forget_all();
  }
}

TEST_F(EmptyLogTest, WhatIsWrittenLateToAGenerationThatWasRotatedEmptyIsReadOnce) {
  ways = all_ways[0];
  play("5S.rr.");
  append(log + ".1", "late\n");
  drain();
  cursors = stop();
  start(cursors);
  drain();
  EXPECT_EQ(take_texts(), (Texts{"line 1", "line 2", "line 3", "line 4", "line 5", "late"}));
  cursors = stop();
  append(log, "6\n");
  rotate(false);
  rotate(false);
  append(log, "7\n");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"6", "7"}));
  EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
}

}  // namespace
}  // namespace ipguard::input
