// The daemon's end of a writer that hangs or goes. What a writer answers is looked at in wire_test.cc and end to end.
#include "enforce/writer_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>

#include "enforce/channel.h"

namespace ipguard::enforce {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool readable(int fd) {
  pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) == 1;
}

TEST(WriterClient, GivesUpAWriterThatHangs) {
  auto ends = Channel::pair();
  ASSERT_TRUE(ends);
  auto client = WriterClient::open(std::move(ends->first), milliseconds(50));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_FALSE(readable((*client)->fd()));
  const auto begin = steady_clock::now();
  const auto answer = (*client)->ask({.verb = wire::Verb::counters});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("has gone"), std::string::npos) << answer.error().message;
  EXPECT_GE(steady_clock::now() - begin, milliseconds(50));
  EXPECT_TRUE(readable((*client)->fd())) << "the loop does not hear of it";
  EXPECT_FALSE((*client)->ask({.verb = wire::Verb::counters}));
}

TEST(WriterClient, HearsThatTheWriterHasGone) {
  auto ends = Channel::pair();
  ASSERT_TRUE(ends);
  auto client = WriterClient::open(std::move(ends->first));
  ASSERT_TRUE(client) << client.error().message;
  ends->second.reset();
  EXPECT_TRUE(readable((*client)->fd()));
  EXPECT_FALSE((*client)->ask({.verb = wire::Verb::counters}));
}

TEST(Channel, GivesUpOnAMessageThatStops) {
  auto ends = Channel::pair();
  ASSERT_TRUE(ends);
  Channel asking(std::move(ends->first), 1000);
  asking.give_up_after(milliseconds(50));
  ASSERT_EQ(::send(ends->second.get(), "\x05\0\0\0ab", 6, 0), 6);
  const auto answer = asking.receive();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "no answer for 50 ms");
}

}  // namespace
}  // namespace ipguard::enforce
