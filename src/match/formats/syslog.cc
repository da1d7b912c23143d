// Lines of a syslog daemon, in the forms that its files have:
//
//   [<PRI>]Mmm dd hh:mm:ss HOST PROGRAM[PID]: MESSAGE             RFC 3164 4.1, "traditional" files
//   [<PRI>]2020-02-25T04:30:17.123456+01:00 HOST PROGRAM[PID]: …  rsyslog's default since Debian 12
//
// HOST may be missing (busybox), a "facility.level" word may precede the program (busybox, socklog), and Solaris puts
// "[ID 800047 auth.info] " before the message. Everything up to the message is written by the daemon. And the bare
// message, as the journal holds it, "PROGRAM[PID]: " or "HOST PROGRAM[PID]: " before it or not.
#include <algorithm>
#include <array>

#include "match/formats/formats.h"
#include "match/formats/request.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

struct Tag {
  std::string_view program;
  std::string_view pid;
  size_t length = 0;  // with the colon
};

bool is_tag_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '.' ||
         c == '/' || c == '(' || c == ')' || c == '+' || c == '@';
}

// "sshd[12]:", "nginx:", "postfix/smtpd[3]:", "pop(pam_unix)[4]:" at the beginning of `text`.
std::optional<Tag> parse_tag(std::string_view text) {
  constexpr size_t longest_program = 64;
  constexpr size_t longest_pid = 20;
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

std::string_view skip_blanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
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

// Skips a "facility.level" word, a colon behind it or not.
std::string_view skip_facility(std::string_view rest) {
  const size_t blank = rest.find(' ');
  if (blank > longest_facility_and_level) {  // or npos
    return rest;
  }
  auto word = rest.substr(0, blank);
  if (word.ends_with(':')) {
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

void fill_tagged(const Tag& tag, std::string_view text, Event& event) {
  event[Field::program] = tag.program;
  event[Field::pid] = tag.pid;
  event[Field::message] = skip_message_id(skip_blanks(text.substr(tag.length)));
}

// Whether `word` can be a host name in front of the program.
bool is_host(std::string_view word) {
  if (word.empty() || word.size() > 255) {
    return false;
  }
  return std::ranges::none_of(word, [](char c) { return c < '!' || c > '~' || c == '[' || c == ']'; });
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
    auto stamp = parse_rfc3164_stamp(text, context.now);
    if (!stamp) {
      stamp = parse_iso_stamp(text);
    }
    if (!stamp || text.substr(stamp->length, 1) != " ") {
      return false;
    }
    reset_event(*this, event);
    event.time = stamp->time;
    auto rest = skip_facility(skip_blanks(text.substr(stamp->length)));
    // Without a host the program comes first.
    if (const auto tag = parse_tag(rest); tag && (!tag->pid.empty() || rest.substr(tag->length, 1) == " ")) {
      fill_tagged(*tag, rest, event);
      return true;
    }
    const size_t blank = rest.find(' ');
    if (blank == std::string_view::npos || !is_host(rest.substr(0, blank))) {
      return false;
    }
    rest = skip_facility(skip_blanks(rest.substr(blank)));
    if (const auto tag = parse_tag(rest)) {
      fill_tagged(*tag, rest, event);
    } else {
      event[Field::message] = rest;  // "last message repeated 3 times", "-- MARK --"
    }
    return true;
  }
};

class BareMessage final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "message"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::message; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& /*context*/, Event& event) const override {
    if (line.truncated || line.text.empty()) {
      return false;
    }
    event = Event{};  // the format's name stays empty: nothing was recognised
    const auto text = line.text;
    if (const auto tag = parse_tag(text); tag && !tag->pid.empty()) {
      fill_tagged(*tag, text, event);
      return true;
    }
    const size_t blank = text.find(' ');
    if (blank != std::string_view::npos && is_host(text.substr(0, blank))) {
      const auto rest = text.substr(blank + 1);
      if (const auto tag = parse_tag(rest); tag && !tag->pid.empty()) {
        fill_tagged(*tag, rest, event);
        return true;
      }
    }
    event[Field::message] = text;
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
