// Other sources while the follower runs: a reload of the configuration.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "follower_fixture.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;

class SourcesTest : public FollowerFixture {
 protected:
  // As the daemon does: the new configuration takes the old one's place, then the follower is told.
  void change(std::vector<config::SourceConfig> next) {
    std::swap(sources, next);
    follower->change_sources(sources);
  }
  static config::SourceConfig source(const std::string& name, std::vector<std::string> paths,
                                     StartPosition from = StartPosition::end, uint64_t max_line = 64UL << 10) {
    config::SourceConfig source;
    source.name = name;
    source.paths = std::move(paths);
    source.from = from;
    source.max_line = max_line;
    return source;
  }

  const std::string log = temp / "access.log";
  const std::string other = temp / "other.log";
};

TEST_F(SourcesTest, FilesThatStayKeepTheirPlaceAndTheirCounters) {
  append(log, "1\nhit\n");
  add_source("web", {log}, StartPosition::start);
  start();
  append(log, "2");  // no LF yet
  drain();
  EXPECT_EQ(take_texts(), (Texts{"1", "hit"}));
  const uint64_t version = follower->cursor_version();
  change({source("renamed", {temp / "*.log"})});
  EXPECT_GT(follower->cursor_version(), version);
  append(log, " and the rest\n3\n");
  EXPECT_EQ(next_texts(), (Texts{"2 and the rest", "3"}));
  const auto status = status_of(log);
  EXPECT_EQ(status.name, "renamed");
  EXPECT_EQ(status.lines, 4U);
  EXPECT_EQ(status.hits, 1U);
  EXPECT_EQ(status.bytes, 23U);
  EXPECT_EQ(status.rotations, 0U);
}

TEST_F(SourcesTest, AFileThatTwoSourcesNameIsTheFirstOnes) {
  append(log, "1\n");
  add_source("web", {temp / "access*"}, StartPosition::start);
  add_source("all", {temp / "*.log"}, StartPosition::start);
  add_source("same", {log}, StartPosition::start);
  start();
  EXPECT_EQ(next_texts(), (Texts{"1"}));
  EXPECT_EQ(status_of(log).name, "web");
  const std::string shared = "waiting: " + log + " is followed by source web";
  EXPECT_EQ(status_of(temp / "*.log").state, shared);
  EXPECT_EQ(status_of(temp / "*.log").name, "all");
  const auto all = follower->status();
  EXPECT_EQ(std::ranges::count(all, shared, &model::SourceStatus::state), 2);
  append(other, "2\n");
  EXPECT_EQ(next_texts(), (Texts{"2"}));
  EXPECT_EQ(status_of(other).name, "all");
  EXPECT_EQ(status_of(temp / "*.log").state, shared) << "not all that it matches is its own";
  change({source("web", {temp / "access*"}), source("all", {other})});
  EXPECT_EQ(follower->status().size(), 2U) << "nothing is shared any more";
}

TEST_F(SourcesTest, AFileThatComesLaterIsToldOfAsWell) {
  add_source("web", {temp / "access*"}, StartPosition::start);
  add_source("all", {temp / "*.log"}, StartPosition::start);
  start();
  EXPECT_EQ(status_of(temp / "*.log").state, "waiting: no file matches");
  append(log, "1\n");
  EXPECT_EQ(next_texts(), (Texts{"1"}));
  EXPECT_EQ(status_of(temp / "*.log").state, "waiting: " + log + " is followed by source web");
}

TEST_F(SourcesTest, ADeletedFileUnderBacklogIsReadToItsEnd) {
  append(log, "1\n");
  add_source("web", {log}, StartPosition::start);
  start();
  ASSERT_EQ(take_texts(), Texts{"1"});
  append(log, "2\n3\n");
  fs::remove(log);
  append(log, "4\n");
  loop.poll();  // it knows of the rotation; what it has not read yet must not go
  seen.clear();
  const auto before = status_of(log);
  change({source("web", {log}, StartPosition::start)});
  drain();
  const auto status = status_of(log);
  EXPECT_EQ(status.bytes, 8U) << "every byte was read";
  EXPECT_EQ(status.lines, 4U);
  EXPECT_EQ(status.lost_bytes, 0U);
  EXPECT_GE(status.rotations, before.rotations);
  EXPECT_EQ(status.rotations, 1U);
}

TEST_F(SourcesTest, UnreadBytesOfADeletedRotatedFileAreNotLost) {
  const std::string big(40UL << 20, 'x');
  append(log, "1\n");
  add_source("web", {log}, StartPosition::start, 1024);
  start();
  append(log, big + "\n2\n");
  const std::string rotated = temp / "access.log.1";
  fs::rename(log, rotated);
  append(log, "3\n");
  loop.poll();  // one turn's budget of it
  fs::remove(rotated);
  ASSERT_GT(status_of(log).behind_bytes, 0U) << "there is a backlog";
  change({source("web", {log}, StartPosition::start, 1024)});
  drain();
  const auto status = status_of(log);
  EXPECT_EQ(status.bytes, 2 + big.size() + 3 + 2);
  EXPECT_EQ(status.lost_bytes, 0U);
  EXPECT_EQ(seen.back().text, "3");
  EXPECT_EQ(seen[seen.size() - 2].text, "2");
}

TEST_F(SourcesTest, WhatIsNewBeginsWhereItsSourceSays) {
  append(log, "1\n");
  append(other, "old\n");
  const std::string third = temp / "third.log";
  append(third, "from the start\n");
  add_source("web", {log}, StartPosition::start);
  start();
  take_texts();
  change({source("web", {log}), source("other", {other}), source("third", {third}, StartPosition::start)});
  append(other, "new\n");
  EXPECT_THAT(next_texts(), testing::UnorderedElementsAre("from the start", "new"));
}

TEST_F(SourcesTest, WhatNoSourceNamesIsClosedAndForgotten) {
  append(log, "1\n");
  append(other, "a\n");
  add_source("all", {log, other}, StartPosition::start);
  start();
  take_texts();
  change({source("web", {log})});
  append(other, "b\n");
  append(log, "2\n");
  EXPECT_EQ(next_texts(), Texts{"2"});
  EXPECT_EQ(follower->status().size(), 1U);
  EXPECT_EQ(follower->cursors().size(), 1U);
  // It comes back: as a file seen for the first time.
  change({source("web", {log}), source("other", {other})});
  append(other, "c\n");
  EXPECT_EQ(next_texts(), Texts{"c"});
  EXPECT_EQ(status_of(other).lines, 1U);
}

TEST_F(SourcesTest, AFileGoesOnUnderAnotherPathThatLeadsToIt) {
  append(log, "1\n");
  fs::create_symlink(log, other);
  add_source("web", {log}, StartPosition::start);
  add_source("link", {other}, StartPosition::start);
  start();
  ASSERT_EQ(take_texts(), Texts{"1"});
  append(log, "2\n");
  change({source("link", {other})});
  EXPECT_EQ(next_texts(), Texts{"2"});
  append(log, "3\n");
  EXPECT_EQ(next_texts(), Texts{"3"});
  EXPECT_EQ(status_of(other).lines, 2U);
}

TEST_F(SourcesTest, RotationAfterTheChangeIsNoticed) {
  append(log, "1\n");
  add_source("web", {log}, StartPosition::start);
  start();
  change({source("web", {log})});
  append(log, "2\n");
  fs::rename(log, temp / "access.log.1");
  append(log, "3\n");
  EXPECT_EQ(next_texts(), (Texts{"1", "2", "3"}));
  EXPECT_EQ(status_of(log).rotations, 1U);
}

TEST_F(SourcesTest, ASmallerBoundHoldsForTheNextLine) {
  append(log, "1\n");
  add_source("web", {log}, StartPosition::start);
  start();
  append(log, std::string(2000, 'a'));
  drain();
  take_texts();
  change({source("web", {log}, StartPosition::end, 1024)});
  append(log, "bb\n" + std::string(2000, 'c') + "\nd\n");
  drain();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].text.size(), 2000U) << "the line that was there already has its room";
  EXPECT_TRUE(seen[0].truncated);
  EXPECT_LE(seen[1].text.size(), 2000U);
  EXPECT_EQ(seen[2].text, "d");
}

}  // namespace
}  // namespace ipguard::input
