// The real sshd: what it shows of a session and of an attempt is what ipguard believes it shows.
#include <sys/stat.h>

#include <csignal>

#include "enforce/protection.h"
#include "peer_namespace.h"
#include "support/temp_folder.h"

namespace ipguard::enforce::testing {
namespace {

// A child process that ends with this object.
class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments) {
    pid_ = fork();
    if (pid_ == 0) {
      std::vector<char*> raw;
      for (const std::string& argument : arguments) {
        raw.push_back(const_cast<char*>(argument.c_str()));
      }
      raw.push_back(nullptr);
      execv(raw[0], raw.data());
      _exit(127);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
  }

 private:
  pid_t pid_ = -1;
};

class RealSshd : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    for (const char* program : {"/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"}) {
      if (access(program, X_OK) != 0) {
        GTEST_SKIP() << program << " is not installed";
      }
    }
    if (access("/run/sshd", F_OK) != 0) {
      made_folder_ = mkdir("/run/sshd", 0755) == 0;  // sshd refuses to start without it
    }
  }
  void TearDown() override {
    if (made_folder_) {
      rmdir("/run/sshd");
    }
  }

  void write_configuration() const {
    for (const char* key : {"host", "user"}) {
      ASSERT_EQ(run("ssh-keygen -q -t ed25519 -N '' -f " + tree_ / key).status, 0);
    }
    tree_.write("sshd_config", "Port 2222\nListenAddress 192.0.2.1\nHostKey " + tree_ / "host" +
                                   "\nAuthorizedKeysFile " + tree_ / "user.pub" +
                                   "\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\nLogLevel QUIET\n");
  }

  // Until `done`, at most for half a minute: other programs' progress cannot be waited for otherwise.
  template <typename Done>
  static bool eventually(const Done& done) {
    for (int i = 0; i < 1000; ++i) {
      if (done()) {
        return true;
      }
      poll(nullptr, 0, 25);
    }
    return false;
  }

  TempFolder tree_;
  bool made_folder_ = false;
};

TEST_F(RealSshd, ALoggedInPeerIsSparedAndOneAtThePromptIsNot) {
  PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.8/24"}));
  write_configuration();
  const Child server({"/usr/sbin/sshd", "-D", "-f", tree_ / "sshd_config"});
  ASSERT_TRUE(eventually([&] { return client.stays_connected("192.0.2.8", "192.0.2.1", 2222); }));

  config::ProtectConfig config = unprotected();
  config.ssh_sessions = true;
  HostPaths paths;
  paths.sshd_config = {tree_ / "sshd_config"};
  Protection protection(config, {}, paths);
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), std::nullopt) << "nobody is logged in yet";

  const std::string ssh = "ssh -F none -i " + tree_ / "user" + " -b 192.0.2.7 -p 2222 -o BatchMode=yes " +
                          "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@192.0.2.1";
  ASSERT_TRUE(client.command(ssh + " sleep 60 >/dev/null 2>&1 </dev/null & echo $! > " + tree_ / "pid"));
  ASSERT_TRUE(eventually([&] { return protection.refusal(prefix("192.0.2.7")).has_value(); }));
  EXPECT_EQ(protection.refusal(prefix("192.0.2.7")), "SSH session of root (192.0.2.7)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.8")), std::nullopt);
  ASSERT_TRUE(client.command("kill $(cat " + tree_ / "pid" + ")"));
  EXPECT_TRUE(eventually([&] { return !protection.refusal(prefix("192.0.2.7")).has_value(); }));
}

// Neither the configuration nor 22 tells of the port: the process that listens there does.
TEST_F(RealSshd, ASessionOnAPortOfTheCommandLineIsSparedToo) {
  PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24"}));
  write_configuration();
  tree_.write("other_config", "Port 2345\n");
  config::ProtectConfig config = unprotected();
  config.ssh_sessions = true;
  HostPaths paths;
  paths.sshd_config = {tree_ / "other_config"};
  Protection protection(config, {}, paths);
  EXPECT_EQ(protection.refusal(prefix("192.0.2.7")), std::nullopt);

  const Child server(
      {"/usr/sbin/sshd", "-D", "-f", tree_ / "sshd_config", "-p", "2022", "-o", "ListenAddress=192.0.2.1:2022"});
  const std::string ssh = "ssh -F none -i " + tree_ / "user" + " -b 192.0.2.7 -p 2022 -o BatchMode=yes " +
                          "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@192.0.2.1";
  ASSERT_TRUE(eventually([&] { return client.stays_connected("192.0.2.7", "192.0.2.1", 2022); }));
  EXPECT_EQ(protection.refusal(prefix("192.0.2.7")), std::nullopt) << "nobody is logged in yet";
  ASSERT_TRUE(client.command(ssh + " sleep 60 >/dev/null 2>&1 </dev/null & echo $! > " + tree_ / "pid"));
  EXPECT_TRUE(eventually([&] { return protection.refusal(prefix("192.0.2.7")).has_value(); }));
  EXPECT_EQ(protection.refusal(prefix("192.0.2.7")), "SSH session of root (192.0.2.7)");
  ASSERT_TRUE(client.command("kill $(cat " + tree_ / "pid" + ")"));
}

}  // namespace
}  // namespace ipguard::enforce::testing
