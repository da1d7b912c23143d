// The socket's file as the server leaves it and as the client finds it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "base/file.h"
#include "control/listener.h"
#include "harness.h"

namespace ipguard::control {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

// A socket file that nobody listens on.
void leave_stale_socket(const std::string& path) {
  const auto fd = open_socket();
  const auto address = socket_address(path);
  ASSERT_EQ(::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)), 0);
}

TEST(Listener, HasItsModesWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
    const TempFolder folder;
    const auto old = ::umask(mask);
    const auto listener = Listener::open(folder / "run/ipguard/ipguard.sock");
    ::umask(old);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_EQ(mode_of(folder / "run/ipguard"), 0755U);
    EXPECT_EQ(mode_of(folder / "run/ipguard/ipguard.sock"), 0660U);
  }
}

TEST(Listener, RemovesItsSocketAndNoOthers) {
  const TempFolder folder;
  const auto path = folder / "s";
  {
    const auto listener = Listener::open(path);
    ASSERT_TRUE(listener);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  {
    const auto listener = Listener::open(path);
    std::filesystem::remove(path);
    std::ofstream(path) << "successor";
  }
  EXPECT_EQ(read_file(path), "successor");
}

TEST(Listener, ReplacesAStaleSocket) {
  const TempFolder folder;
  leave_stale_socket(folder / "s");
  const auto listener = Listener::open(folder / "s");
  ASSERT_TRUE(listener) << listener.error().message;
  const auto client = open_socket();
  EXPECT_EQ(connect_to(client->get(), *socket_address(folder / "s")), 0);
}

TEST(Listener, RefusesWhereAnotherAnswers) {
  const TempFolder folder;
  const auto first = Listener::open(folder / "s");
  const auto second = Listener::open(folder / "s");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_EQ(second.error().message, "another ipguardd answers on " + (folder / "s"));
  EXPECT_TRUE(std::filesystem::exists(folder / "s"));
}

TEST(Listener, RefusesWhereAnotherHasAFullQueue) {
  const TempFolder folder;
  const auto first = Listener::open(folder / "s");
  std::vector<UniqueFd> clients;
  while (true) {
    auto client = open_socket();
    if (connect_to(client->get(), *socket_address(folder / "s")) != 0) {
      break;
    }
    clients.push_back(std::move(*client));
    ASSERT_LT(clients.size(), 1000U);
  }
  const auto second = Listener::open(folder / "s");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
}

TEST(Listener, DoesNotRemoveWhatIsNoSocket) {
  const TempFolder folder;
  std::ofstream(folder / "s") << "precious";
  const auto listener = Listener::open(folder / "s");
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Errc::invalid);
  EXPECT_EQ(listener.error().message, (folder / "s") + " is there and is no socket; ipguardd will not remove it");
  EXPECT_EQ(read_file(folder / "s"), "precious");
  EXPECT_THAT(Listener::open(folder / "s/below").error().message,
              HasSubstr("cannot create the control socket's folder"));
}

TEST(Listener, NamesTheBoundOfAPath) {
  const TempFolder folder;
  const std::string path = folder / std::string(120, 'x').c_str();
  const auto listener = Listener::open(path);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Errc::invalid);
  EXPECT_THAT(listener.error().message, AllOf(HasSubstr(std::to_string(path.size()) + " bytes"), HasSubstr("107")));
  EXPECT_EQ(Listener::open("").error().code, Errc::invalid);
}

TEST(Client, SaysThatThereIsNoDaemon) {
  const TempFolder folder;
  const auto path = folder / "ipguard.sock";
  const auto missing = call(path, {.command = "status"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().message, "no ipguardd answers on " + path +
                                         ": No such file or directory; start it with 'ipguardd -c "
                                         "/etc/ipguard.toml' or give --socket PATH");
  leave_stale_socket(path);
  const auto stale = call(path, {.command = "status"});
  ASSERT_FALSE(stale);
  EXPECT_THAT(stale.error().message, StartsWith("no ipguardd answers on " + path + ": Connection refused; start it"));
}

TEST(Client, SaysWhoMayAsk) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  const TempFolder folder;
  std::filesystem::permissions(folder / "", std::filesystem::perms(0755));
  const auto listener = Listener::open(folder / "s");
  ASSERT_TRUE(listener);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool other = ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0;
    const auto reply = call(folder / "s", {.command = "status"}, 0);
    const bool right = other && !reply && reply.error().code == Errc::permission &&
                       reply.error().message == "no permission to talk to ipguardd on " + (folder / "s") +
                                                    ": only root may, and if there is a group 'ipguard' when ipguardd "
                                                    "starts, its members may read";
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Client, DoesNotWaitForEver) {
  const TempFolder folder;
  const auto listener = Listener::open(folder / "s");  // takes the connection and never answers
  const auto reply = call(folder / "s", {.command = "status"}, 0);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "ipguardd did not answer within 0 s");
}

TEST(Client, SaysThatTheDaemonClosed) {
  const TempFolder folder;
  const auto listener = Listener::open(folder / "s");
  std::thread daemon([&] {
    pollfd entry{.fd = listener->fd(), .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, 10'000);
    const UniqueFd accepted(::accept(listener->fd(), nullptr, nullptr));
  });
  const auto reply = call(folder / "s", {.command = "status"}, 10);
  daemon.join();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "ipguardd closed the connection without an answer");
}

TEST(Client, RefusesARequestThatTheServerWouldRefuse) {
  const TempFolder folder;
  const auto listener = Listener::open(folder / "s");
  const auto reply =
      call(folder / "s", {.command = "import", .arguments = {{"text", std::string(max_request_bytes, 'x')}}}, 10);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::invalid);
  EXPECT_THAT(reply.error().message, HasSubstr("send it in parts"));
}

}  // namespace
}  // namespace ipguard::control
