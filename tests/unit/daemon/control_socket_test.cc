// The daemon's control socket, put back by itself.
#include "daemon/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/log.h"
#include "base/unix_socket.h"
#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

class ControlSocketTest : public testing::Test {
 protected:
  ControlSocketTest() {
    set_log_level(LogLevel::error);
    EXPECT_TRUE(socket_.listen());
  }

  [[nodiscard]] bool answers() const {
    const auto fd = open_unix_socket(SOCK_STREAM);
    return fd && connect_to(fd->get(), unix_address(path_, "socket").value()) == 0;
  }

  const TempFolder folder_;
  std::string path_ = folder_ / "ipguard.sock";
  loop::EventLoop loop_;
  ControlSocket socket_{loop_,
                        path_,
                        [](const control::Request&, const control::Peer&, bool) -> control::Answer {
                          return Result<control::Json>(control::Json());
                        },
                        {}};
};

TEST_F(ControlSocketTest, IsLeftAloneWhileItIsThere) {
  const auto before = std::filesystem::last_write_time(path_);
  socket_.restore();
  EXPECT_EQ(std::filesystem::last_write_time(path_), before);
  EXPECT_EQ(socket_.problem(), "");
}

TEST_F(ControlSocketTest, ComesBackWithItsFolder) {
  std::filesystem::remove_all(folder_.path());
  ASSERT_FALSE(answers());
  socket_.restore();
  EXPECT_TRUE(answers());
  EXPECT_EQ(socket_.problem(), "");
}

TEST_F(ControlSocketTest, SaysWhyItCannotComeBackForAsLongAsThatIsSo) {
  std::filesystem::remove(path_);
  std::ofstream(path_) << "somebody's file";
  socket_.restore();
  EXPECT_THAT(socket_.problem(), HasSubstr("the control socket is gone: " + path_ + " is there and is no socket"));
  std::filesystem::remove(path_);
  socket_.restore();
  EXPECT_EQ(socket_.problem(), "");
  EXPECT_TRUE(answers());
}

}  // namespace
}  // namespace ipguard::daemon
