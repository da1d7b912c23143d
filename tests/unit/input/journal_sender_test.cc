// Who may say what in the journal.
#include "input/journal_sender.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ipguard::input {
namespace {

using enum JournalField;
using Values = std::vector<std::pair<JournalField, std::string>>;

JournalEntry entry_of(const Values& values) {
  JournalEntry entry;
  for (const auto& [field, value] : values) {
    entry.take(field, value);
  }
  return entry;
}

struct SenderCase {
  const char* what;
  Values values;
  std::string program;  // "" = not trusted
  NamedSenders named = {};
};

TEST(JournalSender, WhoIsBelieved) {
  const std::vector<SenderCase> cases = {
      {"sshd of Debian",
       {{identifier, "sshd"}, {uid, "0"}, {comm, "sshd"}, {exe, "/usr/sbin/sshd"}, {unit, "ssh.service"}},
       "sshd"},
      {"sshd's session in the user's scope",
       {{identifier, "sshd"},
        {uid, "0"},
        {comm, "sshd"},
        {unit, "session-4.scope"},
        {cgroup, "/user.slice/user-1000.slice/session-4.scope"}},
       "sshd"},
      {"its unprivileged child",
       {{identifier, "sshd"}, {uid, "104"}, {comm, "sshd"}, {exe, "/usr/sbin/sshd"}, {unit, "ssh.service"}},
       "sshd"},
      {"a child that was gone when journald looked, by root", {{identifier, "sshd"}, {uid, "0"}}, "sshd"},
      {"a child that was gone when journald looked, by an account", {{identifier, "sshd"}, {uid, "104"}}, ""},

      {"logger -t sshd by a user",
       {{identifier, "sshd"}, {uid, "1000"}, {comm, "logger"}, {exe, "/usr/bin/logger"}, {unit, "session-4.scope"}},
       ""},
      {"with another name by prctl",
       {{identifier, "sshd"}, {uid, "1000"}, {comm, "sshd"}, {exe, "/home/u/x"}, {unit, "session-4.scope"}},
       ""},
      {"exec of the true one behind the message",
       {{identifier, "sshd"}, {uid, "1000"}, {comm, "sshd"}, {exe, "/usr/sbin/sshd"}, {unit, "session-4.scope"}},
       ""},
      {"a service of the user's own manager called so",
       {{identifier, "sshd"},
        {uid, "1000"},
        {comm, "x"},
        {unit, "user@1000.service"},
        {cgroup, "/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service"}},
       ""},
      {"a shell under sshd without pam_systemd",
       {{identifier, "sshd"}, {uid, "1000"}, {comm, "sshd"}, {unit, "ssh.service"}},
       ""},
      {"the same where the unit is named",
       {{identifier, "sshd"}, {uid, "1000"}, {comm, "sshd"}, {unit, "ssh.service"}},
       "",
       {.units = {"ssh.service"}}},
      {"the same where the identifier is named",
       {{identifier, "sshd"}, {uid, "1000"}, {unit, "session-4.scope"}},
       "",
       {.identifiers = {"sshd"}}},
      {"a socket-activated one",
       {{identifier, "sshd"}, {uid, "1000"}, {unit, "ssh@3-192.0.2.1:22-192.0.2.7:4242.service"}},
       ""},
      {"crontab of a user", {{identifier, "cron"}, {uid, "1000"}, {comm, "cron"}, {unit, "cron.service"}}, ""},
      {"nobody",
       {{identifier, "sshd"}, {uid, "65534"}, {comm, "sshd"}, {exe, "/usr/sbin/sshd"}, {unit, "x.service"}},
       ""},
      {"root of a user namespace", {{identifier, "sshd"}, {uid, "100000"}, {comm, "sshd"}}, ""},

      {"sudo by a user",
       {{identifier, "sudo"}, {uid, "1000"}, {comm, "sudo"}, {exe, "/usr/bin/sudo"}, {unit, "session-4.scope"}},
       ""},
      {"sudo by root", {{identifier, "sudo"}, {uid, "0"}, {comm, "sudo"}, {exe, "/usr/bin/sudo"}}, "sudo"},

      {"postfix",
       {{identifier, "postfix/smtpd"},
        {uid, "106"},
        {comm, "smtpd"},
        {exe, "/usr/lib/postfix/sbin/smtpd"},
        {unit, "postfix@-.service"}},
       "postfix/smtpd"},
      {"postfix, another instance",
       {{identifier, "postfix-in/submission/smtpd"},
        {uid, "106"},
        {comm, "smtpd"},
        {exe, "/usr/lib/postfix/sbin/smtpd"},
        {unit, "postfix@-.service"}},
       "postfix-in/submission/smtpd"},
      {"dovecot", {{identifier, "dovecot"}, {uid, "110"}, {comm, "imap-login"}, {unit, "dovecot.service"}}, "dovecot"},
      {"php-fpm of Debian",
       {{identifier, "php-fpm8.2"}, {uid, "33"}, {comm, "php-fpm8.2"}, {unit, "php8.2-fpm.service"}},
       "php-fpm8.2"},
      {"mariadb",
       {{identifier, "mariadbd"}, {uid, "112"}, {exe, "/usr/sbin/mariadbd"}, {unit, "mariadb.service"}},
       "mariadbd"},
      {"a perl daemon",
       {{identifier, "amavis"},
        {uid, "115"},
        {comm, "/usr/sbin/amavi"},
        {exe, "/usr/bin/perl"},
        {unit, "amavis.service"}},
       "amavis"},
      {"a binary that an upgrade replaced",
       {{identifier, "clamd"}, {uid, "116"}, {exe, "/usr/sbin/clamd (deleted)"}, {unit, "clamav-daemon.service"}},
       "clamd"},
      {"openvpn as nobody",
       {{identifier, "ovpn-server"}, {uid, "65534"}, {unit, "openvpn@server.service"}},
       "ovpn-server"},
      {"a DynamicUser", {{identifier, "adguard"}, {uid, "61300"}, {unit, "adguard.service"}}, "adguard"},
      {"a name of 15 bytes",
       {{identifier, "systemd-resolved"}, {uid, "101"}, {comm, "systemd-resolve"}},
       "systemd-resolved"},
      {"User=git, an ordinary account",
       {{identifier, "gitea"},
        {uid, "1001"},
        {comm, "gitea"},
        {unit, "gitea.service"},
        {cgroup, "/system.slice/gitea.service"}},
       "gitea"},
      {"which says to be another", {{identifier, "sshd"}, {uid, "1001"}, {comm, "sshd"}, {unit, "gitea.service"}}, ""},

      {"a web application in the name of sshd",
       {{identifier, "sshd"}, {uid, "33"}, {comm, "logger"}, {exe, "/usr/bin/logger"}, {unit, "apache2.service"}},
       ""},
      {"with prctl",
       {{identifier, "sshd"}, {uid, "33"}, {comm, "sshd"}, {exe, "/usr/sbin/apache2"}, {unit, "apache2.service"}},
       ""},
      {"with a program of its own",
       {{identifier, "sshd"}, {uid, "33"}, {comm, "sshd"}, {exe, "/tmp/sshd"}, {unit, "apache2.service"}},
       ""},
      {"a web application by its own name",
       {{identifier, "roundcube"},
        {uid, "33"},
        {comm, "php-fpm8.2"},
        {exe, "/usr/sbin/php-fpm8.2"},
        {unit, "php8.2-fpm.service"}},
       ""},
      {"which the administrator named",
       {{identifier, "roundcube"}, {uid, "33"}, {comm, "php-fpm8.2"}, {unit, "php8.2-fpm.service"}},
       "roundcube",
       {.identifiers = {"roundcube"}}},
      {"whose unit the administrator named",
       {{identifier, "roundcube"}, {uid, "33"}, {unit, "php8.2-fpm.service"}},
       "roundcube",
       {.units = {"php*-fpm.service"}}},
      {"sudo -u www-data in a session",
       {{identifier, "apache2"}, {uid, "33"}, {comm, "apache2"}, {exe, "/usr/sbin/apache2"}, {unit, "session-4.scope"}},
       ""},
      {"the user's manager, named",
       {{identifier, "app"},
        {uid, "1000"},
        {unit, "user@1000.service"},
        {cgroup, "/user.slice/user-1000.slice/user@1000.service"}},
       "app",
       {.units = {"user@1000.service"}}},

      {"the kernel", {{identifier, "kernel"}, {transport, "kernel"}}, "kernel"},
      {"the audit system", {{transport, "audit"}, {uid, "1000"}}, "audit"},
      {"journald", {{identifier, "systemd-journald"}, {transport, "driver"}}, "systemd-journald"},
      {"a user who says to be the kernel", {{identifier, "kernel"}, {transport, "syslog"}, {uid, "1000"}}, ""},
      {"nobody known", {{identifier, "sshd"}, {transport, "journal"}}, ""},
      {"an _UID that is none", {{identifier, "sshd"}, {uid, "root"}}, ""},

      {"root in a container with the host's socket",
       {{identifier, "sshd"},
        {uid, "0"},
        {comm, "sshd"},
        {unit, "docker-0123.scope"},
        {cgroup, "/system.slice/docker-0123.scope"}},
       ""},
      {"an account in a container",
       {{identifier, "nginx"}, {uid, "101"}, {comm, "nginx"}, {exe, "/usr/sbin/nginx"}, {cgroup, "/docker/0123"}},
       ""},
      {"the container's scope, named",
       {{identifier, "app"}, {uid, "0"}, {unit, "machine-web.scope"}, {cgroup, "/machine.slice/machine-web.scope"}},
       "app",
       {.units = {"machine-*.scope"}}},
      {"what a container prints, Docker",
       {{identifier, "0123456789ab"},
        {container_id, "0123456789ab"},
        {container_name, "web"},
        {transport, "journal"},
        {uid, "0"},
        {comm, "dockerd"},
        {unit, "docker.service"},
        {cgroup, "/system.slice/docker.service"}},
       "web"},
      {"what a container prints, with a tag",
       {{identifier, "shop"},
        {container_id, "0123456789ab"},
        {container_name, "web"},
        {uid, "0"},
        {comm, "dockerd"},
        {cgroup, "/system.slice/docker.service"}},
       "shop"},
      {"what a container prints, Podman",
       {{identifier, "web"},
        {container_id, "0123"},
        {container_name, "web"},
        {uid, "0"},
        {comm, "conmon"},
        {cgroup, "/machine.slice/libpod-conmon-0123.scope"}},
       "web"},
      {"a user's container",
       {{identifier, "web"}, {container_name, "web"}, {uid, "1000"}, {comm, "conmon"}, {unit, "user@1000.service"}},
       ""},

      {"standard output",
       {{identifier, "vaultwarden"}, {transport, "stdout"}, {uid, "998"}, {unit, "vaultwarden.service"}},
       "vaultwarden"},
      {"standard output under an interpreter's name",
       {{identifier, "node"},
        {transport, "stdout"},
        {uid, "998"},
        {exe, "/usr/bin/node"},
        {unit, "uptime-kuma.service"}},
       "uptime-kuma"},
      {"standard output under an interpreter's name, by root",
       {{identifier, "python3.11"}, {transport, "stdout"}, {uid, "0"}, {unit, "calibre-web.service"}},
       "calibre-web"},
      {"standard output of a user, who may write anything there",
       {{identifier, "sshd"}, {transport, "stdout"}, {uid, "1000"}, {comm, "cat"}, {unit, "session-4.scope"}},
       ""},
      {"no identifier", {{uid, "998"}, {comm, "x"}, {unit, "grafana.service"}}, "grafana"},
      {"a name without letters", {{identifier, "1234"}, {uid, "998"}, {comm, "5678"}, {unit, "42.service"}}, ""},
  };
  for (const auto& [what, values, program, named] : cases) {
    const auto entry = entry_of(values);
    const auto got = attribute(entry, named);
    EXPECT_EQ(got.trusted, !program.empty()) << what;
    if (got.trusted) {
      EXPECT_EQ(got.program, program) << what;
    } else {
      EXPECT_FALSE(got.program.empty()) << what;
    }
  }
}

TEST(JournalSender, TwoIdentifiersAreNobodys) {
  EXPECT_FALSE(
      attribute(entry_of({{identifier, "gitea"}, {identifier, "sshd"}, {uid, "998"}, {unit, "gitea.service"}}), {})
          .trusted);
  EXPECT_TRUE(
      attribute(entry_of({{identifier, "gitea"}, {identifier, "gitea"}, {uid, "998"}, {unit, "gitea.service"}}), {})
          .trusted);
  EXPECT_EQ(attribute(entry_of({{identifier, "a"}, {identifier, "b"}, {uid, "0"}}), {}).program, "a");
}

TEST(JournalSender, NamesOfOneService) {
  EXPECT_TRUE(is_same_service("sshd", "ssh"));
  EXPECT_TRUE(is_same_service("php-fpm8.2", "php8.2-fpm"));
  EXPECT_TRUE(is_same_service("Apache2", "apache"));
  EXPECT_FALSE(is_same_service("sshd", "sshguard"));
  EXPECT_FALSE(is_same_service("", ""));
  EXPECT_FALSE(is_same_service("8", "9"));
  EXPECT_FALSE(is_same_service("postfix", "post"));
}

TEST(JournalEntry, IsReused) {
  auto entry = entry_of({{identifier, "a"}, {identifier, "b"}, {message, "x"}});
  EXPECT_TRUE(entry.has_many_identifiers());
  entry.clear();
  EXPECT_FALSE(entry.has_many_identifiers());
  EXPECT_EQ(entry[message], "");
  entry.take(identifier, "");
  entry.take(identifier, "b");
  EXPECT_TRUE(entry.has_many_identifiers()) << "an empty one counts";
}

TEST(JournalEntry, NamesOfFields) {
  EXPECT_EQ(journal_field("MESSAGE"), message);
  EXPECT_EQ(journal_field("_SOURCE_REALTIME_TIMESTAMP"), source_time);
  EXPECT_EQ(journal_field("_UID"), uid);
  EXPECT_EQ(journal_field("UID"), std::nullopt);
  EXPECT_EQ(journal_field("_MESSAGE"), std::nullopt);
}

}  // namespace
}  // namespace ipguard::input
