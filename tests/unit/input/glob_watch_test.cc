#include "input/glob_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "followed_files.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

struct Scanned {
  GlobMatches matches;
  std::vector<std::string> watches;  // "folder|name", "!" before those of files

  [[nodiscard]] bool watches_for(const std::string& entry) const {
    return std::ranges::find(watches, entry) != watches.end();
  }
};

Scanned scan(const std::string& pattern) {
  Scanned scanned;
  scanned.matches = scan_glob(pattern, [&](const FolderWatch& watch) {
    scanned.watches.push_back((watch.files ? "!" : "") + watch.folder + "|" + watch.name_pattern);
  });
  return scanned;
}

TEST(GlobWatch, ListsMatchesAndWatchesTheWayToThem) {
  const TempFolder temp;
  fs::create_directories(temp / "logs/site1");
  fs::create_directories(temp / "logs/site2");
  fs::create_directories(temp / "logs/site2/folder.log");
  append(temp / "logs/site1/b.log", "");
  append(temp / "logs/site1/a.log", "");
  append(temp / "logs/site1/.hidden.log", "");
  append(temp / "logs/site2/c.log", "");
  append(temp / "logs/readme", "");
  const Scanned scanned = scan(temp / "logs/site*/*.log");
  EXPECT_EQ(scanned.matches.paths,
            (std::vector{temp / "logs/site1/a.log", temp / "logs/site1/b.log", temp / "logs/site2/c.log"}));
  EXPECT_EQ(scanned.matches.error_number, 0);
  EXPECT_TRUE(scanned.watches_for(temp.path() + "|logs"));
  EXPECT_TRUE(scanned.watches_for(temp / "logs|site*"));
  EXPECT_TRUE(scanned.watches_for("!" + (temp / "logs/site1|*.log")));
  EXPECT_TRUE(scanned.watches_for("!" + (temp / "logs/site2|*.log")));
}

TEST(GlobWatch, AMissingFolderIsWatchedForInTheNearestThatExists) {
  const TempFolder temp;
  const Scanned scanned = scan(temp / "a/b/c.log");
  EXPECT_TRUE(scanned.matches.paths.empty());
  EXPECT_EQ(scanned.watches.back(), temp.path() + "|a");
}

TEST(GlobWatch, LinksAreWatchedWhereTheyLead) {
  const TempFolder temp;
  fs::create_directories(temp / "data");
  fs::create_directories(temp / "logs");
  append(temp / "data/real.log", "");
  fs::create_symlink("../data/real.log", temp / "logs/link.log");
  fs::create_symlink(temp / "nowhere/gone.log", temp / "logs/dangling.log");
  const Scanned scanned = scan(temp / "logs/*.log");
  EXPECT_EQ(scanned.matches.paths, (std::vector{temp / "logs/dangling.log", temp / "logs/link.log"}));
  EXPECT_TRUE(scanned.watches_for(temp / "logs/../data|real.log"));
  EXPECT_TRUE(scanned.watches_for(temp.path() + "|nowhere"));
}

TEST(GlobWatch, ALoopOfLinksEnds) {
  const TempFolder temp;
  fs::create_symlink(temp / "b", temp / "a");
  fs::create_symlink(temp / "a", temp / "b");
  EXPECT_TRUE(scan(temp / "a/x.log").matches.paths.empty());
  EXPECT_EQ(scan(temp / "a").matches.paths, (std::vector{temp / "a"}));  // an entry, if one that cannot be opened
}

TEST(GlobWatch, EscapedWildcardsAreLiteral) {
  const TempFolder temp;
  append(temp / "star*.log", "");
  append(temp / "stars.log", "");
  EXPECT_EQ(scan(temp / "star\\*.log").matches.paths, (std::vector{temp / "star*.log"}));
}

TEST(GlobWatch, MatchesAsGlobDoes) {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {
      {"/var/log/*.log", "/var/log/a.log", true},
      {"/var/log/*.log", "/var/log/x/a.log", false},
      {"/var/log/*.log", "/var/log/.a.log", false},
      {"/var/log/[ab].log", "/var/log/b.log", true},
      {"/var/log/?.log", "/var/log/c.log", true},
      {"/var/*/a.log", "/var/x/a.log", true},
      {"a.log", "b.log", false},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(glob_matches(test.pattern, test.text), test.matches) << test.pattern << " " << test.text;
  }
}

TEST(GlobWatch, PathsHaveOneSpelling) {
  EXPECT_EQ(without_extra_slashes("//var///log/"), "/var/log");
  EXPECT_EQ(without_extra_slashes("/"), "/");
  EXPECT_EQ(join_path("/", "a"), "/a");
  EXPECT_EQ(join_path("", "a"), "a");
  EXPECT_EQ(join_path("/a", "b"), "/a/b");
  EXPECT_EQ(parent_folder("/a"), "/");
  EXPECT_EQ(parent_folder("/a/b"), "/a");
  EXPECT_EQ(parent_folder("a"), "");
  EXPECT_EQ(last_component("/a/b"), "b");
  EXPECT_EQ(last_component("b"), "b");
}

}  // namespace
}  // namespace ipguard::input
