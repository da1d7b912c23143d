#include "input/journal_line.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/ascii.h"
#include "base/text.h"
#include "model/line.h"

namespace ipguard::input {
namespace {

constexpr size_t longest_host = 255;

// `others`: what besides letters and digits stays as it is.
void append_word(std::string_view word, size_t longest, std::string_view others, std::string& text) {
  word = word.substr(0, longest);
  for (const char c : word) {
    text += is_alnum(c) || others.find(c) != std::string_view::npos ? c : '_';
  }
  if (word.empty()) {
    text += '-';
  }
}

// As rsyslog's EscapeControlCharactersOnReceive does; DEL is one of them.
void append_message(std::string_view message, std::string& text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  while (!message.empty()) {
    const auto plain = static_cast<size_t>(std::ranges::find_if(message, is_control) - message.begin());
    text += message.substr(0, plain);
    if (plain == message.size()) {
      return;
    }
    const auto byte = static_cast<unsigned char>(message[plain]);
    const std::array<char, 4> octal = {'#', static_cast<char>('0' + byte / 64), static_cast<char>('0' + byte / 8 % 8),
                                       static_cast<char>('0' + byte % 8)};
    text.append(octal.data(), octal.size());
    message.remove_prefix(plain + 1);
  }
}

// The sender's own stamp, where journald vouches for it.
TimePoint time_of(const JournalEntry& entry, TimePoint received) {
  const auto stamp = parse_number(entry[JournalField::source_time]);
  constexpr uint64_t latest = 253'402'300'799'999'999;  // the end of the year 9999
  if (!stamp || *stamp > latest) {
    return received;
  }
  return TimePoint(std::chrono::microseconds(*stamp));
}

}  // namespace

void JournalLine::append_time(TimePoint time, std::string& text) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second_text_.empty() || second != second_) {
    second_ = second;
    second_text_ = format_rfc3339(second);
    second_text_.pop_back();  // 'Z'
  }
  text += second_text_;
  auto micros = static_cast<unsigned>((time - second).count());
  std::array<char, 7> digits{'.', '0', '0', '0', '0', '0', '0'};
  for (size_t i = digits.size() - 1; i > 0; --i) {
    digits.at(i) = static_cast<char>('0' + micros % 10);
    micros /= 10;
  }
  text.append(digits.data(), digits.size());
  text += "+00:00";
}

bool JournalLine::append(const JournalEntry& entry, const Attribution& sender, TimePoint received, size_t most,
                         std::string& text) {
  const size_t begin = text.size();
  append_time(time_of(entry, received), text);
  text += ' ';
  append_word(entry[JournalField::hostname], longest_host, "._-", text);
  text += ' ';
  constexpr std::string_view container_prefix = "docker/";
  if (sender.is_container) {
    text += container_prefix;
  }
  append_word(sender.program, model::longest_program - container_prefix.size(), "._-/()+@", text);
  // A kernel message has none; what the sender says is as good as nothing, but tells sessions apart where it is all.
  auto pid = entry[JournalField::pid];
  if (!parse_number(pid)) {
    pid = entry[JournalField::syslog_pid];
  }
  if (parse_number(pid)) {
    text += '[';
    text += pid;
    text += ']';
  }
  text += ": ";
  append_message(entry[JournalField::message].substr(0, most), text);
  if (text.size() - begin > most || entry[JournalField::message].size() > most) {
    text.resize(std::min(text.size(), begin + most));
    return true;
  }
  text += '\n';
  return false;
}

}  // namespace ipguard::input
