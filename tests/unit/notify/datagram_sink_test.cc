// Journal and syslog: datagrams to the byte, and a socket whose listener is gone or behind.
#include "notify/datagram_sink.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/unix_socket.h"
#include "fixture.h"

namespace ipguard::notify {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class DatagramSinkTest : public SinkTest {
 protected:
  static std::string receive(const SocketFile& socket) {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(socket.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(buffer.data(), static_cast<size_t>(count));
  }
  std::string path = folder / "socket";
};

TEST_F(DatagramSinkTest, WritesTheJournalsProtocol) {
  EXPECT_EQ(journal_datagram(*event(7)),
            "MESSAGE=banned 192.0.2.7\nPRIORITY=6\nSYSLOG_IDENTIFIER=ipguardd\nIPGUARD_TARGET=192.0.2.7\n"
            "IPGUARD_JSON={\"number\":7}\n");
  Event hostile = *event(7);
  hostile.fields = {{"IPGUARD_AS_NAME", "a\nPRIORITY=0"}};
  EXPECT_THAT(journal_datagram(hostile),
              HasSubstr(std::string("IPGUARD_AS_NAME\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n", 37)));
}

TEST_F(DatagramSinkTest, WritesSyslog) {
  Event problem = *event(7);
  problem.kind = config::EventKind::problem;
  EXPECT_THAT(syslog_datagram(problem),
              MatchesRegex("<28>[A-Z][a-z][a-z] [ 0-9]+ [0-9:]+ ipguardd.[0-9]+.: @cee: .*7.*"));
}

TEST_F(DatagramSinkTest, SendsADatagramAnEvent) {
  const auto socket = SocketFile::bind(path, SOCK_DGRAM, 0600, "socket").value();
  DatagramSink sink(loop, path, syslog_datagram);
  sink.take(event(1));
  sink.take(event(2));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 2; }));
  EXPECT_THAT(receive(socket), HasSubstr("{\"number\":1}"));
  EXPECT_THAT(receive(socket), HasSubstr("{\"number\":2}"));
}

TEST_F(DatagramSinkTest, WaitsForAListener) {
  DatagramSink sink(loop, path, syslog_datagram, 5);
  for (int i = 0; i < 8; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_EQ(sink.counters().waiting, 5U);
  EXPECT_EQ(sink.counters().dropped, 3U);
  const auto socket = SocketFile::bind(path, SOCK_DGRAM, 0600, "socket").value();
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 5; }));
  EXPECT_THAT(receive(socket), HasSubstr("{\"number\":3}"));
}

TEST_F(DatagramSinkTest, IsNotHeldUpByAListenerThatDoesNotRead) {
  const auto socket = SocketFile::bind(path, SOCK_DGRAM, 0600, "socket").value();
  DatagramSink sink(loop, path, syslog_datagram, 5000);
  for (int i = 0; i < 3000; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_GT(sink.counters().waiting, 0U);
  uint64_t read = 0;
  ASSERT_TRUE(until([&] {
    while (!receive(socket).empty()) {
      ++read;
    }
    return read >= sink.counters().delivered && sink.counters().delivered > 500;
  }));
}

// Who makes many events waits while behind() says so, as an import does: then a listener that reads loses none.
TEST_F(DatagramSinkTest, LosesNothingWhereItIsWaitedFor) {
  const auto socket = SocketFile::bind(path, SOCK_DGRAM, 0600, "socket").value();
  DatagramSink sink(loop, path, syslog_datagram, 1000);
  uint64_t read = 0;
  uint64_t made = 0;
  ASSERT_TRUE(until([&] {
    for (int i = 0; i < 400 && made < 6000 && !sink.behind(); ++i) {
      sink.take(event(static_cast<int>(made++)));
    }
    while (!receive(socket).empty()) {
      ++read;
    }
    return read == 6000;
  })) << read;
  EXPECT_EQ(sink.counters().dropped, 0U);
  EXPECT_EQ(sink.counters().problem, "") << "a listener that is behind for a moment is in no trouble";
}

TEST_F(DatagramSinkTest, NobodyWaitsForAListenerThatDoesNotRead) {
  const auto socket = SocketFile::bind(path, SOCK_DGRAM, 0600, "socket").value();
  DatagramSink sink(loop, path, syslog_datagram, 2000);
  for (int i = 0; i < 3500; ++i) {
    sink.take(event(i));
  }
  EXPECT_TRUE(sink.behind());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return !sink.behind(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_GT(sink.counters().waiting, 1000U);
}

TEST_F(DatagramSinkTest, NobodyWaitsForAListenerThatIsNotThere) {
  DatagramSink sink(loop, path, syslog_datagram, 10);
  for (int i = 0; i < 10; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_FALSE(sink.behind());
}

}  // namespace
}  // namespace ipguard::notify
