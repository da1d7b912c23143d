#include "input/syslog_framing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"

namespace ipguard::input {
namespace {

constexpr size_t longest_length = 8;  // digits: a hundred megabytes are no message

// The length that begins `text`, with how many bytes it takes up to the message's '<'.
struct Length {
  enum class Verdict : uint8_t { none, open, found };
  Verdict verdict = Verdict::none;
  uint64_t bytes = 0;
  size_t width = 0;
};

Length parse_length(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > longest_length || (digits > 0 && text[0] == '0')) {
    return {};
  }
  if (digits == text.size()) {
    return {.verdict = Length::Verdict::open};
  }
  if (digits == 0 || text[digits] != ' ') {
    return {};
  }
  if (digits + 1 == text.size()) {
    return {.verdict = Length::Verdict::open};
  }
  if (text[digits + 1] != '<') {
    return {};
  }
  return {.verdict = Length::Verdict::found, .bytes = *parse_number(text.substr(0, digits)), .width = digits + 1};
}

// Behind "<PRI>" (RFC 5424 6.2.1: one to three digits); 0 if there is none.
size_t priority_length(std::string_view message) {
  const size_t end = message.substr(0, 5).find('>');
  return message.starts_with('<') && end != std::string_view::npos && all_digits(message.substr(1, end - 1)) ? end + 1
                                                                                                             : 0;
}

// "Oct 11 22:14:15", "Thu Oct 11 …", "2003-10-11T22:14:15.003Z", or RFC 5424's version "1 ". What comes of it is the
// formats' business.
bool may_begin_with_stamp(std::string_view text) {
  static constexpr std::array<std::string_view, 19> words = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                                             "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue",
                                                             "Wed", "Thu", "Fri", "Sat", "Sun"};
  if (text.size() > 3 && text[3] == ' ' && std::ranges::find(words, text.substr(0, 3)) != words.end()) {
    return true;
  }
  const bool year = text.size() > 4 && all_digits(text.substr(0, 4)) && (text[4] == '-' || text[4] == ' ');
  return year || text.starts_with("1 ");
}

// "sshd[7]: " at the beginning of `text`, or "sshd: ".
struct Tag {
  std::string_view program = "-";
  std::string_view pid = "-";
  size_t length = 0;
};

Tag parse_tag(std::string_view text) {
  constexpr size_t longest = 48;  // APP-NAME, RFC 5424 6
  const size_t name = std::min(text.find_first_of("[: "), text.size());
  if (name == 0 || name > longest || name == text.size() || text[name] == ' ') {
    return {};
  }
  Tag tag{.program = text.substr(0, name)};
  size_t end = name;
  if (text[name] == '[') {
    end = text.find(']', name);
    if (end == std::string_view::npos || end - name > longest || !all_digits(text.substr(name + 1, end - name - 1))) {
      return {};
    }
    tag.pid = text.substr(name + 1, end - name - 1);
    ++end;
  }
  if (text.substr(end, 1) != ":") {
    return {};
  }
  tag.length = end + (text.substr(end, 2) == ": " ? 2 : 1);
  return tag;
}

void append_harmless(std::string_view text, std::string& line) {
  constexpr std::string_view harmful("\n\0", 2);
  while (!text.empty()) {
    const size_t good = std::min(text.find_first_of(harmful), text.size());
    line.append(text.substr(0, good));
    if (good < text.size()) {
      line.append(text[good] == '\n' ? "#012" : "#000");
    }
    text.remove_prefix(std::min(good + 1, text.size()));
  }
}

}  // namespace

SyslogFramer::SyslogFramer(size_t max_message) : max_message_(std::max<size_t>(max_message, 1)) {}

void SyslogFramer::feed(std::string_view bytes, const Emit& emit) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::beginning:
        bytes = begin(bytes);
        break;
      case State::counted:
        bytes = take_counted(bytes, emit);
        break;
      case State::line:
        bytes = take_line(bytes, emit);
        break;
    }
  }
}

// What decides about the framing is kept in message_ meanwhile: at most a few bytes.
std::string_view SyslogFramer::begin(std::string_view bytes) {
  if (message_.empty() && bytes.front() == '\n') {
    return bytes.substr(1);  // an empty line, or one behind a counted message
  }
  for (size_t taken = 0; taken < bytes.size();) {
    message_.push_back(bytes[taken++]);
    const auto length = parse_length(message_);
    if (length.verdict == Length::Verdict::open) {
      continue;
    }
    // A line's LF is taken by take_line().
    const bool counted = length.verdict == Length::Verdict::found;
    state_ = counted ? State::counted : State::line;
    if (!counted) {
      message_.pop_back();
      --taken;
      seen_ = message_.size();
      keep({});
    } else {
      message_ = "<";
      seen_ = 1;
      missing_ = length.bytes - 1;
    }
    return bytes.substr(taken);
  }
  seen_ = message_.size();
  return {};
}

std::string_view SyslogFramer::take_counted(std::string_view bytes, const Emit& emit) {
  const auto mine = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(missing_, bytes.size())));
  keep(mine);
  missing_ -= mine.size();
  if (missing_ == 0) {
    give(emit);
  }
  return bytes.substr(mine.size());
}

std::string_view SyslogFramer::take_line(std::string_view bytes, const Emit& emit) {
  const size_t lf = bytes.find('\n');
  const bool ends = lf != std::string_view::npos;
  keep(bytes.substr(0, ends ? lf : bytes.size()));
  if (ends) {
    give(emit);
  }
  return ends ? bytes.substr(lf + 1) : std::string_view{};
}

void SyslogFramer::keep(std::string_view bytes) {
  seen_ += bytes.size();
  message_.append(bytes.substr(0, max_message_ - std::min(max_message_, message_.size())));
  message_.resize(std::min(message_.size(), max_message_));
}

void SyslogFramer::give(const Emit& emit) {
  const bool cut = seen_ > message_.size();
  if (!message_.empty()) {
    emit(message_, cut);
  }
  message_.clear();
  state_ = State::beginning;
  missing_ = 0;
  seen_ = 0;
}

uint64_t SyslogFramer::finish(const Emit& emit) {
  if (state_ == State::counted && missing_ > 0) {
    const auto torn = seen_;
    message_.clear();
    give(emit);
    return torn;
  }
  keep({});
  give(emit);
  return 0;
}

std::string_view without_trailer(std::string_view message) {
  constexpr std::string_view trailers("\n\r\0", 3);
  const size_t last = message.find_last_not_of(trailers);
  return message.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

void append_line(std::string_view message, std::string_view sender, std::string& lines) {
  const size_t priority = priority_length(message);
  auto rest = message.substr(priority);
  lines.append(message.substr(0, priority));
  if (priority > 0 && !may_begin_with_stamp(rest)) {
    const auto tag = parse_tag(rest);
    lines.append("1 - ").append(sender).append(" ");
    append_harmless(tag.program, lines);
    lines.append(" ").append(tag.pid).append(" - - ");
    rest.remove_prefix(tag.length);
  }
  append_harmless(rest, lines);
  lines.push_back('\n');
}

}  // namespace ipguard::input
