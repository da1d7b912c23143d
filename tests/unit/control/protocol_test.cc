#include "control/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ipguard::control {
namespace {

using testing::HasSubstr;

std::string repeated(std::string_view text, size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

TEST(Protocol, RequestsComeBack) {
  const Request request{.command = "ban",
                        .arguments = Json::parse(R"({"targets":["192.0.2.7","AS64500"],"for":"2h"})")};
  const auto text = format_request(request);
  EXPECT_EQ(text, R"({"command":"ban","arguments":{"targets":["192.0.2.7","AS64500"],"for":"2h"}})"
                  "\n");
  const auto back = parse_request(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->command, request.command);
  EXPECT_EQ(back->arguments, request.arguments);
}

TEST(Protocol, ArgumentsMayBeMissing) {
  for (const char* text :
       {R"({"command":"status"})", "  {\"command\" : \"status\"}\r", R"({"command":"status","arguments":{}})"}) {
    const auto request = parse_request(text);
    ASSERT_TRUE(request) << text;
    EXPECT_EQ(request->command, "status");
    EXPECT_EQ(request->arguments, Json::object());
  }
}

TEST(Protocol, AnythingElseIsInvalid) {
  struct Case {
    std::string line;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"", "no valid JSON at byte 1"},
      {"status", "no valid JSON at byte 1"},
      {"{\"command\":\"status\"", "no valid JSON at byte 20"},
      {"{\"command\":\"status\"} {}", "no valid JSON"},
      {"{\"command\":\"sta\xfftus\"}", "no valid JSON at byte 16"},
      {std::string("{\"command\":\"sta\0tus\"}", 21), "no valid JSON at byte 16"},
      {"null", "a request is an object like"},
      {"[]", "a request is an object like"},
      {"\"status\"", "a request is an object like"},
      {"{}", "a request is an object like"},
      {R"({"command":1})", "a request is an object like"},
      {R"({"command":""})", "a request is an object like"},
      {R"({"command":"Status"})", "a request is an object like"},
      {R"({"command":"a\u0000b"})", "a request is an object like"},
      {"{\"command\":\"" + std::string(65, 'a') + "\"}", "a request is an object like"},
      {R"({"command":"ban","arguments":[]})", "\"arguments\" of a request is no object"},
      {R"({"command":"ban","arguments":null})", "\"arguments\" of a request is no object"},
      {"{\"command\":\"ban\",\"\\u001b[2J\":1}", R"(a request has no "\x1b[2J")"},
      {std::string(max_request_bytes + 1, ' '), "the request is larger than 16.0 MiB"},
      {repeated("[", 65), "the request is refused: it nests too deeply"},
      {R"({"command":"ban","arguments":{"a":)" + repeated(R"({"a":)", 63), "nests too deeply"},
      {repeated("[", 1'000'000), "nests too deeply"},
      {"[" + repeated("0,", max_values), "it holds too many values"},
      {"{" + repeated("\"k\":0,", max_object_keys + 1), "an object has too many keys"},
  };
  for (const auto& each : cases) {
    const auto request = parse_request(each.line);
    ASSERT_FALSE(request) << each.line.substr(0, 100);
    EXPECT_EQ(request.error().code, Errc::invalid) << each.line.substr(0, 100);
    EXPECT_THAT(request.error().message, HasSubstr(each.says)) << each.line.substr(0, 100);
  }
}

// Of two of one name the parser would keep the last.
TEST(Protocol, NothingIsSaidTwice) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"command":"status","command":"reload"})", "command"},
      {R"({"command":"ban","arguments":{"targets":["192.0.2.7"],"targets":["192.0.2.8"]}})", "targets"},
      {R"({"command":"ban","arguments":{"targets":["192.0.2.7"],"\u0074argets":["192.0.2.8"]}})", "targets"},
      {R"({"command":"ban","arguments":{"targets":[{"target":"a","for":"2h","for":null}]}})", "for"},
      {R"({"command":"ban","arguments":{"a":{"b":1,"c":2},"a":3}})", "a"},
      {R"({"command":"ban","arguments":{"a":3,"a":{"b":1}}})", "a"},
      {R"({"command":"ban","arguments":{"":1,"":2}})", ""},
  };
  for (const auto& [line, name] : cases) {
    const auto request = parse_request(line);
    ASSERT_FALSE(request) << line;
    EXPECT_EQ(request.error().code, Errc::invalid);
    EXPECT_EQ(request.error().message, "the request has \"" + std::string(name) + "\" twice in one object");
  }
  EXPECT_TRUE(parse_request(R"({"command":"ban","arguments":{"a":{"a":[{"b":1},{"b":":"}]},"b":{"a":":{\"b\":"}}})"));
}

TEST(Protocol, WhatIsWithinTheBoundsPasses) {
  const auto deepest = R"({"command":"ban","arguments":)" + repeated(R"({"a":)", 62) + "{}" + repeated("}", 63);
  EXPECT_TRUE(parse_request(deepest)) << "64 deep";
  const auto brackets = R"({"command":"ban","arguments":{"text":")" + repeated("[{:,", 1000) + R"(\"[[[["}})";
  EXPECT_TRUE(parse_request(brackets)) << "brackets in a string nest nothing";
  std::string import =
      R"({"command":"import","arguments":{"targets":["192.0.2.1")" + repeated(",\"192.0.2.7\"", 1'300'000) + "]}}";
  ASSERT_LT(import.size(), max_request_bytes);
  const auto request = parse_request(import);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->arguments["targets"].size(), 1'300'001U);
}

TEST(Protocol, RepliesComeBack) {
  const Result<Json> good = Json::parse(R"({"bans":[1,2.5,null,"ü"],"mode":"enforce"})");
  EXPECT_EQ(format_reply(good), "{\"ok\":true,\"result\":{\"bans\":[1,2.5,null,\"ü\"],\"mode\":\"enforce\"}}\n");
  EXPECT_EQ(parse_reply(format_reply(good)).value(), *good);
  EXPECT_EQ(parse_reply(format_reply(Json())).value(), Json());
  for (const Errc code : {Errc::failed, Errc::not_found, Errc::permission, Errc::invalid, Errc::busy, Errc::corrupt,
                          Errc::usage, Errc::configuration}) {
    const auto back = parse_reply(format_reply(fail(code, "no ban on \"192.0.2.7\"\n")));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, code);
    EXPECT_EQ(back.error().message, "no ban on \"192.0.2.7\"\n");
  }
}

TEST(Protocol, InvalidUtf8InAReplyIsReplaced) {
  const auto text = format_reply(Json{{"as_name", "M\xfcnchen"}});
  EXPECT_EQ(parse_reply(text).value()["as_name"], "M\xef\xbf\xbdnchen");
  const auto error = parse_reply(format_reply(fail("cannot read /var/log/\xff")));
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().message, "cannot read /var/log/\xef\xbf\xbd");
}

TEST(Protocol, ARepliesOfAnotherFormAreInvalid) {
  for (const char* line :
       {"", "[]", "{}", R"({"ok":1})", R"({"ok":false})", R"({"ok":false,"error":"no"})",
        R"({"ok":false,"error":{"code":"busy"}})", R"({"ok":false,"error":{"code":1,"message":"m"}})", "\xff"}) {
    const auto reply = parse_reply(line);
    ASSERT_FALSE(reply) << line;
    EXPECT_EQ(reply.error().code, Errc::invalid) << line;
  }
  EXPECT_FALSE(parse_reply(repeated("[", 100'000)));
  const auto unknown = parse_reply(R"({"ok":false,"error":{"code":"from the future","message":"m"}})");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::failed);
}

}  // namespace
}  // namespace ipguard::control
