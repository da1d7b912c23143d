// Who counts as logged in by SSH, and who is only trying.
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "enforce/protection.h"
#include "enforce/ssh_connections.h"
#include "enforce/ssh_processes.h"
#include "peer_namespace.h"
#include "support/temp_folder.h"

namespace ipguard::enforce::testing {
namespace {

TEST(SshTitle, TellsAuthenticatedSessionsFromAttempts) {
  const struct {
    std::string title;
    uint32_t uid;
    std::optional<std::string> user;
  } cases[] = {
      {"sshd: alice@pts/0", 1000, "alice"},
      {"sshd: root@pts/0,pts/1", 0, "root"},
      {"sshd-session: alice@notty", 1000, "alice"},
      {"sshd: alice@corp.example@pts/3", 1000, "alice@corp.example"},
      {std::string("sshd: alice@pts/0\0\0\0\0", 21), 1000, "alice"},
      {"sshd: alice@pts/0        ", 1000, "alice"},
      // A session that only forwards ports keeps its monitor's title, but runs as the user.
      {"sshd: alice [priv]", 1000, "alice"},
      // The monitor of a session, authenticated or not.
      {"sshd: alice [priv]", 0, std::nullopt},
      {"sshd: unknown [priv]", 0, std::nullopt},
      {"sshd: alice [net]", 105, std::nullopt},
      {"sshd: alice@corp.example [net]", 105, std::nullopt},
      {"sshd: alice@corp.example [priv]", 0, std::nullopt},
      {"sshd: unknown [net]", 105, std::nullopt},
      {"sshd: [accepted]", 0, std::nullopt},
      {"sshd-session: [accepted]", 0, std::nullopt},
      {"sshd: alice@pts/0 [preauth]", 0, std::nullopt},
      {"sshd: /usr/sbin/sshd -D [listener] 1 of 10-100 startups", 0, std::nullopt},
      {"/usr/sbin/sshd -D", 0, std::nullopt},
      {"sshd-auth: alice@pts/0", 105, std::nullopt},
      {"bash sshd: alice@pts/0", 1000, std::nullopt},
      {"sshd: @pts/0", 0, std::nullopt},
      {"sshd: alice@", 0, std::nullopt},
      {"sshd: ", 0, std::nullopt},
      {"", 0, std::nullopt},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(session_user(test.title, test.uid), test.user) << test.title;
  }
}

TEST(SshdConfig, YieldsEveryPortItListensOn) {
  const struct {
    const char* text;
    std::vector<uint16_t> ports;
  } cases[] = {
      {"", {}},
      {"Port 2222\n", {2222}},
      {"#Port 22\n  port\t2022 # ours\nPORT=2023\r\n", {2022, 2023}},
      {"ListenAddress 0.0.0.0:2200\nListenAddress [::]:2201\nListenAddress ::\nListenAddress 192.0.2.1\n",
       {2200, 2201}},
      {"ListenAddress host.example:2202 rdomain x\nPort 22\nPort 22\n", {2202, 22}},
      {"Port 0\nPort 70000\nPort x\nPortX 5\n", {}},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(parse_sshd_ports(test.text), test.ports) << test.text;
  }
  const TempFolder tree;
  tree.write("sshd_config.d/10.conf", "Port 2222\n");
  EXPECT_EQ(sshd_ports({tree / "sshd_config", tree / "sshd_config.d/*.conf"}), (std::vector<uint16_t>{22, 2222}));
  EXPECT_EQ(sshd_ports({tree / "sshd_config"}), (std::vector<uint16_t>{22}));
}

// One process of a proc(5) tree.
void add_process(const TempFolder& tree, int pid, const std::string& comm, const std::string& title, int uid,
                 const std::vector<int>& sockets) {
  const std::string folder = "proc/" + std::to_string(pid) + "/";
  tree.write(folder + "comm", comm + "\n");
  tree.write(folder + "cmdline", title + std::string(8, '\0'));
  tree.write(folder + "status", "Name:\t" + comm + "\nUmask:\t0022\nUid:\t" + std::to_string(uid) + "\t" +
                                    std::to_string(uid) + "\t0\t0\nGid:\t0\t0\t0\t0\n");
  tree.link(folder + "fd/0", "/dev/null");
  for (const int inode : sockets) {
    tree.link(folder + "fd/" + std::to_string(inode), "socket:[" + std::to_string(inode) + "]");
  }
}

TempFolder& session_tree(TempFolder& tree) {
  add_process(tree, 1, "systemd", "/sbin/init", 0, {900});
  add_process(tree, 100, "sshd", "sshd: /usr/sbin/sshd -D [listener] 1 of 10-100 startups", 0, {901});
  add_process(tree, 200, "sshd", "sshd: alice [priv]", 0, {1001});
  add_process(tree, 201, "sshd", "sshd: alice@pts/0", 1000, {7, 1001});
  add_process(tree, 300, "sshd", "sshd: bob [priv]", 0, {1002});
  add_process(tree, 301, "sshd", "sshd: bob [net]", 105, {1002});
  add_process(tree, 400, "sshd-session", "sshd-session: root@notty", 0, {1003});
  add_process(tree, 500, "bash", "sshd: mallory@pts/0", 1001, {1004});
  return tree;
}

TEST(SshProcesses, OnlyTheProcessesOfSshdVouchForASession) {
  TempFolder tree;
  session_tree(tree);
  const SshUsers users = authenticated_users(tree / "proc", {1001, 1002, 1003, 1004});
  EXPECT_EQ(users.by_inode, (std::unordered_map<uint64_t, std::string>{{1001, "alice"}, {1003, "root"}}));
  EXPECT_FALSE(users.hidden.has_value());
  EXPECT_TRUE(authenticated_users(tree / "missing", {1001}).by_inode.empty());
}

TEST(SshProcesses, NewOnesAreToldFromOldOnes) {
  TempFolder tree;
  session_tree(tree);
  const std::string proc = tree / "proc";
  EXPECT_EQ(last_process(proc), std::nullopt);
  for (const auto& [text, expected] :
       {std::pair{"0.10 0.20 0.30 1/99 4711\n", std::optional<uint32_t>(4711)},
        std::pair{"0.10 0.20 0.30 1/99 x\n", std::optional<uint32_t>()}, std::pair{"", std::optional<uint32_t>()}}) {
    tree.write("proc/loadavg", text);
    EXPECT_EQ(last_process(proc), expected) << text;
  }
  const struct {
    std::optional<uint32_t> after;
    uint32_t last;
    std::vector<uint32_t> expected;
  } cases[] = {
      {199, 301, {200, 201, 300, 301}},
      {200, 201, {201}},
      {400, 400, {}},
      {500, 510, {}},
      {400, 500, {}},
      {399, 500, {400}},
      {500, 20, {100, 200, 201, 300, 301, 400}},          // the numbers began anew
      {std::nullopt, 0, {100, 200, 201, 300, 301, 400}},  // all of them
      {1, 100'000, {100, 200, 201, 300, 301, 400}},       // too many to look at one by one
  };
  for (const auto& test : cases) {
    auto found = sshd_processes(proc, test.after, test.last);
    std::ranges::sort(found);
    EXPECT_EQ(found, test.expected) << test.after.value_or(0) << " " << test.last;
  }
  EXPECT_EQ(sockets_of_process(proc, 201), (std::vector<uint64_t>{7, 1001}));
  EXPECT_TRUE(sockets_of_process(proc, 9999).empty());
  EXPECT_TRUE(is_session_process(proc, 201));
  EXPECT_FALSE(is_session_process(proc, 100));
  EXPECT_FALSE(is_session_process(proc, 9999));
}

TEST(SshConnections, AreReadFromProcWithoutSockDiag) {
  const TempFolder tree;
  tree.write(
      "proc/net/tcp",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 901 1 0 100 0\n"
      "   1: 010200C0:0016 070200C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 1001 1 0 20 4\n"
      "   2: 010200C0:0050 080200C0:C351 01 00000000:00000000 00:00000000 00000000     0        0 1009 1 0 20 4\n"
      "   3: garbage\n");
  tree.write("proc/net/tcp6",
             "  sl  local_address                         remote_address                        st ...\n"
             "   0: B80D0120000000000000000001000000:0016 B80D0120000000000000000009000000:C352 01 00000000:00000000 "
             "00:00000000 00000000     0        0 1003 1 0 20 4\n"
             "   1: 0000000000000000FFFF0000010200C0:0016 0000000000000000FFFF0000090200C0:C353 01 00000000:00000000 "
             "00:00000000 00000000     0        0 1005 1 0 20 4\n");
  const auto found = tcp_by_proc(tree / "proc", TcpState::established, {22});
  ASSERT_TRUE(found.has_value());
  std::vector<std::string> peers;
  for (const auto& connection : *found) {
    peers.push_back(connection.peer.to_string() + " " + std::to_string(connection.peer_port) + " " +
                    std::to_string(connection.inode));
  }
  EXPECT_EQ(peers,
            (std::vector<std::string>{"192.0.2.7 50000 1001", "2001:db8::9 50002 1003", "192.0.2.9 50003 1005"}));
  EXPECT_FALSE(tcp_by_proc(tree / "missing", TcpState::established, {22}).has_value());
}

// Nobody is locked out because the kernel does not answer.
TEST(SshConnections, ThoseKnownStayProtectedWhenNobodyCanBeAsked) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors to look at objects of other libraries";
#endif
  const TempFolder tree;
  tree.write(
      "proc/net/tcp",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   1: 010200C0:0016 070200C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 1001 1 0 20 4\n");
  tree.write("proc/loadavg", "0.10 0.20 0.30 1/99 4711\n");
  add_process(tree, 201, "sshd", "sshd: alice@pts/0", 1000, {1001});
  HostPaths paths;
  paths.proc = tree / "proc";
  paths.resolvers = {};
  paths.sshd_config = {};
  config::ProtectConfig config;
  config.own_addresses = config.gateways = config.resolvers = false;
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);  // no socket, so no sock_diag
  Protection protection(config, {}, paths);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  ASSERT_EQ(protection.refusal(net::Prefix::parse("192.0.2.7").value()), "SSH session of alice (192.0.2.7)");
  std::filesystem::remove_all(tree / "proc/net");
  add_process(tree, 4712, "sshd", "sshd: bob@pts/1", 1001, {});
  tree.write("proc/loadavg", "0.10 0.20 0.30 1/99 4712\n");  // so it is asked again
  EXPECT_EQ(protection.refusal(net::Prefix::parse("192.0.2.7").value()), "SSH session of alice (192.0.2.7)");
  protection.check_sessions();
  EXPECT_EQ(protection.ssh_peers().size(), 1U);
}

class SshInNamespace : public NamespaceTest {
 protected:
  static config::ProtectConfig only_ssh(uint16_t port) {
    config::ProtectConfig config = unprotected();
    config.ssh_sessions = true;
    config.ssh_ports = {port};
    return config;
  }
  // Accepts `count` connections and returns the inodes of their sockets by peer.
  static std::map<std::string, int> accept_all(int listener, int count, std::vector<UniqueFd>& kept) {
    std::map<std::string, int> inodes;
    for (int i = 0; i < count; ++i) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      kept.emplace_back(accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
      const std::string link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(kept.back().get()));
      inodes[net::Address::from_ipv4(ntohl(peer.sin_addr.s_addr)).to_string()] = std::stoi(link.substr(8));
    }
    return inodes;
  }
};

TEST_F(SshInNamespace, OnlyTheAuthenticatedPeerIsSpared) {
  PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.8/24", "192.0.2.9/24"}));
  const UniqueFd server = listen_on(address("192.0.2.1"), 2222);
  for (const char* peer : {"192.0.2.7", "192.0.2.8", "192.0.2.9"}) {
    ASSERT_TRUE(client.stays_connected(peer, "192.0.2.1", 2222));
  }
  std::vector<UniqueFd> kept;
  const auto inodes = accept_all(server.get(), 3, kept);
  const TempFolder tree;
  add_process(tree, 200, "sshd", "sshd: alice@pts/0", 1000, {inodes.at("192.0.2.7")});
  add_process(tree, 300, "sshd", "sshd: bob [net]", 105, {inodes.at("192.0.2.8")});
  HostPaths paths;
  paths.proc = tree / "proc";
  Protection protection(only_ssh(2222), {}, paths);

  EXPECT_EQ(protection.refusal(prefix("192.0.2.7")), "SSH session of alice (192.0.2.7)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), "SSH session of alice (192.0.2.7)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.8")), std::nullopt);
  EXPECT_EQ(protection.refusal(prefix("192.0.2.8/29")), std::nullopt);
  EXPECT_EQ(protection.refusal(prefix("198.51.100.0/24")), std::nullopt);
  const auto peers = protection.ssh_peers();
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].prefix, prefix("192.0.2.7"));

  // The administrator's own session, as sshd tells it to what it starts.
  const auto connections = tcp_by_proc("/proc", TcpState::established, {2222});
  ASSERT_TRUE(connections.has_value());
  const auto mine = std::ranges::find(*connections, address("192.0.2.9"), &SshConnection::peer);
  ASSERT_NE(mine, connections->end());
  setenv("SSH_CONNECTION", ("192.0.2.9 " + std::to_string(mine->peer_port) + " 192.0.2.1 2222").c_str(), 1);
  Protection started(only_ssh(2222), {}, paths);
  unsetenv("SSH_CONNECTION");
  EXPECT_EQ(started.refusal(prefix("192.0.2.9")), "SSH session that ipguardd was started in (192.0.2.9)");
  EXPECT_EQ(started.refusal(prefix("192.0.2.8")), std::nullopt);
}

// sshd makes no process when somebody leaves: that is looked for now and then, so that no hole stays open.
TEST_F(SshInNamespace, WhoHasLeftIsSparedNoMore) {
  PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.9/24"}));
  const UniqueFd server = listen_on(address("192.0.2.1"), 2222);
  ASSERT_TRUE(client.stays_connected("192.0.2.9", "192.0.2.1", 2222));
  std::vector<UniqueFd> kept;
  const auto inodes = accept_all(server.get(), 1, kept);
  const TempFolder tree;
  tree.write("proc/loadavg", "0.10 0.20 0.30 1/99 4711\n");
  add_process(tree, 200, "sshd", "sshd: alice@pts/0", 1000, {inodes.at("192.0.2.9")});
  HostPaths paths;
  paths.proc = tree / "proc";
  Protection protection(only_ssh(2222), {}, paths);
  ASSERT_EQ(protection.ssh_peers().size(), 1U);
  kept.clear();  // the connection ends; that the process has gone as well is not seen by who may not look at it
  const auto ended = [] { return tcp_by_proc("/proc", TcpState::established, {2222})->empty(); };
  for (int i = 0; i < 200 && !ended(); ++i) {
    poll(nullptr, 0, 10);
  }
  protection.check_sessions();
  EXPECT_TRUE(protection.ssh_peers().empty());
}

TEST_F(SshInNamespace, SockDiagAndProcSeeTheSame) {
  PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24"}));
  ASSERT_TRUE(client.set_addresses("2001:db8::1/64", {"2001:db8::7/64"}));
  const UniqueFd server4 = listen_on(address("192.0.2.1"), 2222);
  const UniqueFd server6 = listen_on(address("2001:db8::1"), 2223);
  const UniqueFd other = listen_on(address("192.0.2.1"), 80);
  ASSERT_TRUE(client.stays_connected("192.0.2.7", "192.0.2.1", 2222));
  ASSERT_TRUE(client.stays_connected("2001:db8::7", "2001:db8::1", 2223));
  ASSERT_TRUE(client.stays_connected("192.0.2.7", "192.0.2.1", 80));
  std::vector<UniqueFd> kept;
  kept.emplace_back(accept4(server4.get(), nullptr, nullptr, SOCK_CLOEXEC));
  kept.emplace_back(accept4(server6.get(), nullptr, nullptr, SOCK_CLOEXEC));
  auto socket = NetlinkSocket::open(4 /* NETLINK_SOCK_DIAG */);
  ASSERT_TRUE(socket.has_value());
  auto by_diag = tcp_by_sock_diag(*socket, TcpState::established, {2223, 22, 2222});
  auto by_proc = tcp_by_proc("/proc", TcpState::established, {2223, 22, 2222});
  ASSERT_TRUE(by_diag.has_value() && by_proc.has_value());
  ASSERT_EQ(by_diag->size(), 2U);
  ASSERT_EQ(by_proc->size(), 2U);
  std::ranges::sort(*by_diag, {}, &SshConnection::peer);
  std::ranges::sort(*by_proc, {}, &SshConnection::peer);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*by_diag)[i].peer, (*by_proc)[i].peer);
    EXPECT_EQ((*by_diag)[i].peer_port, (*by_proc)[i].peer_port);
    EXPECT_EQ((*by_diag)[i].inode, (*by_proc)[i].inode);
    EXPECT_EQ((*by_diag)[i].own_port, (*by_proc)[i].own_port);
    EXPECT_NE((*by_diag)[i].inode, 0U);
  }
  // Without a port all of them; the listening ones are told apart.
  for (const auto& [state, ports, expected] :
       {std::tuple{TcpState::established, std::vector<uint16_t>{}, size_t{3}},
        std::tuple{TcpState::established, std::vector<uint16_t>{80}, size_t{1}},
        std::tuple{TcpState::established, std::vector<uint16_t>{22, 81, 2221, 2224}, size_t{0}},
        std::tuple{TcpState::listening, std::vector<uint16_t>{}, size_t{3}},
        std::tuple{TcpState::listening, std::vector<uint16_t>{2222, 80}, size_t{2}}}) {
    EXPECT_EQ(tcp_by_sock_diag(*socket, state, ports).value().size(), expected) << ports.size();
    EXPECT_EQ(tcp_by_proc("/proc", state, ports).value().size(), expected) << ports.size();
  }
}

}  // namespace
}  // namespace ipguard::enforce::testing
