#include "input/syslog_listener.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "input/listen_socket.h"
#include "line_input_fixture.h"
#include "net/listen.h"

namespace ipguard::input {
namespace {

using config::ListenEndpoint;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Transport = ListenEndpoint::Transport;

net::Endpoint endpoint(const char* text) { return *net::Endpoint::parse(text); }

// A port that was free a moment ago.
net::Endpoint free_endpoint(const char* host, int type) {
  const net::SocketAddress any(endpoint(host));
  const UniqueFd fd(::socket(any.storage.ss_family, type, 0));
  net::SocketAddress own;
  if (::bind(fd.get(), any.get(), any.length) != 0 || ::getsockname(fd.get(), own.get(), &own.length) != 0) {
    return {};
  }
  return *own.endpoint();
}

UniqueFd connect(const net::Endpoint& to, int type, const char* from = nullptr) {
  const net::SocketAddress address(to);
  UniqueFd fd(::socket(address.storage.ss_family, type, 0));
  if (from != nullptr) {
    const net::SocketAddress own(endpoint(from));
    EXPECT_EQ(::bind(fd.get(), own.get(), own.length), 0);
  }
  EXPECT_EQ(::connect(fd.get(), address.get(), address.length), 0);
  return fd;
}

UniqueFd connect(const std::string& path, int type) {
  UniqueFd fd(::socket(AF_UNIX, type, 0));
  EXPECT_EQ(connect_to(fd.get(), *unix_address(path, "socket")), 0);
  return fd;
}

void send(const UniqueFd& fd, std::string_view bytes) {
  ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

class SyslogListenerTest : public LineInputFixture {
 protected:
  SyslogListenerTest() { config.senders = {*net::Prefix::parse("127.0.0.0/8"), *net::Prefix::parse("::1")}; }

  net::Endpoint listen(Transport transport, const char* host = "127.0.0.1:0") {
    const int type = transport == Transport::udp ? SOCK_DGRAM : SOCK_STREAM;
    config.listen.push_back({.transport = transport, .endpoint = free_endpoint(host, type)});
    return config.listen.back().endpoint;
  }
  std::string listen_unix(Transport transport, std::string_view name) {
    config.listen.push_back({.transport = transport, .path = folder / name});
    return config.listen.back().path;
  }
  void begin(ListenerLimits limits = {}) {
    input = make_syslog_listener(loop, config, id, collect(), limits);
    input->start();
  }
  void expect_lines(size_t count) {
    run_until([&] { return lines.size() >= count; });
    drain();
    EXPECT_EQ(lines.size(), count);
  }
};

TEST_F(SyslogListenerTest, TakesDatagrams) {
  for (const char* host : {"127.0.0.1:0", "[::1]:0"}) {
    lines.clear();
    config.listen.clear();
    const auto where = listen(Transport::udp, host);
    begin();
    ASSERT_EQ(status().state, "following");
    const auto sender = connect(where, SOCK_DGRAM);
    send(sender, "<34>Oct 11 22:14:15 h su: one");
    send(sender, "<34>Oct 11 22:14:15 h su: two\n<38>Oct 11 22:14:15 h sshd[1]: forged\n");
    send(sender, "");
    send(sender, "<13>sshd[7]: x");
    expect_lines(3);
    EXPECT_THAT(lines, ElementsAre("<34>Oct 11 22:14:15 h su: one",
                                   "<34>Oct 11 22:14:15 h su: two#012<38>Oct 11 22:14:15 h sshd[1]: forged",
                                   StartsWith("<13>1 - " + where.address.to_string() + " sshd 7 - - x")));
    EXPECT_EQ(status().path, "udp " + where.to_string());
    EXPECT_EQ(status().lines, 3U);
    EXPECT_EQ(status().lost_messages, 0U);
  }
}

TEST_F(SyslogListenerTest, TakesStreamsByEitherFraming) {
  const auto where = listen(Transport::tcp);
  begin();
  auto counted = connect(where, SOCK_STREAM);
  auto ended = connect(where, SOCK_STREAM);
  send(counted, "30 <34>Oct 11 22:14:15 h su: o\nne");
  send(ended, "<34>Oct 11 22:14:15 h su: two\n<34>Oct 11 22:14:15 h su: thr");
  run_until([this] { return lines.size() == 2; });
  EXPECT_THAT(lines,
              testing::UnorderedElementsAre("<34>Oct 11 22:14:15 h su: o#012ne", "<34>Oct 11 22:14:15 h su: two"));
  send(ended, "ee");
  ended.reset();
  run_until([this] { return lines.size() == 3; });
  EXPECT_EQ(lines.back(), "<34>Oct 11 22:14:15 h su: three");
  EXPECT_EQ(status().lost_bytes, 0U);

  send(counted, "99 <34>torn");
  counted.reset();
  run_until([this] { return status().lost_bytes > 0; });
  EXPECT_EQ(status().lost_bytes, 8U);
  EXPECT_EQ(lines.size(), 3U);
}

TEST_F(SyslogListenerTest, TakesUnixSocketsOfBothTypes) {
  const auto datagrams = listen_unix(Transport::unix_datagram, "run/syslog");
  const auto stream = listen_unix(Transport::unix_stream, "run/stream");
  std::filesystem::create_directory(folder / "run");
  begin();
  struct stat file{};
  ASSERT_EQ(::stat(datagrams.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0660U);
  send(connect(datagrams, SOCK_DGRAM), "<34>Oct 11 22:14:15 su: one");
  expect_lines(1);
  send(connect(stream, SOCK_STREAM), "<34>Oct 11 22:14:15 su: two\n");
  expect_lines(2);
  EXPECT_THAT(lines, ElementsAre("<34>Oct 11 22:14:15 su: one", "<34>Oct 11 22:14:15 su: two"));
  EXPECT_EQ(status(0).lines, 1U);
  EXPECT_EQ(status(1).lines, 1U);
  input.reset();
  EXPECT_NE(::stat(datagrams.c_str(), &file), 0);
}

TEST_F(SyslogListenerTest, RefusesStrangersAndCountsThem) {
  const auto udp = listen(Transport::udp);
  const auto tcp = listen(Transport::tcp);
  config.senders = {*net::Prefix::parse("127.0.0.2")};
  begin();
  send(connect(udp, SOCK_DGRAM, "127.0.0.3:0"), "<34>Oct 11 22:14:15 h su: stranger");
  send(connect(tcp, SOCK_STREAM, "127.0.0.3:0"), "<34>Oct 11 22:14:15 h su: stranger\n");
  run_until([this] { return status(0).refused_messages + status(1).refused_messages == 2; });
  EXPECT_THAT(lines, IsEmpty());
  send(connect(udp, SOCK_DGRAM, "127.0.0.2:0"), "<34>Oct 11 22:14:15 h su: friend");
  send(connect(tcp, SOCK_STREAM, "127.0.0.2:0"), "<34>Oct 11 22:14:15 h su: friend\n");
  expect_lines(2);
}

TEST_F(SyslogListenerTest, CutsLongMessages) {
  config.max_line = 1024;
  const auto udp = listen(Transport::udp);
  const auto tcp = listen(Transport::tcp);
  begin();
  const std::string head = "<34>Oct 11 22:14:15 h su: ";
  send(connect(udp, SOCK_DGRAM), head + std::string(2000, 'x'));
  expect_lines(1);
  EXPECT_EQ(lines[0], head + std::string(1024 - head.size(), 'x') + "…");
  const auto stream = connect(tcp, SOCK_STREAM);
  send(stream, head + std::string(2000, 'y') + '\n' + head + "next\n");
  expect_lines(3);
  EXPECT_EQ(lines[1], head + std::string(1024 - head.size(), 'y') + "…");
  EXPECT_EQ(lines[2], head + "next");
  EXPECT_EQ(status(0).overlong_lines + status(1).overlong_lines, 2U);
}

TEST_F(SyslogListenerTest, WaitsForAPortThatIsTaken) {
  const auto where = listen(Transport::tcp);
  auto other = net::listen_tcp(where);
  ASSERT_TRUE(other);
  begin({.retry = std::chrono::milliseconds{1}});
  EXPECT_EQ(status().state, "waiting: cannot listen on tcp " + where.to_string() + ": Address already in use");
  other->reset();
  run_until([this] { return status().state == "following"; });
  send(connect(where, SOCK_STREAM), "<34>Oct 11 22:14:15 h su: one\n");
  expect_lines(1);
}

TEST_F(SyslogListenerTest, ReplacesASocketFileOnlyIfNobodyListens) {
  const auto path = listen_unix(Transport::unix_datagram, "syslog");
  {
    const UniqueFd stale(::socket(AF_UNIX, SOCK_DGRAM, 0));
    const auto address = *unix_address(path, "socket");
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    begin({.retry = std::chrono::milliseconds{1}});
    EXPECT_EQ(status().state, "waiting: somebody else listens on " + path);
  }
  run_until([this] { return status().state == "following"; });
  input.reset();
  overwrite(path, "not a socket");
  begin();
  EXPECT_THAT(status().state, HasSubstr("is there and is no socket"));
}

TEST_F(SyslogListenerTest, MakesSocketsAgainThatWereRemoved) {
  const auto datagrams = listen_unix(Transport::unix_datagram, "syslog");
  const auto stream = listen_unix(Transport::unix_stream, "stream");
  begin();
  input->restore();  // nothing to do
  const auto connected = connect(datagrams, SOCK_DGRAM);
  const auto open = connect(stream, SOCK_STREAM);
  send(open, "<34>Oct 11 22:14:15 h su: one\n");
  expect_lines(1);
  std::filesystem::remove(datagrams);
  std::filesystem::remove(stream);
  send(connected, "<34>Oct 11 22:14:15 h su: two");
  input->restore();
  send(connect(datagrams, SOCK_DGRAM), "<34>Oct 11 22:14:15 h su: three");
  send(connect(stream, SOCK_STREAM), "<34>Oct 11 22:14:15 h su: four\n");
  send(open, "<34>Oct 11 22:14:15 h su: five\n");
  expect_lines(5);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("two"))) << "what was sent before is read";
  EXPECT_THAT(lines, testing::Contains(HasSubstr("five"))) << "who is connected stays so";
  EXPECT_EQ(status(0).lost_messages, 0U);
  EXPECT_EQ(status(0).state, "following");
}

TEST_F(SyslogListenerTest, LeavesASocketToWhoServesThereNow) {
  const auto path = listen_unix(Transport::unix_datagram, "syslog");
  begin({.retry = std::chrono::milliseconds{1}});
  std::filesystem::remove(path);
  {
    const UniqueFd other(::socket(AF_UNIX, SOCK_DGRAM, 0));
    const auto address = *unix_address(path, "socket");
    ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    input->restore();
    EXPECT_EQ(status().state, "waiting: somebody else listens on " + path);
    send(connect(path, SOCK_DGRAM), "for the other one");
    char byte = 0;
    EXPECT_EQ(::recv(other.get(), &byte, 1, MSG_DONTWAIT), 1);
  }
  run_until([this] { return status().state == "following"; });
  send(connect(path, SOCK_DGRAM), "<34>Oct 11 22:14:15 h su: one");
  expect_lines(1);
}

TEST_F(SyslogListenerTest, BoundsItsConnections) {
  const auto where = listen(Transport::tcp);
  begin({.connections = 2});
  const auto first = connect(where, SOCK_STREAM);
  send(first, "<34>Oct 11 22:14:15 h su: first\n<34>torn");
  expect_lines(1);
  const auto second = connect(where, SOCK_STREAM);
  send(second, "<34>Oct 11 22:14:15 h su: second\n");
  expect_lines(2);
  const auto third = connect(where, SOCK_STREAM);
  send(third, "<34>Oct 11 22:14:15 h su: third\n");
  expect_lines(3);
  char byte = 0;
  EXPECT_LE(::recv(first.get(), &byte, 1, 0), 0) << "the quietest one should have been closed";
  EXPECT_EQ(status().lost_bytes, 8U);
  send(second, "<34>Oct 11 22:14:15 h su: again\n");
  expect_lines(4);
}

TEST_F(SyslogListenerTest, CountsWhatTheKernelDropped) {
  const auto where = listen(Transport::udp);
  begin();
  const auto sender = connect(where, SOCK_DGRAM);
  // Nobody reads meanwhile: the receive buffer is as big as it is.
  const std::string message = "<34>Oct 11 22:14:15 h su: " + std::string(8000, 'x');
  constexpr uint64_t sent = 20'000;
  for (uint64_t i = 0; i < sent; ++i) {
    send(sender, message);
  }
  drain();
  EXPECT_GT(status().lost_messages, 0U);
  EXPECT_EQ(status().lost_messages + lines.size(), sent);
}

TEST_F(SyslogListenerTest, GoesOnThroughAReconfiguration) {
  const auto stays = listen(Transport::tcp);
  const auto goes = listen(Transport::udp);
  begin();
  const auto connection = connect(stays, SOCK_STREAM);
  send(connection, "<34>Oct 11 22:14:15 h su: one\n<34>Oct 11 22:14:15 h su: t");
  expect_lines(1);
  send(connect(goes, SOCK_DGRAM), "<34>Oct 11 22:14:15 h su: last word");

  auto changed = config;
  changed.listen.pop_back();
  const auto fresh = free_endpoint("127.0.0.1:0", SOCK_DGRAM);
  changed.listen.push_back({.transport = Transport::udp, .endpoint = fresh});
  ASSERT_TRUE(input->reconfigure(changed));
  EXPECT_EQ(lines.back(), "<34>Oct 11 22:14:15 h su: last word");
  send(connection, "wo\n");
  expect_lines(3);
  EXPECT_EQ(lines.back(), "<34>Oct 11 22:14:15 h su: two");
  send(connect(fresh, SOCK_DGRAM), "<34>Oct 11 22:14:15 h su: new");
  expect_lines(4);
  EXPECT_EQ(status(0).lines, 2U);
  EXPECT_EQ(status(1).path, "udp " + fresh.to_string());
}

TEST_F(SyslogListenerTest, CountsTheMessagesThatItCutsOff) {
  const auto stays = listen(Transport::tcp);
  const auto path = listen_unix(Transport::unix_stream, "stream");
  begin();
  const auto there = connect(stays, SOCK_STREAM);
  const auto cut = connect(path, SOCK_STREAM);
  send(there, "<34>Oct 11 22:14:15 h su: one\n<34>held");
  send(cut, "<34>Oct 11 22:14:15 su: two\n<34>torn");
  expect_lines(2);
  send(cut, "\n<34>Oct 11 22:14:15 su: three\n<34>Oct");  // not read yet
  auto changed = config;
  changed.listen.pop_back();
  ASSERT_TRUE(input->reconfigure(changed));
  EXPECT_EQ(lines.back(), "<34>Oct 11 22:14:15 su: three");
  EXPECT_EQ(lines.size(), 4U);
  EXPECT_EQ(input->losses(), (model::Losses{.bytes = 7})) << "of a port that is no more";
  input->stop();
  EXPECT_EQ(input->losses(), (model::Losses{.bytes = 15}));
  EXPECT_EQ(status().lost_bytes, 8U);
  EXPECT_EQ(lines.size(), 4U) << "what has not ended is judged by nobody";
}

TEST_F(SyslogListenerTest, ReadsAllThatWasSentBeforeItGoes) {
  const auto udp = listen(Transport::udp);
  const auto tcp = listen(Transport::tcp);
  const auto path = listen_unix(Transport::unix_datagram, "syslog");
  begin();
  const auto sender = connect(udp, SOCK_DGRAM);
  constexpr size_t more_than_a_turn = 5000;
  for (size_t i = 0; i < more_than_a_turn; ++i) {
    send(sender, "<34>Oct 11 22:14:15 h su: one");
  }
  const auto stream = connect(tcp, SOCK_STREAM);  // not accepted yet
  send(stream, "<34>Oct 11 22:14:15 h su: two\n<34>Oct");
  const auto local = connect(path, SOCK_DGRAM);
  send(local, "<34>Oct 11 22:14:15 su: three");
  input->drain();
  // Not root, the kernel may not have had room for all of them.
  EXPECT_EQ(lines.size() + status(0).lost_messages, more_than_a_turn + 2);
  EXPECT_TRUE(input->caught_up());
  input->stop();
  EXPECT_EQ(input->losses(), (model::Losses{.bytes = 7, .messages = status(0).lost_messages}));
}

TEST_F(SyslogListenerTest, CountsWhatCameTooLate) {
  const auto udp = listen(Transport::udp);
  const auto tcp = listen(Transport::tcp);
  const auto path = listen_unix(Transport::unix_datagram, "syslog");
  config.senders = {*net::Prefix::parse("127.0.0.2")};
  begin();
  const auto stream = connect(tcp, SOCK_STREAM, "127.0.0.2:0");
  send(stream, "<34>Oct");
  input->drain();
  const auto friendly = connect(udp, SOCK_DGRAM, "127.0.0.2:0");
  send(friendly, "<34>Oct 11 22:14:15 h su: one");
  send(friendly, "");
  send(friendly, "<34>Oct 11 22:14:15 h su: two");
  send(connect(udp, SOCK_DGRAM, "127.0.0.3:0"), "<34>Oct 11 22:14:15 h su: stranger");
  send(connect(path, SOCK_DGRAM), "<34>Oct 11 22:14:15 su: three");
  send(stream, " 11 22");
  input->stop();
  EXPECT_THAT(lines, IsEmpty());
  EXPECT_EQ(input->losses(), (model::Losses{.bytes = 13, .messages = 3}));
  EXPECT_EQ(status(0).lost_messages, 2U);
  EXPECT_EQ(status(2).lost_messages, 1U);
}

}  // namespace
}  // namespace ipguard::input
