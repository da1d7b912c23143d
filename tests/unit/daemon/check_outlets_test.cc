// Tokens that the service cannot read although root can, and URLs that nothing can be posted to.
#include "daemon/check_outlets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

class CheckOutletsTest : public testing::Test {
 protected:
  CheckOutletsTest() { ::chmod(folder_.path().c_str(), 0755); }

  std::string token(mode_t mode = 0600) const {
    std::ofstream(folder_ / "token") << "0123456789abcdef0123456789abcdef\n";
    ::chmod((folder_ / "token").c_str(), mode);
    return folder_ / "token";
  }
  static config::Diagnostics check(const config::Config& config, const std::string& account = "nobody") {
    config::Diagnostics diagnostics;
    check_outlets(config, {}, {}, diagnostics, account);
    return diagnostics;
  }

  const TempFolder folder_;
};

TEST_F(CheckOutletsTest, WarnsRootOfATokenThatTheServiceCannotRead) {
  const auto* nobody = ::getpwnam("nobody");
  if (::geteuid() != 0 || nobody == nullptr) {
    GTEST_SKIP() << "needs root and the user nobody";
  }
  const auto owner = nobody->pw_uid;
  config::Config config;
  config.http.token_file = token();
  auto found = check(config);
  EXPECT_FALSE(found.has_errors());
  ASSERT_EQ(found.all().size(), 1U) << found.to_string();
  EXPECT_THAT(found.all()[0].message,
              HasSubstr("the service runs as the user 'nobody', who cannot, and would not start"));
  EXPECT_THAT(found.all()[0].hint, HasSubstr("chown nobody " + config.http.token_file));

  config.http.token_file.clear();
  config.notifies.push_back({.name = "hook", .type = config::NotifyType::webhook, .url = "https://hooks.example/"});
  config.notifies[0].token_file = token();
  EXPECT_EQ(check(config).all().size(), 1U) << "of a webhook as well";
  EXPECT_EQ(check(config, "no-such-user-here").all().size(), 0U) << "where there is no service's user";

  config.http.token_file = config.notifies[0].token_file;
  config.notifies.clear();
  ASSERT_EQ(::chown(config.http.token_file.c_str(), owner, static_cast<gid_t>(-1)), 0);
  EXPECT_EQ(check(config).to_string(), "");
  ::chmod(folder_.path().c_str(), 0700);
  EXPECT_EQ(check(config).all().size(), 1U) << "the folder is closed to him";
}

TEST_F(CheckOutletsTest, SaysHowToMakeATokenThatTheServiceCanRead) {
  config::Config config;
  config.http.token_file = folder_ / "none";
  const auto found = check(config, "ipguard");
  ASSERT_EQ(found.all().size(), 1U);
  EXPECT_TRUE(found.has_errors());
  EXPECT_THAT(found.all()[0].hint, HasSubstr("&& chown ipguard " + folder_ / "none"));
}

TEST_F(CheckOutletsTest, RefusesUrlsThatNothingCanBePostedTo) {
  for (const auto* url : {"https://", "http://a b/ c", "http://127.0.0.1:99999/"}) {
    config::Config config;
    config.notifies.push_back({.name = "hook", .type = config::NotifyType::webhook, .url = url});
    EXPECT_TRUE(check(config).has_errors()) << url;
  }
}

}  // namespace
}  // namespace ipguard::daemon
