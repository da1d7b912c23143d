// Where outputs go that are named on the command line: through links, never over them, and into nobody's files.
#include "cli/output_place.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/unique_fd.h"
#include "cli/report_html.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class OutputTest : public testing::Test {
 protected:
  [[nodiscard]] static std::string target_of(const std::string& link) { return fs::read_symlink(link).string(); }

  TempFolder folder;
  std::string root = fs::path(folder.write("mark", "")).parent_path();
};

TEST_F(OutputTest, AFileIsReplacedAsAWhole) {
  const auto out = folder.write("out", "one");
  const UniqueFd old(::open(out.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(check_output(out));
  EXPECT_EQ(read_file(out), "one") << "looking changes nothing";
  ASSERT_TRUE(write_output(out, "two", 0600));
  EXPECT_EQ(read_file(out), "two");
  EXPECT_EQ(read_descriptor(old.get(), "old"), "one") << "who has the old file open goes on reading the old content";
  struct stat status{};
  ASSERT_EQ(::stat(out.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_THAT(list_folder(root, "").value(), ElementsAre(root + "/mark", out)) << "nothing is left behind";
}

TEST_F(OutputTest, FilesOfOthersBesideItStay) {
  const auto victim = folder.write("victim", "precious");
  const auto beside = folder.write("out.new", "mine");
  fs::create_symlink(victim, root + "/out.tmp");
  ASSERT_TRUE(write_output(root + "/out", "x", 0600));
  EXPECT_EQ(read_file(root + "/out"), "x");
  EXPECT_EQ(read_file(beside), "mine");
  EXPECT_EQ(read_file(victim), "precious");
}

TEST_F(OutputTest, LinksStayLinks) {
  const auto target = folder.write("target", "old");
  fs::create_directory(root + "/sub");
  fs::create_symlink("../target", root + "/sub/one");
  fs::create_symlink("sub/one", root + "/two");
  ASSERT_TRUE(check_output(root + "/two"));
  ASSERT_TRUE(write_output(root + "/two", "new", 0600));
  EXPECT_EQ(target_of(root + "/two"), "sub/one");
  EXPECT_EQ(target_of(root + "/sub/one"), "../target");
  EXPECT_FALSE(fs::is_symlink(target));
  EXPECT_EQ(read_file(target), "new");

  fs::create_symlink("not_yet", root + "/dangling");
  ASSERT_TRUE(check_output(root + "/dangling"));
  EXPECT_FALSE(fs::exists(root + "/not_yet"));
  ASSERT_TRUE(write_output(root + "/dangling", "made", 0600));
  EXPECT_TRUE(fs::is_symlink(root + "/dangling"));
  EXPECT_EQ(read_file(root + "/not_yet"), "made");

  fs::create_symlink("circle", root + "/circle");
  EXPECT_THAT(check_output(root + "/circle").error().message, HasSubstr("Too many levels"));
}

// What /dev/stdout is a link to, by a link of our own: the system's is never touched.
TEST_F(OutputTest, OurOwnDescriptorsAreWrittenInto) {
  const auto file = folder.write("redirected", "before\n");
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const auto number = std::to_string(fd.get());
  const auto link = root + "/stdout";
  fs::create_symlink("/proc/self/fd/" + number, link);
  struct stat before{};
  ASSERT_EQ(::lstat(link.c_str(), &before), 0);
  for (const auto& name : {link, "/proc/self/fd/" + number, "/proc/thread-self/fd/" + number,
                           "/proc/" + std::to_string(::getpid()) + "/fd/" + number, "/dev/fd/" + number}) {
    if (name.starts_with("/dev/") && !fs::exists("/dev/fd")) {
      continue;
    }
    ASSERT_TRUE(check_output(name)) << name;
    ASSERT_TRUE(write_output(name, "x\n", 0600)) << name;
  }
  EXPECT_TRUE(read_file(file)->starts_with("before\nx\nx\nx\nx\n")) << *read_file(file);
  struct stat after{};
  ASSERT_EQ(::lstat(link.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_TRUE(S_ISLNK(after.st_mode));
  EXPECT_EQ(target_of(link), "/proc/self/fd/" + number);

  const UniqueFd readable(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(check_output("/proc/self/fd/" + std::to_string(readable.get())));
  EXPECT_FALSE(check_output("/proc/self/fd/987654"));
}

TEST_F(OutputTest, WhatIsNoRegularFileIsWrittenInto) {
  const auto fifo = root + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  fs::create_symlink("fifo", root + "/link");
  ASSERT_TRUE(check_output(fifo)) << "without waiting for a reader";
  const UniqueFd reader(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(write_output(root + "/link", "said", 0600));
  EXPECT_TRUE(fs::is_fifo(fifo));
  std::string read(4, ' ');
  EXPECT_EQ(::read(reader.get(), read.data(), read.size()), 4);
  EXPECT_EQ(read, "said");
}

TEST_F(OutputTest, WhatCannotBeWrittenIsKnownBefore) {
  EXPECT_THAT(check_output(root + "/missing/out").error().message, HasSubstr("No such file or directory"));
  EXPECT_THAT(check_output(root).error().message, HasSubstr("cannot write " + root + ": Is a directory"));
  EXPECT_THAT(check_output(folder.write("file", "") + "/out").error().message, HasSubstr("Not a directory"));
  EXPECT_FALSE(write_output(root, "x", 0600));
}

// As fs.protected_symlinks has it: in /tmp a link leads only where its own user may send the writer.
TEST_F(OutputTest, AnotherUsersLinkInAFolderOfAllIsNotFollowed) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root (files of another user)";
  }
  const auto victim = folder.write("victim", "precious");
  const auto shared = root + "/shared";
  constexpr uid_t nobody = 65534;
  fs::create_directory(shared);
  ASSERT_EQ(::chmod(shared.c_str(), 01777), 0);
  fs::create_symlink(victim, shared + "/out");
  ASSERT_EQ(::lchown((shared + "/out").c_str(), nobody, nobody), 0);
  const auto written = write_output(shared + "/out", "x", 0600);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::permission);
  EXPECT_THAT(written.error().message, HasSubstr("link of another user"));
  EXPECT_EQ(read_file(victim), "precious");
  ASSERT_EQ(::lchown((shared + "/out").c_str(), 0, 0), 0);
  EXPECT_TRUE(write_output(shared + "/out", "x", 0600)) << "our own";
  EXPECT_EQ(read_file(victim), "x");
}

TEST_F(OutputTest, APageIsNotWrittenOverWhatItIsMadeOf) {
  const auto log = folder.write("access.log", "x");
  fs::create_symlink("access.log", root + "/link.log");
  fs::create_hard_link(log, root + "/hard.log");
  for (const auto& out : {log, root + "/link.log", root + "/hard.log"}) {
    const auto checked = check_html_output(out, {root + "/other.log", log});
    ASSERT_FALSE(checked) << out;
    EXPECT_EQ(checked.error().code, Errc::usage);
    EXPECT_THAT(checked.error().message, HasSubstr("would be overwritten"));
  }
  EXPECT_TRUE(check_html_output(root + "/page.html", {log, "-", "/nonexistent"}));
  EXPECT_TRUE(check_html_output("-", {log}));
  EXPECT_EQ(check_html_output("/nonexistent/page.html", {log}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace ipguard::cli
