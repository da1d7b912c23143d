// Lines of a syslog daemon, in the forms that its files have:
//
//   [<PRI>]Mmm dd [YYYY ]hh:mm:ss HOST PROGRAM[PID]: MESSAGE      RFC 3164 4.1, "traditional" files
//   [<PRI>][Www ]Mmm dd hh:mm:ss[.FRAC][ YYYY] HOST PROGRAM[PID]: …  logread, journalctl -o short-precise
//   [<PRI>]2020-02-25T04:30:17.123456+01:00 HOST PROGRAM[PID]: …  rsyslog's default since Debian 12
//   [<PRI>]1 STAMP HOST PROGRAM PID MSGID [SD]|- MESSAGE          RFC 5424
//
// HOST may be missing (busybox), a "facility.level" word may precede the program or, in angle brackets, the host
// (busybox, socklog, syslog-ng), and Solaris puts "[ID 800047 auth.info] " before the message. Tags are also written
// "PROGRAM[PID] " (proftpd) and "PROGRAM [PID]: " (sogod). Everything up to the message is written by the daemon. A
// line without a tag is not syslog's: app.cc. Nor is one with a stamp that many applications write, too (a blank in an
// ISO stamp, a fraction or a year behind the time of day), whose tag has no process id and that has no such word.
//
// A tag may be the program's path.
//
// The message of an HTTP server's program may be a line of its access or error log: then the event is that line's.
//
// And the bare message, as the journal holds it, "PROGRAM[PID]: " or "HOST PROGRAM[PID]: " before it or not.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/formats.h"
#include "match/formats/record.h"
#include "match/formats/request.h"
#include "match/formats/wrapped.h"
#include "match/timestamp.h"
#include "model/line.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::longest_program;
using model::RawLine;

constexpr size_t longest_pid = 20;

struct Tag {
  std::string_view program;
  std::string_view pid;
  size_t length = 0;  // with the colon
};

bool is_tag_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '/' || c == '(' || c == ')' || c == '+' || c == '@';
}

// "sshd[12]:", "nginx:", "postfix/smtpd[3]:", "pop(pam_unix)[4]:" at the beginning of `text`.
std::optional<Tag> parse_tag(std::string_view text) {
  size_t position = 0;
  while (position < text.size() && position <= longest_program && is_tag_char(text[position])) {
    ++position;
  }
  if (position == 0 || position > longest_program) {
    return std::nullopt;
  }
  Tag tag;
  tag.program = text.substr(0, position);
  if (text.substr(position, 1) == "[") {
    const size_t begin = ++position;
    while (position < text.size() && position - begin <= longest_pid && is_digit(text[position])) {
      ++position;
    }
    if (position == begin || text.substr(position, 1) != "]") {
      return std::nullopt;
    }
    tag.pid = text.substr(begin, position - begin);
    ++position;
  }
  if (text.substr(position, 1) != ":") {
    return std::nullopt;
  }
  tag.length = position + 1;
  return tag;
}

// "auth.info", the facility and level names of syslog.conf(5).
bool is_facility_and_level(std::string_view word) {
  static constexpr std::array<std::string_view, 12> facilities = {"auth", "authpriv", "cron", "daemon", "ftp",  "kern",
                                                                  "lpr",  "mail",     "news", "syslog", "user", "uucp"};
  static constexpr std::array<std::string_view, 11> levels = {"debug", "info", "notice", "warn",  "warning", "err",
                                                              "error", "crit", "alert",  "emerg", "panic"};
  const size_t dot = word.find('.');
  if (dot == std::string_view::npos) {
    return false;
  }
  const auto facility = word.substr(0, dot);
  const bool local = facility.size() == 6 && facility.starts_with("local") && is_digit(facility[5]);
  return (local || std::ranges::find(facilities, facility) != facilities.end()) &&
         std::ranges::find(levels, word.substr(dot + 1)) != levels.end();
}

// "authpriv.warning" with a colon, and some air.
constexpr size_t longest_facility_and_level = 20;

// Skips a "facility.level" word, in angle brackets, with a colon behind it, or alone.
std::string_view skip_facility(std::string_view rest) {
  const size_t blank = rest.find(' ');
  if (blank > longest_facility_and_level) {  // or npos
    return rest;
  }
  auto word = rest.substr(0, blank);
  if (word.starts_with('<') && word.ends_with('>')) {
    word = word.substr(1, word.size() - 2);
  } else if (word.ends_with(':')) {
    word.remove_suffix(1);
  }
  return is_facility_and_level(word) ? skip_blanks(rest.substr(blank)) : rest;
}

// Solaris: "[ID 800047 auth.info] ".
std::string_view skip_message_id(std::string_view message) {
  const size_t end = message.find("] ");
  if (!message.starts_with("[ID ") || end == std::string_view::npos || end > 40) {
    return message;
  }
  const auto words = message.substr(4, end - 4);
  const size_t blank = words.find(' ');
  if (blank == std::string_view::npos || !all_digits(words.substr(0, blank)) ||
      !is_facility_and_level(words.substr(blank + 1))) {
    return message;
  }
  return message.substr(end + 2);
}

// <PRI>, RFC 3164 4.1.1.
std::string_view skip_priority(std::string_view text) {
  const size_t end = text.substr(0, 5).find('>');
  if (!text.starts_with('<') || end == std::string_view::npos || !all_digits(text.substr(1, end - 1))) {
    return text;
  }
  return text.substr(end + 1);
}

// "proftpd[12] " and "sogod [12]: ".
std::optional<Tag> parse_odd_tag(std::string_view text, bool behind_host) {
  size_t name = 0;
  while (name < text.size() && name <= longest_program && is_tag_char(text[name])) {
    ++name;
  }
  const bool apart = text.substr(name, 2) == " [";
  const size_t begin = name + (apart ? 2 : 1);
  if (name == 0 || name > longest_program || (!apart && (!behind_host || text.substr(name, 1) != "["))) {
    return std::nullopt;
  }
  const size_t end = text.find(']', begin);
  if (end == std::string_view::npos || end - begin > longest_pid || !all_digits(text.substr(begin, end - begin)) ||
      text.substr(end + 1, apart ? 2 : 1) != (apart ? ": " : " ")) {
    return std::nullopt;
  }
  return Tag{text.substr(0, name), text.substr(begin, end - begin), end + 2};
}

// The tag at the beginning of `text`; one with neither process id nor blank behind it only where a host precedes.
std::optional<Tag> find_tag(std::string_view text, bool behind_host) {
  auto tag = parse_tag(text);
  if (tag && !behind_host && tag->pid.empty() && text.substr(tag->length, 1) != " ") {
    tag.reset();
  }
  return tag ? tag : parse_odd_tag(text, behind_host);
}

// Whether `word` can be a host name in front of the program.
bool is_host(std::string_view word) {
  if (word.empty() || word.size() > 255) {
    return false;
  }
  return std::ranges::none_of(word, [](char c) { return c < '!' || c > '~' || c == '[' || c == ']'; });
}

struct SyslogStamp {
  StampPrefix stamp;
  bool of_applications = false;  // they write such stamps, too
};

// Whether a stamp of RFC 3164 goes on behind its time of day: with a fraction, or with the year.
bool may_go_on(std::string_view behind_stamp) {
  constexpr size_t year_digits = 4;
  return behind_stamp.starts_with('.') ||
         (behind_stamp.starts_with(' ') && all_digits(behind_stamp.substr(1, year_digits)));
}

std::optional<SyslogStamp> parse_stamp(std::string_view text, const StampClock& clock) {
  const auto usual = parse_rfc3164_stamp(text, clock);
  if (usual && !may_go_on(text.substr(usual->length))) {
    return SyslogStamp{*usual};
  }
  if (const auto stamp = parse_iso_stamp(text, clock)) {
    return SyslogStamp{*stamp, has_blank_stamp(text)};
  }
  const auto extended = parse_extended_syslog_stamp(text, clock);
  if (extended && text.substr(extended->length, 1) == " ") {
    return SyslogStamp{*extended, true};
  }
  if (usual) {
    return SyslogStamp{*usual};
  }
  const auto dated = parse_dated_syslog_stamp(text, clock);
  return dated ? std::optional(SyslogStamp{*dated}) : std::nullopt;
}

// "/usr/sbin/sshd" as "sshd": programs that do not name themselves are logged by their path.
std::string_view without_folder(std::string_view program) {
  return program.starts_with('/') ? program.substr(program.rfind('/') + 1) : program;
}

// What program, pid and message say, or what the message is.
void fill_tagged(const Tag& tag, std::string_view text, const RawLine& line, const ParseContext& context,
                 Event& event) {
  const auto message = skip_message_id(skip_blanks(text.substr(tag.length)));
  if (is_server_program(tag.program)) {
    Event inner;
    if (parse_server_message(line, message, true, event.time, context, inner)) {
      inner[Field::program] = tag.program;
      if (inner[Field::pid].empty()) {
        inner[Field::pid] = tag.pid;
      }
      event = inner;
      return;
    }
  }
  event[Field::program] = without_folder(tag.program);
  event[Field::pid] = tag.pid;
  event[Field::message] = message;
  attach_record(message, *context.scratch, event);
}

// The end of RFC 5424's STRUCTURED-DATA (6.3), which begins `text`; npos if it is none.
size_t structured_data_end(std::string_view text) {
  size_t position = text.starts_with('-') ? 1 : 0;
  while (position < text.size() && text[position] == '[') {
    bool quoted = false;
    for (++position; position < text.size() && (quoted || text[position] != ']'); ++position) {
      if (text[position] == '"') {
        quoted = !quoted;
      } else if (quoted && text[position] == '\\') {
        ++position;
      }
    }
    ++position;
  }
  return position == 0 || position > text.size() ? std::string_view::npos : position;
}

std::string_view take_word(std::string_view& rest) {
  const size_t blank = rest.find(' ');
  const auto word = rest.substr(0, blank);
  rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
  return word;
}

// Behind the priority and "1 ".
bool parse_rfc5424(const LogFormat& format, std::string_view text, const RawLine& line, const ParseContext& context,
                   Event& event) {
  auto rest = text;
  const auto stamp_text = take_word(rest);
  const auto stamp = parse_iso_stamp(stamp_text, context.clock());
  if ((!stamp || stamp->length != stamp_text.size()) && stamp_text != "-") {
    return false;
  }
  const auto body = rest;
  const auto host = take_word(rest);
  if (!is_host(host)) {
    return false;
  }
  Tag tag;
  tag.program = take_word(rest);
  tag.pid = take_word(rest);
  const auto message_id = take_word(rest);
  const size_t end = structured_data_end(rest);
  if (tag.program.empty() || tag.pid.empty() || message_id.empty() || end == std::string_view::npos ||
      (end < rest.size() && rest[end] != ' ')) {
    return false;
  }
  rest.remove_prefix(end);
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (rest.starts_with(' ') && rest.substr(1).starts_with(byte_order_mark)) {
    rest.remove_prefix(1 + byte_order_mark.size());
  }
  tag.program = tag.program == "-" ? std::string_view{} : tag.program;
  tag.pid = all_digits(tag.pid) ? tag.pid : std::string_view{};
  reset_event(format, event);
  event.time = stamp ? std::optional(stamp->time) : std::nullopt;
  event.host = host;
  event[Field::body] = body;
  fill_tagged(tag, rest, line, context, event);
  return true;
}

class Syslog final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "syslog"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::syslog; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    if (line.truncated) {
      return false;  // messages are read by their end
    }
    const auto text = skip_priority(line.text);
    if (text.starts_with("1 ")) {
      return parse_rfc5424(*this, text.substr(2), line, context, event);
    }
    const auto found = parse_stamp(text, context.clock());
    if (!found || text.substr(found->stamp.length, 1) != " ") {
      return false;
    }
    const auto body = skip_blanks(text.substr(found->stamp.length));
    if (is_contained(body)) {
      return false;
    }
    auto rest = skip_facility(body);
    bool has_facility = rest.size() < body.size();
    std::string_view host;
    auto tag = find_tag(rest, false);
    if (!tag) {
      const size_t blank = rest.find(' ');
      if (blank == std::string_view::npos || !is_host(rest.substr(0, blank))) {
        return false;
      }
      host = rest.substr(0, blank);
      const auto behind_host = skip_blanks(rest.substr(blank));
      rest = skip_facility(behind_host);
      has_facility = has_facility || rest.size() < behind_host.size();
      tag = find_tag(rest, true);
    }
    if (!tag || (tag->pid.empty() && !has_facility && found->of_applications)) {
      return false;
    }
    reset_event(*this, event);
    event.time = found->stamp.time;
    event.host = host;
    event[Field::body] = body;
    fill_tagged(*tag, rest, line, context, event);
    return true;
  }
};

class BareMessage final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "message"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::message; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    if (line.truncated || line.text.empty()) {
      return false;
    }
    event = Event{};  // the format's name stays empty: nothing was recognised
    const auto text = line.text;
    event[Field::body] = text;
    auto rest = text;
    auto tag = parse_tag(rest);
    if (!tag || tag->pid.empty()) {
      const size_t blank = text.find(' ');
      const bool has_host = blank != std::string_view::npos && is_host(text.substr(0, blank));
      rest = has_host ? text.substr(blank + 1) : std::string_view{};
      tag = parse_tag(rest);
    }
    if (tag && !tag->pid.empty()) {
      fill_tagged(*tag, rest, line, context, event);
    } else {
      event[Field::message] = text;
      attach_record(text, *context.scratch, event);
    }
    return true;
  }
};

}  // namespace

const LogFormat& syslog_format() {
  static const Syslog format;
  return format;
}

const LogFormat& bare_message_format() {
  static const BareMessage format;
  return format;
}

}  // namespace ipguard::match
