// Secrets: files that others may read hold none.
#include "base/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ipguard {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretTest : public testing::Test {
 protected:
  ~SecretTest() override { std::filesystem::remove(path); }
  Result<std::string> read(const std::string& content, mode_t mode) const {
    std::filesystem::remove(path);
    std::ofstream(path) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return read_secret(path);
  }
  std::string path = testing::TempDir() + "secret_test_" + std::to_string(::getpid());
};

TEST_F(SecretTest, ReadsOneWord) {
  EXPECT_EQ(read("  0123456789abcdef\n", 0600).value(), "0123456789abcdef");
  EXPECT_EQ(read("0123456789abcdef", 0400).value(), "0123456789abcdef");
}

TEST_F(SecretTest, RefusesWhatOthersMayRead) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0644U, 0666U}) {
    const auto secret = read("0123456789abcdef\n", mode);
    ASSERT_FALSE(secret) << mode;
    EXPECT_EQ(secret.error().code, Errc::permission);
    EXPECT_THAT(secret.error().message, HasSubstr("chmod 0600"));
  }
}

// What is written for the service passes root's `--check`; what anybody else has is known to him.
TEST_F(SecretTest, RootTakesTheServicesOwn) {
  const auto* nobody = ::getpwnam("nobody");
  if (::geteuid() != 0 || nobody == nullptr) {
    GTEST_SKIP() << "needs root and the user nobody";
  }
  ASSERT_TRUE(read("0123456789abcdef", 0600));
  ASSERT_EQ(::chown(path.c_str(), nobody->pw_uid, static_cast<gid_t>(-1)), 0);
  EXPECT_TRUE(read_secret(path, "nobody"));
  EXPECT_EQ(read_secret(path, "root").error().code, Errc::permission);
  EXPECT_EQ(read_secret(path, "no-such-user-here").error().code, Errc::permission);
}

TEST_F(SecretTest, RefusesWhatIsNoToken) {
  for (const auto* content : {"", "short", "two words of the file", "0123456789abcde\xff", "0123456789\n0123456789"}) {
    const auto secret = read(content, 0600);
    ASSERT_FALSE(secret) << content;
    EXPECT_EQ(secret.error().code, Errc::invalid);
    EXPECT_THAT(secret.error().message, Not(HasSubstr("0123456789")));
  }
  EXPECT_FALSE(read(std::string(2000, 'a'), 0600));
  EXPECT_FALSE(read_secret("/dev/null"));
  EXPECT_EQ(read_secret("/nonexistent").error().code, Errc::not_found);
}

TEST(SameSecret, Compares) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "abcd"));
}

}  // namespace
}  // namespace ipguard
