// However an input is cut into chunks, its lines are those that the daemon would see.
#include "cli/report_reader.h"

#include <gtest/gtest.h>

#include "input/line_splitter.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

constexpr size_t max_line = 50;

using Lines = std::vector<std::pair<std::string, bool>>;  // text, and whether it was cut

void collect(input::LineSplitter& splitter, std::string_view bytes, Lines& lines) {
  splitter.feed(bytes, [&lines](std::string_view block, uint64_t, bool truncated) {
    if (truncated) {
      lines.emplace_back(block, true);
      return;
    }
    while (!block.empty()) {
      const auto end = block.find('\n');
      lines.emplace_back(block.substr(0, end), false);
      block.remove_prefix(end + 1);
    }
  });
}

Lines expected_lines(std::string content) {
  if (!content.empty() && content.back() != '\n' &&
      content.size() - (content.rfind('\n') + 1) <= max_line) {  // npos + 1 is 0
    content += '\n';
  }
  Lines lines;
  input::LineSplitter splitter(max_line);
  collect(splitter, content, lines);
  return lines;
}

Lines lines_of(const std::vector<std::string>& paths, size_t chunk_bytes) {
  auto inputs = look_at_inputs(paths, {}, {}, nullptr, TimePoint(Seconds(log_begin)));
  ReportSeries series;
  for (size_t i = 0; i < inputs.size(); ++i) {
    series.inputs.push_back(i);
  }
  std::atomic<uint64_t> raw = 0;
  SeriesReader reader(inputs, series, chunk_bytes, max_line, raw);
  Lines lines;
  Chunk chunk;
  uint64_t next = 0;
  while (reader.next(chunk)) {
    EXPECT_EQ(chunk.number, next++);
    EXPECT_EQ(chunk.error, "");
    input::LineSplitter splitter(max_line);
    collect(splitter, chunk.bytes, lines);
  }
  EXPECT_FALSE(reader.next(chunk)) << "the end stays the end";
  return lines;
}

TEST(SeriesReader, CutsBetweenLines) {
  const TestFolder folder;
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> contents(2);
    Lines expected;
    for (auto& content : contents) {
      const auto count = random() % 20;
      for (uint64_t i = 0; i < count; ++i) {
        // Short ones, ones around the limit, and ones longer than a chunk.
        const auto kind = random() % 10;
        const size_t length = kind < 6 ? random() % 40 : kind < 8 ? 45 + random() % 10 : 90 + random() % 300;
        content += std::string(length, static_cast<char>('a' + random() % 26)) + '\n';
      }
      if (!content.empty() && random() % 2 == 0) {
        content.pop_back();
      }
      const auto lines = expected_lines(content);
      expected.insert(expected.end(), lines.begin(), lines.end());
    }
    const std::vector<std::string> paths = {folder.write("one.log", contents[0]), folder.write("two.log", contents[1])};
    for (const size_t chunk : {100U, 137U, 1000U, 100'000U}) {
      EXPECT_EQ(lines_of(paths, chunk), expected) << "round " << round << ", chunks of " << chunk;
    }
  }
}

}  // namespace
}  // namespace ipguard::cli
