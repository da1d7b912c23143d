// However an input is cut into chunks, its lines are those that the daemon would see.
#include "cli/report_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "base/unique_fd.h"
#include "input/line_splitter.h"
#include "input/part_joiner.h"
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

// What the daemon would judge of a container's log.
std::string joined(const std::string& content) {
  std::string result;
  input::PartJoiner joiner;
  input::LineSplitter splitter(max_line);
  const auto put = [&result](const input::Block& block) {
    result += block.bytes;
    result += block.truncated ? "…\n" : "";
  };
  uint64_t offset = 0;
  splitter.feed(content, [&](std::string_view bytes, uint64_t, bool truncated) {
    joiner.feed({.bytes = bytes, .offset = offset, .truncated = truncated}, max_line, put);
    offset += bytes.size();
  });
  joiner.finish(put);
  return result;
}

// Lines that have become longer than the limit are cut by who judges them.
std::string cut_again(const std::string& lines) {
  std::string result;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const bool was_cut = line.ends_with("…");
    const std::string text = was_cut ? line.substr(0, line.size() - std::string_view("…").size()) : line;
    result += text.substr(0, max_line) + (was_cut || text.size() > max_line ? "…\n" : "\n");
  }
  return result;
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
  std::vector<uint64_t> bytes_read(paths.size());
  while (reader.next(chunk)) {
    EXPECT_EQ(chunk.number, next++);
    EXPECT_EQ(chunk.error, "");
    bytes_read[chunk.input] += chunk.read;
    input::LineSplitter splitter(max_line);
    collect(splitter, chunk.bytes, lines);
  }
  EXPECT_FALSE(reader.next(chunk)) << "the end stays the end";
  for (size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(bytes_read[i], std::filesystem::file_size(paths[i])) << "of " << paths[i];
  }
  return lines;
}

TEST(SeriesReader, CutsBetweenLines) {
  const TempFolder folder;
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

// Of lines that a container runtime has split, wherever the cuts are. (Its lines are hardly shorter than the limit
// here.)
TEST(SeriesReader, JoinsWhatARuntimeHasSplit) {
  const TempFolder folder;
  std::mt19937_64 random(12);
  for (int round = 0; round < 300; ++round) {
    std::string content;
    for (uint64_t i = 0, count = 1 + random() % 30; i < count; ++i) {
      content += "2026-05-01T01:46:40Z " + std::string(random() % 2 == 0 ? "stdout" : "stderr") + ' ' +
                 (random() % 3 == 0 ? 'P' : 'F') + ' ' +
                 std::string(random() % (random() % 8 == 0 ? 200 : 6), static_cast<char>('a' + random() % 26)) + '\n';
    }
    const auto path = folder.write("container.log", content);
    for (const size_t chunk : {100U, 137U, 1000U, 100'000U}) {
      std::string read;
      for (const auto& [line, truncated] : lines_of({path}, chunk)) {
        read += line + (truncated ? "…\n" : "\n");
      }
      EXPECT_EQ(read, cut_again(joined(content))) << "round " << round << ", chunks of " << chunk;
    }
  }
}

// Stamps without a year are completed by the file's own time; its owner may set any that the file system keeps.
TEST(ReportReader, TakesNoTimeBeyondTheYearsFromAFile) {
  std::string path = "/dev/shm/ipguard-test-XXXXXX";  // where it is a tmpfs, any number of seconds is kept
  const UniqueFd fd(::mkstemp(path.data()));
  if (!fd.valid()) {
    GTEST_SKIP() << "nothing can be written to /dev/shm";
  }
  const auto now = from_civil(2026, 3, 1, 12, 0, 0);
  for (const int64_t second : {int64_t{1} << 62, INT64_MAX, int64_t{4'000'000'000}}) {
    const std::array<timespec, 2> times = {{{.tv_sec = second, .tv_nsec = 0}, {.tv_sec = second, .tv_nsec = 0}}};
    ASSERT_EQ(::futimens(fd.get(), times.data()), 0);
    const auto inputs = look_at_inputs({path}, {}, {}, nullptr, now);
    ASSERT_EQ(inputs.size(), 1U);
    EXPECT_EQ(inputs[0].now, now) << second;
  }
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace ipguard::cli
