#include "input/line_splitter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace ipguard::input {
namespace {

using Blocks = std::vector<std::tuple<std::string, uint64_t, bool>>;

struct Collector {
  Blocks blocks;
  LineSplitter::Emit emit = [this](std::string_view bytes, uint64_t offset, bool truncated) {
    blocks.emplace_back(bytes, offset, truncated);
  };
};

Blocks feed(size_t max_line, const std::vector<std::string>& reads) {
  Collector collector;
  LineSplitter splitter(max_line);
  for (const std::string& read : reads) {
    splitter.feed(read, collector.emit);
  }
  return collector.blocks;
}

struct SplitCase {
  const char* name;
  size_t max_line;
  std::vector<std::string> reads;
  Blocks blocks;
};

TEST(LineSplitter, CutsReadsIntoBlocksOfWholeLines) {
  const std::vector<SplitCase> cases = {
      {"several lines are one block", 10, {"a\nb\nc\n"}, {{"a\nb\nc\n", 0, false}}},
      {"the partial line waits", 10, {"a\nb"}, {{"a\n", 0, false}}},
      {"a torn line is put together",
       10,
       {"a\nb", "c", "d\ne\nf"},
       {{"a\n", 0, false}, {"bcd\n", 2, false}, {"e\n", 6, false}}},
      {"CRLF stays", 10, {"a\r", "\nb\r\n"}, {{"a\r\n", 0, false}, {"b\r\n", 3, false}}},
      {"empty lines", 10, {"\n\n", "\n"}, {{"\n\n", 0, false}, {"\n", 2, false}}},
      {"a line of the bound's length is whole", 3, {"abc\n"}, {{"abc\n", 0, false}}},
      {"also in pieces", 3, {"ab", "c", "\n"}, {{"abc\n", 0, false}}},
      {"one byte more is cut", 3, {"abcd\ne\n"}, {{"abc", 0, true}, {"e\n", 5, false}}},
      {"also in pieces", 3, {"abc", "d\ne\n"}, {{"abc", 0, true}, {"e\n", 5, false}}},
      {"the LF comes much later", 3, {"abcd", "efg", "h\ne\n"}, {{"abc", 0, true}, {"e\n", 9, false}}},
      {"between good lines",
       3,
       {"a\nb\nlong line\nc\nd\n"},
       {{"a\nb\n", 0, false}, {"lon", 4, true}, {"c\nd\n", 14, false}}},
      {"at the end", 3, {"a\nlong"}, {{"a\n", 0, false}, {"lon", 2, true}}},
      {"two in a row", 3, {"long1\nlong2\n"}, {{"lon", 0, true}, {"lon", 6, true}}},
      {"a bound of 0 is taken as 1", 0, {"a\nbb\n"}, {{"a\n", 0, false}, {"b", 2, true}}},
  };
  for (const SplitCase& test : cases) {
    EXPECT_EQ(feed(test.max_line, test.reads), test.blocks) << test.name;
  }
}

TEST(LineSplitter, BlocksPointIntoTheReadUnlessALineWasTorn) {
  LineSplitter splitter(100);
  const std::string read = "one\ntwo\nthr";
  const char* seen = nullptr;
  splitter.feed(read, [&](std::string_view bytes, uint64_t, bool) { seen = bytes.data(); });
  EXPECT_EQ(seen, read.data());
}

TEST(LineSplitter, AcknowledgedIsTheFirstByteNotGivenOut) {
  Collector collector;
  LineSplitter splitter(4);
  splitter.restart(100, false);
  splitter.feed("ab\ncd", collector.emit);
  EXPECT_EQ(splitter.acknowledged(), 103U);
  EXPECT_EQ(splitter.position(), 105U);
  splitter.feed("efg", collector.emit);  // over the bound: given out, the rest skipped
  EXPECT_EQ(splitter.acknowledged(), 108U);
  splitter.feed("hi", collector.emit);
  EXPECT_EQ(splitter.acknowledged(), 110U);
  splitter.feed("j\nk", collector.emit);
  EXPECT_EQ(splitter.acknowledged(), 112U);
  EXPECT_EQ(collector.blocks, (Blocks{{"ab\n", 100, false}, {"cdef", 103, true}}));
}

TEST(LineSplitter, FromInsideALineItsRestIsSkipped) {
  Collector collector;
  LineSplitter splitter(10);
  splitter.restart(7, true);
  splitter.feed("rest", collector.emit);
  splitter.feed(" of it\nnext\n", collector.emit);
  EXPECT_EQ(collector.blocks, (Blocks{{"next\n", 18, false}}));
}

TEST(LineSplitter, FinishGivesThePartialLineOutOnce) {
  Collector collector;
  LineSplitter splitter(10);
  splitter.feed("a\nlast", collector.emit);
  splitter.finish(collector.emit);
  splitter.finish(collector.emit);
  EXPECT_EQ(collector.blocks, (Blocks{{"a\n", 0, false}, {"last\n", 2, false}}));
  EXPECT_EQ(splitter.acknowledged(), 6U);
}

// The same lines wherever reads are cut, checked against a loop over the bytes.
TEST(LineSplitter, TheCutsOfReadsDoNotMatter) {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  const auto below = [&](size_t bound) { return random() % bound; };
  const auto lines_of = [](const Blocks& blocks) {
    Blocks lines;
    for (const auto& [bytes, offset, truncated] : blocks) {
      for (size_t begin = 0; begin < bytes.size();) {
        const size_t end = truncated ? bytes.size() : bytes.find('\n', begin) + 1;
        lines.emplace_back(bytes.substr(begin, end - begin), offset + begin, truncated);
        begin = end;
      }
    }
    return lines;
  };
  for (int round = 0; round < 3000; ++round) {
    const size_t max_line = 1 + below(20);
    std::string bytes;
    for (size_t length = below(200); length > 0; --length) {
      bytes += below(8) == 0 ? '\n' : static_cast<char>(random());
    }
    std::vector<std::string> reads;
    for (size_t begin = 0; begin < bytes.size();) {
      reads.push_back(bytes.substr(begin, 1 + below(40)));
      begin += reads.back().size();
    }
    Blocks expected;
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t end = std::min(bytes.find('\n', begin), bytes.size());
      if (end - begin > max_line) {
        expected.emplace_back(bytes.substr(begin, max_line), begin, true);
      } else if (end < bytes.size()) {
        expected.emplace_back(bytes.substr(begin, end - begin + 1), begin, false);
      }
      begin = end + 1;
    }
    ASSERT_EQ(lines_of(feed(max_line, reads)), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace ipguard::input
