// "syslog" and "message", and the table of formats.
#include <fstream>

#include "format_fixture.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;
using namespace std::string_view_literals;

class SyslogFormats : public FormatTest {};

TEST_F(SyslogFormats, Lines) {
  const struct {
    std::string_view line;
    std::string_view program;
    std::string_view pid;
    std::string_view message;
  } cases[] = {
      {"Feb 25 04:30:17 host sshd[123]: Failed password for root", "sshd", "123", "Failed password for root"},
      {"<38>Feb  5 04:30:17 host sshd-session[123]: x", "sshd-session", "123", "x"},
      {"2020-02-25T04:30:17.123456+01:00 host CRON[9]: (root) CMD (x)", "CRON", "9", "(root) CMD (x)"},
      {"2020-02-25 04:30:17.123456+0000 host sshd[9]: x", "sshd", "9", "x"},
      {"Feb 25 04:30:17 host nginx: a: b[1]: c", "nginx", "", "a: b[1]: c"},
      {"Feb 25 04:30:17 host postfix/smtpd[7]: x", "postfix/smtpd", "7", "x"},
      {"Feb 25 04:30:17 host pop(pam_unix)[49]: authentication failure", "pop(pam_unix)", "49",
       "authentication failure"},
      {"Feb 25 04:30:17 host (systemd)[1]: x", "(systemd)", "1", "x"},
      {"Feb 25 04:30:17 2001:db8::1 sshd[123]: x", "sshd", "123", "x"},
      {"Feb 25 04:30:17 host su: x", "su", "", "x"},
      {"Feb 25 04:30:17 host sshd[123]:  two blanks", "sshd", "123", "two blanks"},
      {"Feb 25 04:30:17 host sshd[123]:", "sshd", "123", ""},
      // without a host
      {"Feb 25 04:30:17 sshd[123]: x", "sshd", "123", "x"},
      {"Feb 25 04:30:17 nginx: x", "nginx", "", "x"},
      // with facility and level
      {"Feb 25 04:30:17 host auth.info sshd[123]: x", "sshd", "123", "x"},
      {"2020-02-25T04:30:17.46667 auth.info: sshd[123]:  x", "sshd", "123", "x"},
      {"Feb 25 04:30:17 host sshd[123]: [ID 800047 auth.info] x", "sshd", "123", "x"},
      {"Feb 25 04:30:17 host sshd[123]: [ID 800047 nothing] x", "sshd", "123", "[ID 800047 nothing] x"},
      {"Oct 27 2015 12:35:40 host screensharingd[1170]: x", "screensharingd", "1170", "x"},
      {"Feb 25 04:30:17 <mail.notice> host sm-mta[2]: x", "sm-mta", "2", "x"},
      {"Sun Mar  3 10:11:12 2024 authpriv.warn dropbear[3]: x", "dropbear", "3", "x"},
      {"Sun Mar  3 10:11:12 2024 kern.warn kernel: x", "kernel", "", "x"},
      {"Mar  3 10:11:12 2024 host sshd[9]: x", "sshd", "9", "x"},
      {"Sun Mar  3 10:11:12 2024 host sshd[9]: x", "sshd", "9", "x"},
      {"Mar  3 10:11:12.123 host sshd[9]: x", "sshd", "9", "x"},
      {"Mar 03 10:11:12.123456 host sshd[9]: x", "sshd", "9", "x"},
      // tags of other forms
      {"Mar  3 10:11:12 host /usr/sbin/sshd[3]: x", "sshd", "3", "x"},
      {"Feb 25 04:30:17 host proftpd[12] host (a[192.0.2.7]): x", "proftpd", "12", "host (a[192.0.2.7]): x"},
      {"Feb 25 04:30:17 sogod [26818]: x", "sogod", "26818", "x"},
      {"Feb 25 04:30:17 host sogod [26818]: x", "sogod", "26818", "x"},
      // RFC 5424
      {"<34>1 2020-02-25T04:30:17.003Z host su 12 ID47 - 'su root' failed", "su", "12", "'su root' failed"},
      {R"(<34>1 2020-02-25T04:30:17+01:00 host sshd 12 - [a@1 b="c \" ] d"][e] x: y)", "sshd", "12", "x: y"},
      {"1 2020-02-25T04:30:17Z host sshd - - - \xef\xbb\xbfx", "sshd", "", "x"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(recognise_line(test.line), "syslog") << test.line;
    EXPECT_EQ(event_.kind, LogKind::syslog);
    EXPECT_EQ(field(Field::program), test.program) << test.line;
    EXPECT_EQ(field(Field::pid), test.pid) << test.line;
    EXPECT_EQ(field(Field::message), test.message) << test.line;
    EXPECT_EQ(address(), "none");
    EXPECT_TRUE(event_.time.has_value());
  }
}

TEST_F(SyslogFormats, RefusesOtherLines) {
  for (const std::string_view line :
       {"", "Feb 25 04:30:17", "Feb 25 04:30:17 ", "Feb 31 04:30:17 host sshd[1]: x", "Feb 25 04:30:17host sshd[1]: x",
        "<x>Feb 25 04:30:17 host sshd[1]: x", "host sshd[1]: x", "2020-02-25T04:30:17.+01:00 host a: b",
        // no tag, or what a message says
        "Feb 25 04:30:17 host", "Feb 25 04:30:17 host last message repeated 3 times",
        "Feb 25 04:30:17 host sshd[12x]: x", "Feb 25 04:30:17 host app login of sshd[1]: x",
        // an application's stamp, and a word with a colon
        "2020-02-25 04:30:17 WARNING: x", "2020-02-25 04:30:17 host app: x",
        // a container's
        "2020-02-25T04:30:17Z stdout F sshd[1]: x", "<34>1 2020-02-25T04:30:17Z host su 12 ID47 [a b=\"c] x",
        "<34>1 2020-02-25T04:30:17Z host su 12 ID47", "<34>1 yesterday host su 12 ID47 - x"}) {
    EXPECT_FALSE(parse_as("syslog", line)) << line;
  }
}

TEST_F(SyslogFormats, BodyIsAllBehindTheStamp) {
  ASSERT_TRUE(parse_as("syslog", "Feb 25 04:30:17 host sshd[1]:  x y"));
  EXPECT_EQ(field(Field::body), "host sshd[1]:  x y");
  ASSERT_TRUE(parse_as("message", "host sshd[1]: x"));
  EXPECT_EQ(field(Field::body), "host sshd[1]: x");
  ASSERT_TRUE(parse_as("syslog", "<34>1 2020-02-25T04:30:17Z host su 12 - - x"));
  EXPECT_EQ(field(Field::body), "host su 12 - - x");
}

TEST_F(SyslogFormats, RecordsInMessages) {
  ASSERT_TRUE(parse_as("syslog", R"(Feb 25 04:30:17 host app[1]: {"ip":"192.0.2.7","n":{"a":1}})"));
  EXPECT_EQ(event_.kind, LogKind::syslog);
  ASSERT_EQ(event_.record.size(), 2U);
  EXPECT_EQ(event_.record[1].name, "n.a");
  ASSERT_TRUE(parse_as("syslog", R"(Feb 25 04:30:17 host app[1]: {"ip":"192.0.2.7"} more)"));
  EXPECT_TRUE(event_.record.empty());
}

TEST_F(SyslogFormats, CutMessagesAreNotRead) {
  EXPECT_EQ(recognise_line("Feb 25 04:30:17 host sshd[1]: Invalid user x from 192.0.2.7", true), "none");
  EXPECT_FALSE(parse_as("message", "Invalid user x from 192.0.2.7", true));
}

TEST_F(SyslogFormats, BareMessages) {
  const struct {
    std::string_view line;
    std::string_view program;
    std::string_view pid;
    std::string_view message;
  } cases[] = {
      {"Failed password for root from 192.0.2.7", "", "", "Failed password for root from 192.0.2.7"},
      {"sshd[12]: Failed password", "sshd", "12", "Failed password"},
      {"host sshd[12]: Failed password", "sshd", "12", "Failed password"},
      {"error: PAM: x", "", "", "error: PAM: x"},  // a word with a colon is no program here
      {"host sshd: x", "", "", "host sshd: x"},
      {"a b sshd[12]: x", "", "", "a b sshd[12]: x"},
      {"\x1b[31m sshd[12]: x", "", "", "\x1b[31m sshd[12]: x"},
  };
  for (const auto& test : cases) {
    ASSERT_TRUE(parse_as("message", test.line)) << test.line;
    EXPECT_EQ(event_.format, "");
    EXPECT_EQ(event_.kind, LogKind::message);
    EXPECT_EQ(field(Field::program), test.program) << test.line;
    EXPECT_EQ(field(Field::pid), test.pid) << test.line;
    EXPECT_EQ(field(Field::message), test.message) << test.line;
    EXPECT_FALSE(event_.time.has_value());
  }
  EXPECT_FALSE(parse_as("message", ""));
}

TEST_F(SyslogFormats, RealLogOfSshd) {
  std::ifstream file(IPGUARD_SHARED_DIR "/corpus/logs/OpenSSH_2k.log", std::ios::binary);
  if (!file) {
    GTEST_SKIP() << "the shared corpus is not here";
  }
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    ASSERT_EQ(recognise_line(line), "syslog") << line;
    ASSERT_EQ(field(Field::program), "sshd") << line;
    ASSERT_FALSE(field(Field::pid).empty()) << line;
    ASSERT_FALSE(field(Field::message).empty()) << line;
  }
  EXPECT_EQ(lines, 2000U);
}

TEST_F(SyslogFormats, FormatsByName) {
  for (const auto* format : all_formats()) {
    EXPECT_EQ(find_format(format->name()), format);
  }
  EXPECT_EQ(all_formats().size(), 15U);
  EXPECT_EQ(find_format("message"), &bare_message_format());
  EXPECT_EQ(find_format("auto"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

TEST_F(SyslogFormats, HintsAreOnlyHints) {
  const auto access = R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 200 1)"sv;
  for (const auto* hint : all_formats()) {
    EXPECT_EQ(recognise_line("Feb 25 04:30:17 host sshd[1]: x", false, hint), "syslog");
    EXPECT_EQ(recognise_line(access, false, hint), "combined");
  }
  EXPECT_EQ(recognise_line(access, false, &bare_message_format()), "combined");
}

TEST_F(SyslogFormats, ApplicationsAreNotLookedForInAccessLogs) {
  const auto line = "2020-02-25 04:30:17 x"sv;
  for (const auto* hint : all_formats()) {
    const auto name = hint->name();
    const bool may_be = name == "app" || name == "logfmt" || name == "syslog" || name == "json" || name == "container";
    EXPECT_EQ(recognise_line(line, false, hint), may_be ? "app" : "none") << name;
  }
  EXPECT_EQ(recognise_line(line), "app");
  EXPECT_EQ(recognise_line(line, false, find_format("combined"), true), "app");
}

TEST_F(SyslogFormats, ClientsWordsDoNotMoveAnApplicationsLine) {
  const auto* app = find_format("app");
  const auto forged_syslog = "2020-02-25 04:30:17 bob sshd[1]: Failed password for root from 192.0.2.66 port 1 ssh2"sv;
  const auto forged_access = R"(2020-02-25 04:30:17 bob [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 200 1)"sv;
  EXPECT_EQ(recognise_line(forged_syslog, false, app), "app");
  EXPECT_EQ(recognise_line(forged_access, false, app), "app");
  // A syslog line that follows is still one.
  EXPECT_EQ(recognise_line("Feb 25 04:30:17 host sshd[1]: x", false, app), "syslog");
}

}  // namespace
}  // namespace ipguard::match
