#include "writer/table_lock.h"

#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

class TableLockTest : public KernelTest {
 protected:
  // Runs `work` in a child process; its exit status.
  template <typename Work>
  static int in_child(const Work& work) {
    const pid_t child = fork();
    if (child == 0) {
      _exit(work());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(TableLockTest, OneAtATimeInANetworkNamespace) {
  auto first = TableLock::take();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const pid_t mine = getpid();
  EXPECT_EQ(in_child([&] {
              const auto second = TableLock::take();
              return !second && second.error().code == Errc::busy &&
                             second.error().message.find("process " + std::to_string(mine) + " (") !=
                                 std::string::npos &&
                             second.error().message.find("--dry-run") != std::string::npos
                         ? 0
                         : 1;
            }),
            0);
  EXPECT_EQ(in_child([] { return unshare(CLONE_NEWNET) == 0 && TableLock::take() ? 0 : 1; }), 0)
      << "another namespace has a table of its own";
  first = fail("");  // gives it up
  EXPECT_TRUE(TableLock::take().has_value());
}

TEST_F(TableLockTest, WhoMayNotChangeNftablesCannotBeInTheWay) {
  std::array<int, 2> ready{};
  std::array<int, 2> done{};
  ASSERT_EQ(pipe(ready.data()) + pipe(done.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(done[1]);
    constexpr uid_t nobody = 65534;
    const bool taken = setgid(nobody) == 0 && setuid(nobody) == 0 && [&] {
      const auto lock = TableLock::take();
      char byte = lock ? 'y' : 'n';
      const bool told = write(ready[1], &byte, 1) == 1;
      return told && read(done[0], &byte, 1) == 0;  // until the parent closes its end
    }();
    _exit(taken ? 0 : 1);
  }
  close(ready[1]);
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_TRUE(TableLock::take().has_value());
  close(done[1]);
  close(done[0]);
  close(ready[0]);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace ipguard::writer::testing
