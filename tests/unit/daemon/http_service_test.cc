// HTTP in the daemon: a Unix socket that somebody has removed comes back.
#include "daemon/http_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/unix_socket.h"
#include "loaded_fixture.h"
#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

class HttpServiceTest : public testing::Test {
 protected:
  HttpServiceTest() {
    set_log_level(LogLevel::error);
    config::Config config;
    config.http.listen = "unix:" + path_;
    guard_ = std::make_unique<Guard>(test_loaded(std::move(config)), State(store::Store::in_memory()));
    EXPECT_TRUE(guard_->start(wall_clock_now()));
    service_.emplace(loop_, *guard_,
                     ApiSources{.run = [](const control::Request&, bool) -> control::Answer {
                                  return Result<control::Json>(control::Json());
                                },
                                .metrics = [](http::Exposition) { return std::string(); },
                                .ailments = [] { return std::vector<std::string>(); }});
    EXPECT_TRUE(service_->apply());
  }
  ~HttpServiceTest() override { service_.reset(); }

  [[nodiscard]] bool answers() const {
    const auto fd = open_unix_socket(SOCK_STREAM);
    return fd && connect_to(fd->get(), unix_address(path_, "socket").value()) == 0;
  }

  const TempFolder folder_;
  std::string path_ = folder_ / "http.sock";
  loop::EventLoop loop_;
  std::unique_ptr<Guard> guard_;
  std::optional<HttpService> service_;
};

TEST_F(HttpServiceTest, IsLeftAloneWhileItsSocketIsThere) {
  const auto* before = &service_->server();
  const auto made = std::filesystem::last_write_time(path_);
  service_->restore();
  EXPECT_EQ(&service_->server(), before);
  EXPECT_EQ(std::filesystem::last_write_time(path_), made);
}

TEST_F(HttpServiceTest, MakesASocketAgainThatWasRemoved) {
  std::filesystem::remove(path_);
  service_->restore();
  EXPECT_TRUE(answers());
  EXPECT_EQ(service_->problem(), "");
  // A reload looks at it, too.
  std::filesystem::remove(path_);
  EXPECT_TRUE(service_->apply());
  EXPECT_TRUE(answers());
}

TEST_F(HttpServiceTest, LeavesASocketToWhoServesThereNow) {
  std::filesystem::remove(path_);
  {
    const auto other = SocketFile::bind(path_, SOCK_STREAM, 0660, "other's");
    ASSERT_TRUE(other);
    ASSERT_EQ(::listen(other->fd(), 1), 0);
    service_->restore();
    EXPECT_THAT(service_->problem(), HasSubstr("somebody else listens on " + path_));
    EXPECT_TRUE(other->in_place());
  }
  EXPECT_TRUE(service_->apply());
  EXPECT_TRUE(answers());
}

}  // namespace
}  // namespace ipguard::daemon
