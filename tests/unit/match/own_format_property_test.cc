// Random formats, and lines that a server would write by them while clients write what they like: whatever is not
// refused yields the true address, status and request of every line. Fixed seeds.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "format_fixture.h"
#include "match/format_compiler.h"

namespace ipguard::match {
namespace {

using model::Field;

constexpr std::string_view true_address = "192.0.2.7";

class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}

  template <typename List>
  auto pick(const List& list) {
    return list[random_() % list.size()];
  }
  bool one_in(unsigned count) { return random_() % count == 0; }

  // A format string of nginx's, most of them with what has to be in one.
  std::string format() {
    static constexpr std::array<std::string_view, 22> variables = {"$remote_addr",
                                                                   "$remote_user",
                                                                   "$time_local",
                                                                   "$time_iso8601",
                                                                   "$msec",
                                                                   "$request",
                                                                   "$status",
                                                                   "$request_uri",
                                                                   "$http_referer",
                                                                   "$http_user_agent",
                                                                   "$http_x_y",
                                                                   "$request_time",
                                                                   "$host",
                                                                   "$server_name",
                                                                   "$request_id",
                                                                   "$request_method",
                                                                   "$body_bytes_sent",
                                                                   "$args",
                                                                   "$upstream_addr",
                                                                   "$request_method $request_uri $server_protocol",
                                                                   "$remote_addr:$remote_port",
                                                                   "$my_map"};
    static constexpr std::array<std::string_view, 12> separators = {" ", " - ", "\" \"", " \"", "\" ", "\t",
                                                                    "|", " [",  "] ",    "",    "=",   "\",\""};
    std::string text = one_in(2) ? "" : "\"";
    const size_t count = 3 + random_() % 7;
    for (size_t i = 0; i < count; ++i) {
      text += pick(variables);
      text += pick(separators);
    }
    return text;
  }

  // What a client has the server write: escaped as nginx does it.
  std::string of_client() {
    static constexpr std::array<std::string_view, 18> parts = {"198.51.100.66",
                                                               " ",
                                                               "\"",
                                                               "\\",
                                                               "] ",
                                                               " [",
                                                               "[25/Feb/2026:04:30:17 +0000]",
                                                               " - - ",
                                                               "GET / HTTP/1.1",
                                                               "200",
                                                               "\t",
                                                               "|",
                                                               "=",
                                                               "2001:db8::66",
                                                               "\xff",
                                                               "a",
                                                               "\n",
                                                               ","};
    std::string text;
    for (size_t count = random_() % 8; count > 0; --count) {
      for (const char c : pick(parts)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || byte < 0x20 || byte > 0x7e) {
          constexpr std::string_view digits = "0123456789ABCDEF";
          text += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
        } else {
          text.push_back(c);
        }
      }
    }
    return text.empty() ? "-" : text;
  }

  std::string value_of(std::string_view name) {
    static const std::map<std::string, std::string, std::less<>> by_server = {
        {"remote_addr", std::string(true_address)},
        {"remote_port", "51234"},
        {"time_local", "25/Feb/2026:04:30:17 +0000"},
        {"time_iso8601", "2026-02-25T04:30:17+00:00"},
        {"msec", "1771993817.000"},
        {"status", "404"},
        {"request_time", "0.001"},
        {"body_bytes_sent", "153"},
        {"server_name", "www.example.org"},
        {"host", "203.0.113.66"},
        {"request_id", "0123456789abcdef"},
        {"request_method", "POST"},
        {"server_protocol", "HTTP/1.1"},
        {"upstream_addr", "127.0.0.1:8080, 127.0.0.1:8081"}};
    if (const auto found = by_server.find(name); found != by_server.end()) {
      return found->second;
    }
    return name == "request"       ? "POST /" + of_client() + " HTTP/1.1"
           : name == "request_uri" ? "/" + of_client()
                                   : of_client();
  }

  // A line of that format.
  std::string line(std::string_view format) {
    std::string text;
    for (size_t at = 0; at < format.size();) {
      if (format[at] != '$') {
        text.push_back(format[at++]);
        continue;
      }
      size_t end = at + 1;
      while (end < format.size() &&
             (std::isalnum(static_cast<unsigned char>(format[end])) != 0 || format[end] == '_')) {
        ++end;
      }
      text += value_of(format.substr(at + 1, end - at - 1));
      at = end;
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

TEST(OwnFormatProperty, WhateverClientsWriteTheAddressIsTheirs) {
  constexpr unsigned formats = 20'000;
  constexpr int lines = 10;
  unsigned accepted = 0;
  ParseScratch scratch;
  for (unsigned seed = 1; seed <= formats; ++seed) {
    Writer writer(seed);
    const auto text = writer.format();
    config::Diagnostics diagnostics;
    const auto format = compile_format({.name = "own", .text = text}, {}, diagnostics);
    if (format == nullptr) {
      ASSERT_TRUE(diagnostics.has_errors()) << text;
      continue;
    }
    ++accepted;
    for (int i = 0; i < lines; ++i) {
      const auto line = writer.line(text);
      model::Event event;
      ASSERT_TRUE(format->parse({.text = line}, {.now = test_now, .scratch = &scratch}, event)) << text << "\n" << line;
      ASSERT_TRUE(event.address.has_value()) << text << "\n" << line;
      ASSERT_EQ(event.address->to_string(), true_address) << text << "\n" << line;
      ASSERT_TRUE(event[Field::status].empty() || event[Field::status] == "404") << text << "\n" << line;
      ASSERT_TRUE(event[Field::method].empty() || event[Field::method] == "POST") << text << "\n" << line;
      // Cut anywhere, it says the same or nothing.
      const auto cut = std::string_view(line).substr(0, line.size() * static_cast<size_t>(i) / lines);
      if (format->parse({.text = cut, .truncated = true}, {.now = test_now, .scratch = &scratch}, event) &&
          event.address) {
        ASSERT_EQ(event.address->to_string(), true_address) << text << "\n" << cut;
      }
    }
  }
  EXPECT_GT(accepted, formats / 50) << "the test has to test something";
}

}  // namespace
}  // namespace ipguard::match
