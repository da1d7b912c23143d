// Programs that are told: what they get, and that none holds up the daemon, whatever it does.
#include "notify/exec_sink.h"

#include <fcntl.h>
#include <signal.h>

#include "fixture.h"

namespace ipguard::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

class ExecSinkTest : public SinkTest {
 protected:
  config::NotifyConfig runs(const std::string& script, Seconds timeout = Seconds{10}) const {
    return {.name = "test",
            .type = config::NotifyType::exec,
            .command = {"/bin/sh", "-c", "cd " + folder.path() + "; " + script, "name", "*; $(id) `id`"},
            .timeout = timeout};
  }
};

TEST_F(ExecSinkTest, HandsTheEventToStandardInput) {
  ExecSink sink(loop, runs("cat > in; printf %s \"$1\" > argument; env > environment; echo noise; echo noise >&2"));
  sink.take(event(7));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  EXPECT_EQ(content(folder / "in"), "{\"number\":7}\n");
  EXPECT_EQ(content(folder / "argument"), "*; $(id) `id`");
  EXPECT_THAT(content(folder / "environment"), HasSubstr("PATH=/usr/local/sbin:"));
  EXPECT_THAT(content(folder / "environment"), Not(HasSubstr("HOME=")));
}

TEST_F(ExecSinkTest, PassesNoDescriptorOn) {
  const int leaked = ::fcntl(STDERR_FILENO, F_DUPFD, 57);  // not close-on-exec, as a library might
  ASSERT_EQ(leaked, 57);
  ExecSink sink(loop, runs("[ -e /proc/$$/fd/57 ] || echo none > leaked"));
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  ::close(leaked);
  EXPECT_EQ(content(folder / "leaked"), "none\n");
}

TEST_F(ExecSinkTest, CountsFailures) {
  ExecSink sink(loop, runs("exit 3"));
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return sink.counters().failed == 1; }));
  EXPECT_EQ(sink.counters().problem, "/bin/sh ended with status 3");
  auto missing = runs("");
  missing.command = {folder / "nothing"};
  ExecSink none(loop, missing);
  none.take(event(1));
  ASSERT_TRUE(until([&] { return none.counters().failed == 1; }));
  EXPECT_THAT(none.counters().problem, HasSubstr("cannot run"));
}

TEST_F(ExecSinkTest, EndsWhoTakesTooLong) {
  ExecSink sink(loop, runs("sleep 60 & echo $! > child; sleep 60", Seconds{1}));
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return sink.counters().failed == 1; }));
  EXPECT_EQ(sink.counters().problem, "/bin/sh took longer than 1s and was killed");
  const auto child = std::stoi(content(folder / "child"));
  EXPECT_TRUE(until([&] {  // gone, or not yet waited for by init
    const auto stat = content("/proc/" + std::to_string(child) + "/stat");
    return stat.empty() || stat.find(") Z") != std::string::npos;
  }));
}

TEST_F(ExecSinkTest, RunsFourAtATimeAndBoundsTheRest) {
  ExecSink sink(loop, runs("echo x >> began; while [ ! -e go ]; do sleep 0.02; done"), 10);
  for (int i = 0; i < 4; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return content(folder / "began") == "x\nx\nx\nx\n"; }));
  for (int i = 4; i < 30; ++i) {
    sink.take(event(i));
  }
  EXPECT_EQ(sink.counters().waiting, 14U);
  EXPECT_EQ(sink.counters().dropped, 16U);
  std::ofstream(folder / "go") << "";
  EXPECT_TRUE(until([&] { return sink.counters().delivered == 14; }));
}

TEST_F(ExecSinkTest, DoesNotCareWhetherTheEventIsRead) {
  Event big = *event(1);
  big.json = std::string(most_json_bytes, 'x');
  ExecSink sink(loop, runs("exec 0<&-; exit 0"));
  sink.take(std::make_shared<const Event>(big));
  EXPECT_TRUE(until([&] { return sink.counters().delivered == 1; }));
}

TEST_F(ExecSinkTest, KillsWhatRunsWhenItEnds) {
  {
    ExecSink sink(loop, runs("echo $$ > pid; sleep 60"));
    sink.take(event(1));
    ASSERT_TRUE(until([&] { return !content(folder / "pid").empty(); }));
  }
  EXPECT_NE(::kill(std::stoi(content(folder / "pid")), 0), 0);
}

}  // namespace
}  // namespace ipguard::notify
