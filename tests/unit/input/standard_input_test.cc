#include "input/standard_input.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.h"
#include "line_input_fixture.h"

namespace ipguard::input {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class StandardInputTest : public LineInputFixture {
 protected:
  void begin(int fd) {
    input = make_standard_input(loop, config, id, collect(), fd);
    input->start();
  }
  bool is_done() const { return status().state.starts_with("done: "); }
};

void write_to(int fd, std::string_view bytes) {
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  UniqueFd out;
  UniqueFd in;
};

TEST_F(StandardInputTest, ReadsAPipeAsItComes) {
  Pipe pipe;
  begin(pipe.out.get());
  loop.poll();
  EXPECT_THAT(lines, IsEmpty());
  EXPECT_EQ(status().state, "following");
  EXPECT_TRUE(input->caught_up());

  write_to(pipe.in.get(), "one\ntw");
  EXPECT_FALSE(input->caught_up());
  drain();
  EXPECT_THAT(lines, ElementsAre("one"));
  write_to(pipe.in.get(), "o\nthree");
  drain();
  EXPECT_THAT(lines, ElementsAre("one", "two"));

  pipe.in.reset();
  run_until([this] { return is_done(); });
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(status().state, "done: the end was reached");
  EXPECT_EQ(status().lines, 3U);
  EXPECT_EQ(status().bytes, 13U);
  EXPECT_TRUE(input->caught_up());
  EXPECT_THAT(input->cursors(), IsEmpty());
}

TEST_F(StandardInputTest, CountsTheLineThatItCutsOff) {
  Pipe pipe;
  begin(pipe.out.get());
  write_to(pipe.in.get(), "one\ntorn");
  drain();
  input->stop();
  EXPECT_THAT(lines, ElementsAre("one"));
  EXPECT_EQ(input->losses(), (model::Losses{.bytes = 4}));
}

TEST_F(StandardInputTest, LeavesTheDescriptorsFlagsAlone) {
  Pipe pipe;
  const int before = ::fcntl(pipe.out.get(), F_GETFL);
  begin(pipe.out.get());
  loop.poll();
  EXPECT_EQ(::fcntl(pipe.out.get(), F_GETFL), before);  // the shell's terminal would not be itself any more
}

TEST_F(StandardInputTest, ReadsAFileInTurns) {
  const auto path = folder / "log";
  std::string text;
  constexpr size_t count = 300'000;
  for (size_t i = 0; i < count; ++i) {
    text += "line " + std::to_string(i) + '\n';
  }
  overwrite(path, text);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  begin(fd.get());
  EXPECT_EQ(status().behind_bytes, text.size());
  loop.run_once();
  EXPECT_FALSE(is_done());
  EXPECT_LT(lines.size(), count);
  run_until([this] { return is_done(); });
  EXPECT_EQ(lines.size(), count);
  EXPECT_EQ(lines.back(), "line " + std::to_string(count - 1));
  EXPECT_EQ(status().behind_bytes, 0U);
}

TEST_F(StandardInputTest, OfNothingIsDoneAtOnce) {
  const UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  begin(fd.get());
  run_until([this] { return is_done(); });
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(StandardInputTest, ThatIsNoneSaysWhy) {
  const UniqueFd fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  begin(fd.get());
  run_until([this] { return is_done(); });
  EXPECT_THAT(status().state, StartsWith("done: cannot read: Is a directory"));
}

TEST_F(StandardInputTest, ReadsASocket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  begin(ours.get());
  write_to(theirs.get(), "one\n");
  run_until([this] { return !lines.empty(); });
  theirs.reset();
  run_until([this] { return is_done(); });
  EXPECT_THAT(lines, ElementsAre("one"));
}

TEST_F(StandardInputTest, ReadsATerminal) {
  const UniqueFd control(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(control.valid());
  ASSERT_EQ(::grantpt(control.get()), 0);
  ASSERT_EQ(::unlockpt(control.get()), 0);
  const UniqueFd terminal(::open(::ptsname(control.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  begin(terminal.get());
  write_to(control.get(), "typed\n");
  run_until([this] { return !lines.empty(); });
  EXPECT_THAT(lines, ElementsAre("typed"));
  write_to(control.get(), "\x04");  // end of input, as a person says it
  run_until([this] { return is_done(); });
}

TEST_F(StandardInputTest, CutsLongLinesAndCountsThem) {
  config.max_line = 1024;
  Pipe pipe;
  begin(pipe.out.get());
  write_to(pipe.in.get(), std::string(3000, 'x') + "\nnext\n");
  drain();
  EXPECT_THAT(lines, ElementsAre(std::string(1024, 'x') + "…", "next"));
  EXPECT_EQ(status().overlong_lines, 1U);

  auto longer = config;
  longer.max_line = 4096;
  EXPECT_TRUE(input->reconfigure(longer));
  write_to(pipe.in.get(), std::string(3000, 'y') + '\n');
  drain();
  EXPECT_EQ(lines.back(), std::string(3000, 'y'));
}

}  // namespace
}  // namespace ipguard::input
