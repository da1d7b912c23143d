#include "input/part_joiner.h"

#include <gmock/gmock.h>

#include <vector>

namespace ipguard::input {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string docker(std::string_view text, std::string_view stream = "stdout") {
  return R"({"log":")" + std::string(text) + R"(","stream":")" + std::string(stream) +
         R"(","time":"2026-01-01T00:00:00.000000001Z"})" + "\n";
}
std::string cri(std::string_view text, char tag, std::string_view stream = "stdout") {
  return "2026-01-01T00:00:00.000000001Z " + std::string(stream) + ' ' + tag + ' ' + std::string(text) + '\n';
}
const std::string full(16 << 10, 'x');

class PartJoinerTest : public ::testing::Test {
 protected:
  void feed(const std::string& bytes, bool truncated = false) {
    joiner.feed({.bytes = bytes, .offset = offset, .source = 4, .replay = false, .truncated = truncated}, max_line,
                [this](const Block& block) {
                  EXPECT_EQ(block.source, 4U);
                  blocks.emplace_back(block.bytes);
                  text.append(block.bytes);
                });
    offset += bytes.size();
  }

  PartJoiner joiner;
  size_t max_line = 64UL << 10;
  uint64_t offset = 0;
  std::vector<std::string> blocks;
  std::string text;
};

TEST_F(PartJoinerTest, LetsOthersPass) {
  const std::string lines = "2026-01-01T00:00:00Z stdout\n{\"log\":1}\nplain\n";
  feed(lines);
  feed("{\"log\":\"not docker's\"}\n");
  EXPECT_THAT(blocks, ElementsAre(lines, "{\"log\":\"not docker's\"}\n"));
}

TEST_F(PartJoinerTest, LetsWholeLinesPassInOnePiece) {
  const auto lines = docker("one\\n") + docker(full + "\\n") + docker("two\\n", "stderr") + docker("no end");
  feed(lines);
  const auto others = cri("one", 'F') + cri("two", 'F', "stderr");
  feed(others);
  EXPECT_THAT(blocks, ElementsAre(lines, others));
}

TEST_F(PartJoinerTest, JoinsDockersParts) {
  feed(docker("a\\n") + docker(full) + docker("other\\n", "stderr") + docker(full) + docker("end\\n") + docker("b\\n"));
  EXPECT_EQ(text, docker("a\\n") + docker("other\\n", "stderr") + docker(full + full + "end\\n") + docker("b\\n"));
  EXPECT_EQ(joiner.held(), 0U);
}

TEST_F(PartJoinerTest, KnowsAnEscapedLineFeed) {
  feed(docker(full + "\\\\n") + docker("rest\\n"));  // a backslash and an n
  EXPECT_EQ(text, docker(full + "\\\\nrest\\n"));
  feed(docker(full + "\\\\\\n"));  // a backslash and a line feed
  EXPECT_EQ(blocks.back(), docker(full + "\\\\\\n"));
}

TEST_F(PartJoinerTest, IsNotMovedByWhatClientsWrite) {
  const std::string hostile = R"(\",\"stream\":\"stderr\",\"x\":\"\\n)";
  feed(docker(full + hostile) + docker(hostile + "\\n"));
  EXPECT_EQ(text, docker(full + hostile + hostile + "\\n"));
}

TEST_F(PartJoinerTest, JoinsCrisParts) {
  feed(cri("a", 'F') + cri("GET ", 'P') + cri("else", 'F', "stderr") + cri("/x", 'P') + cri(" end", 'F') +
       cri("b", 'F'));
  EXPECT_EQ(text, cri("a", 'F') + cri("else", 'F', "stderr") + cri("GET /x end", 'F') + cri("b", 'F'));
}

TEST_F(PartJoinerTest, JoinsFromBlockToBlock) {
  feed(cri("one ", 'P'));
  EXPECT_THAT(blocks, IsEmpty());
  feed(cri("two", 'F'));
  EXPECT_EQ(text, cri("one two", 'F'));
  feed(cri("three ", 'P'));
  offset = 0;  // the runtime has rotated the file
  feed(cri("four", 'F'));
  EXPECT_EQ(blocks.back(), cri("three four", 'F'));
}

TEST_F(PartJoinerTest, GivesOutAtTheEndWhatHasNone) {
  feed(docker(full) + docker(full) + docker("whole\\n", "stderr"));
  EXPECT_EQ(text, docker("whole\\n", "stderr"));
  text.clear();
  const auto take = [this](const Block& block) { text.append(block.bytes); };
  joiner.finish(take);
  EXPECT_EQ(text, docker(full + full));
  feed(cri("be", 'P') + cri("gin", 'P'));
  text.clear();
  joiner.finish(take);
  EXPECT_EQ(text, cri("begin", 'P'));
  text.clear();
  joiner.finish(take);
  EXPECT_EQ(text, "");
  EXPECT_EQ(joiner.held(), 0U);
}

TEST_F(PartJoinerTest, ForgetsWhatCannotGoOn) {
  feed(cri("one ", 'P'));
  offset += 100;  // bytes were lost
  feed(cri("two", 'F'));
  EXPECT_EQ(text, cri("two", 'F'));
}

TEST_F(PartJoinerTest, BeginsBehindAPart) {
  struct Case {
    const char* name;
    std::string before;
    bool from_beginning;
    std::string lines;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"whole lines", cri("a", 'F') + cri("b", 'F', "stderr"), false, cri("c", 'F'), cri("c", 'F')},
      {"a part", cri("a", 'F') + cri("one ", 'P'), false, cri("two", 'F') + cri("c", 'F'),
       cri("one two", 'F') + cri("c", 'F')},
      {"a part that begins the file", cri("one ", 'P'), true, cri("two", 'F'), cri("one two", 'F')},
      {"a part of which nobody knows whether it is the first", cri("one ", 'P'), false,
       cri("two", 'F') + cri("c", 'F') + cri("d", 'F', "stderr"), cri("c", 'F') + cri("d", 'F', "stderr")},
      {"a part of the other stream", cri("a", 'F', "stderr") + cri("one ", 'P', "stderr"), false,
       cri("c", 'F') + cri("two", 'F', "stderr"), cri("c", 'F') + cri("one two", 'F', "stderr")},
      {"docker's", docker("a\\n") + docker(full), false, docker("end\\n") + docker("c\\n"),
       docker(full + "end\\n") + docker("c\\n")},
      {"nothing of it", "", false, cri("c", 'F'), cri("c", 'F')},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    offset += 1000;
    text.clear();
    EXPECT_TRUE(joiner.wants_before({.bytes = test.lines, .offset = offset}));
    EXPECT_FALSE(joiner.wants_before({.bytes = "plain\n", .offset = offset}));
    EXPECT_FALSE(joiner.wants_before({.bytes = test.lines, .offset = 0}));
    joiner.begin_behind(test.before, offset, test.from_beginning, max_line);
    EXPECT_FALSE(joiner.wants_before({.bytes = test.lines, .offset = offset}));
    feed(test.lines);
    EXPECT_EQ(text, test.expected);
    EXPECT_EQ(joiner.held(), 0U);
  }
}

TEST_F(PartJoinerTest, BoundsWhatItKeeps) {
  max_line = 40'000;
  feed(docker(full) + docker(full) + docker(full) + docker(full) + docker("end\\n") + docker("next\\n"));
  EXPECT_EQ(text, docker(full + full + full) + docker("next\\n"));
  EXPECT_EQ(joiner.overlong(), 1U);
  feed(cri(full + full + full, 'P') + cri("rest", 'F') + cri("next", 'F'));
  EXPECT_EQ(joiner.overlong(), 2U);
  EXPECT_EQ(blocks.back(), cri("next", 'F'));
  EXPECT_EQ(joiner.held(), 0U);
}

// The rest of a line that was cut begins with whatever stood there.
TEST_F(PartJoinerTest, DoesNotTakeTheRestOfACutLineForALine) {
  feed(docker(full).substr(0, 1000), true);
  feed(docker("203.0.113.9 - - forged\\n") + docker("next\\n") + docker("forged\\n", "stderr") +
       docker("n\\n", "stderr"));
  EXPECT_EQ(text, docker(full).substr(0, 1000) + docker("next\\n") + docker("n\\n", "stderr"));
  blocks.clear();
  feed(cri(full, 'F').substr(0, 1000), true);
  feed(cri("good", 'F'));
  EXPECT_EQ(blocks.back(), cri("good", 'F'));
  feed(cri(full, 'P').substr(0, 1000), true);
  feed(cri("forged", 'F') + cri("good", 'F'));
  EXPECT_EQ(blocks.back(), cri("good", 'F'));
}

}  // namespace
}  // namespace ipguard::input
