#include "input/syslog_framing.h"

#include <gtest/gtest.h>

#include <vector>

namespace ipguard::input {
namespace {

struct Message {
  std::string text;
  bool cut = false;
  friend bool operator==(const Message&, const Message&) = default;
  friend void PrintTo(const Message& message, std::ostream* out) { *out << message.text << (message.cut ? "…" : ""); }
};

struct Framed {
  std::vector<Message> messages;
  uint64_t torn = 0;
  friend bool operator==(const Framed&, const Framed&) = default;
  friend void PrintTo(const Framed& framed, std::ostream* out) {
    *out << testing::PrintToString(framed.messages) << " torn " << framed.torn;
  }
};

Framed frame(std::string_view stream, size_t piece, size_t max_message) {
  Framed result;
  SyslogFramer framer(max_message);
  const auto emit = [&](std::string_view message, bool cut) { result.messages.push_back({std::string(message), cut}); };
  for (size_t at = 0; at < stream.size(); at += piece) {
    framer.feed(stream.substr(at, piece), emit);
  }
  result.torn = framer.finish(emit);
  EXPECT_EQ(framer.held(), 0U);
  return result;
}

struct FramingCase {
  const char* what;
  std::string stream;
  Framed expected;
  size_t max_message = 1000;
};

class SyslogFraming : public ::testing::TestWithParam<FramingCase> {};

TEST_P(SyslogFraming, WhateverTheCuts) {
  const auto& param = GetParam();
  for (size_t piece = 1; piece <= param.stream.size() + 1; ++piece) {
    EXPECT_EQ(frame(param.stream, piece, param.max_message), param.expected) << param.what << ", pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SyslogFraming,
    ::testing::Values(
        FramingCase{"lines", "<13>a\n<14>b\n", {.messages = {{"<13>a"}, {"<14>b"}}}},
        FramingCase{"the last line without LF", "<13>a\n<14>b", {.messages = {{"<13>a"}, {"<14>b"}}}},
        FramingCase{"octet counting", "5 <13>a6 <14>bc", {.messages = {{"<13>a"}, {"<14>bc"}}}},
        FramingCase{"LF within a counted message", "7 <13>a\nb5 <14>c", {.messages = {{"<13>a\nb"}, {"<14>c"}}}},
        FramingCase{"LF behind counted messages", "5 <13>a\n5 <14>b\n", {.messages = {{"<13>a"}, {"<14>b"}}}},
        FramingCase{"both, in turn", "5 <13>a<14>b\n5 <15>c", {.messages = {{"<13>a"}, {"<14>b"}, {"<15>c"}}}},
        FramingCase{"lines of files", "2026-01-01 x\n12 x\n", {.messages = {{"2026-01-01 x"}, {"12 x"}}}},
        FramingCase{"a leading zero is no length", "05 <13>a\n", {.messages = {{"05 <13>a"}}}},
        FramingCase{"too many digits are no length", "123456789 <1>a\n", {.messages = {{"123456789 <1>a"}}}},
        FramingCase{"digits alone", "12\n34", {.messages = {{"12"}, {"34"}}}}, FramingCase{"nothing", "\n\n\n", {}},
        FramingCase{"NUL and CR are no ends",
                    std::string("<13>a\0<14>b\r<15>c\n", 18),
                    {.messages = {{std::string("<13>a\0<14>b\r<15>c", 17)}}}},
        FramingCase{"torn", "9 <13>a", {.messages = {}, .torn = 5}},
        FramingCase{"a long line", "<13>abcdef\n<14>b\n", {.messages = {{"<13>ab", true}, {"<14>b"}}}, 6},
        FramingCase{"a long counted message", "10 <13>abcdef5 <14>b", {.messages = {{"<13>ab", true}, {"<14>b"}}}, 6},
        FramingCase{"just as long as it may be", "<13>ab\n6 <14>cd", {.messages = {{"<13>ab"}, {"<14>cd"}}}, 6},
        FramingCase{"room for one byte", "<1>\n3 <1>", {.messages = {{"<", true}, {"<", true}}}, 1},
        FramingCase{"a length longer than may be kept", "12345678\n", {.messages = {{"123", true}}}, 3}));

TEST(SyslogFramer, HoldsNoMoreThanItMay) {
  SyslogFramer framer(100);
  const auto none = [](std::string_view, bool) { FAIL(); };
  framer.feed("99999999 <13>", none);
  framer.feed(std::string(1 << 20, 'x'), none);
  EXPECT_EQ(framer.held(), (1U << 20) + 4);
}

std::string line(std::string_view message) {
  std::string lines;
  append_line(message, "192.0.2.9", lines);
  return lines;
}

TEST(SyslogLine, KeepsWhatHasAStamp) {
  for (const std::string message :
       {"<34>Oct 11 22:14:15 mymachine su: x", "<34>Oct  1 22:14:15 su: x",
        "<34>1 2003-10-11T22:14:15.003Z h a - - - x", "<34>2003-10-11T22:14:15Z h sshd[1]: x",
        "<34>Thu Oct 11 22:14:15 2003 x", "<34>2003 x", "no priority", "<>x", "<1234>x", "<3a>x", "<", ""}) {
    EXPECT_EQ(line(message), message + "\n");
  }
}

TEST(SyslogLine, GivesOthersTheirSender) {
  EXPECT_EQ(line("<13>sshd[7]: x y"), "<13>1 - 192.0.2.9 sshd 7 - - x y\n");
  EXPECT_EQ(line("<13>su: x"), "<13>1 - 192.0.2.9 su - - - x\n");
  EXPECT_EQ(line("<13>su:x"), "<13>1 - 192.0.2.9 su - - - x\n");
  EXPECT_EQ(line("<13>no tag: x"), "<13>1 - 192.0.2.9 - - - - no tag: x\n");
  EXPECT_EQ(line("<13>sshd[x]: y"), "<13>1 - 192.0.2.9 - - - - sshd[x]: y\n");
  EXPECT_EQ(line("<13>"), "<13>1 - 192.0.2.9 - - - - \n");
}

TEST(SyslogLine, IsOneLineWhateverItHolds) {
  EXPECT_EQ(line(std::string("<13>Oct 11 22:14:15 h su: a\n<38>Oct 11 b\0c\n\n", 44)),
            "<13>Oct 11 22:14:15 h su: a#012<38>Oct 11 b#000c#012#012\n");
  EXPECT_EQ(line("<13>s\nu[1]: x"), "<13>1 - 192.0.2.9 s#012u 1 - - x\n");
}

TEST(SyslogLine, LosesItsTrailer) {
  EXPECT_EQ(without_trailer(std::string_view("x\ny\r\n\0", 6)), "x\ny");
  EXPECT_EQ(without_trailer(std::string_view("\0\n", 2)), "");
  EXPECT_EQ(without_trailer(" x "), " x ");
}

}  // namespace
}  // namespace ipguard::input
