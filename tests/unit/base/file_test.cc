#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"
#include "support/temp_folder.h"

namespace ipguard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  void put(const std::string& name, std::string_view content = "") const { std::ofstream(path(name)) << content; }

  const TempFolder folder_;
};

TEST_F(FileTest, ReadsWholeFilesWithinTheLimit) {
  using namespace std::string_literals;
  const std::string content = "a\0b\n"s + std::string(100'000, 'x');
  put("f", content);
  EXPECT_EQ(read_file(path("f")), content);
  EXPECT_EQ(read_file(path("f"), content.size()), content);
  const auto over = read_file(path("f"), content.size() - 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::invalid);
  EXPECT_THAT(over.error().message, HasSubstr(path("f") + " is larger than"));
  put("empty");
  EXPECT_EQ(read_file(path("empty"), 0), "");
}

TEST_F(FileTest, SaysWhatCannotBeRead) {
  const auto missing = read_file(path("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().message, "cannot read " + path("missing") + ": No such file or directory");
  const auto folder = read_file(folder_.path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("Is a directory"));
  const auto endless = read_file("/dev/zero", 1000);
  ASSERT_FALSE(endless) << "a file that does not end is cut off by the limit";
  EXPECT_EQ(endless.error().code, Errc::invalid);
}

TEST_F(FileTest, AFifoDoesNotBlock) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(path("fifo")), "");
}

TEST_F(FileTest, ExpandsGlobs) {
  for (const char* name : {"b.log", "a.log", "c.txt", ".hidden.log", "[odd].log"}) {
    put(name);
  }
  std::filesystem::create_directory(path("sub"));
  put("sub/d.log");
  EXPECT_THAT(expand_glob(path("*.log")), ElementsAre(path("[odd].log"), path("a.log"), path("b.log")));
  EXPECT_THAT(expand_glob(path("?.log")), ElementsAre(path("a.log"), path("b.log")));
  EXPECT_THAT(expand_glob(path("*/*.log")), ElementsAre(path("sub/d.log")));
  EXPECT_THAT(expand_glob(path("[ab].log")), ElementsAre(path("a.log"), path("b.log")));
  EXPECT_THAT(expand_glob(path("a.log")), ElementsAre(path("a.log")));
  EXPECT_THAT(expand_glob(path("missing.log")), IsEmpty());
  EXPECT_THAT(expand_glob(path("*.gz")), IsEmpty());
  EXPECT_THAT(expand_glob(""), IsEmpty());
  EXPECT_TRUE(has_glob_characters("/var/log/*.log"));
  EXPECT_TRUE(has_glob_characters("a?b"));
  EXPECT_TRUE(has_glob_characters("[ab]"));
  EXPECT_FALSE(has_glob_characters("/var/log/auth.log"));
}

TEST_F(FileTest, ListsFilesOfAFolder) {
  for (const char* name : {"z.toml", "a.toml", "a.toml.bak"}) {
    put(name);
  }
  std::filesystem::create_directory(path("sub.toml"));
  ASSERT_EQ(::symlink(path("a.toml").c_str(), path("link.toml").c_str()), 0);
  ASSERT_EQ(::symlink(path("gone").c_str(), path("dangling.toml").c_str()), 0);
  EXPECT_THAT(list_folder(folder_.path(), ".toml").value(),
              ElementsAre(path("a.toml"), path("link.toml"), path("z.toml")));
  const auto missing = list_folder(path("missing"), ".toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

TEST(UniqueFd, OwnsItsDescriptor) {
  const auto is_open = [](int fd) { return ::fcntl(fd, F_GETFD) != -1; };
  UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  ASSERT_TRUE(first.valid() && is_open(number));
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): what a moved-from one holds is the contract
  EXPECT_EQ(second.get(), number);
  auto& alias = second;
  second = std::move(alias);
  EXPECT_TRUE(is_open(number)) << "moved onto itself";
  second.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(second.valid());
  const int released = second.release();
  EXPECT_TRUE(is_open(released));
  EXPECT_FALSE(second.valid());
  {
    const UniqueFd last(released);
  }
  EXPECT_FALSE(is_open(released));
}

}  // namespace
}  // namespace ipguard
