// The quick way through combined access logs (access_skim.h, access_digest.h, finding_memory.h): the formats and the
// reference say the same.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "match/access_digest.h"
#include "match/format.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace test;

template <typename List>
const auto& pick_one(std::mt19937& random, const List& list) {
  return list[random() % std::size(list)];
}

// Lines that are nearly all ordinary, and what clients and servers do to make them otherwise.
std::string random_access_line(std::mt19937& random) {
  static const char* const heads[] = {"192.0.2.7 - - ",
                                      "2001:db8::7 - - ",
                                      "192.0.2.7 - - ",
                                      "www.example.org 192.0.2.7 - - ",
                                      "www.example.org:443 2001:db8::7 - - ",
                                      "192.0.2.9 - alice ",
                                      "192.0.2.9 - \"\" ",
                                      "192.0.2.9 - a \" b ",
                                      "198.51.100.1 192.0.2.7 - - ",
                                      "2020-02-25T04:30:17Z 192.0.2.7 - - ",
                                      "192.0.2.7 - - - ",
                                      "host.example.org - - ",
                                      "Feb 25 04:30:17 192.0.2.7 - - ",
                                      "- - - "};
  static const char* const stamps[] = {"[25/Feb/2020:04:30:17 +0000] ", "[25/Feb/2020:04:30:17 +0000] ",
                                       "[25/Feb/2020:04:30:18 +0100] ", "[31/Feb/2020:04:30:18 +0100] ",
                                       "[25/Feb/2020:04:30:17] "};
  static const char* const requests[] = {"GET / HTTP/1.1",
                                         "GET /evil/probe HTTP/1.1",
                                         "GET /a?b=evil+probe HTTP/1.1",
                                         "GET /%65vil/probe HTTP/1.1",
                                         "GET //evil/./probe HTTP/2.0",
                                         "PROPFIND /x HTTP/1.1",
                                         "GET /index.html HTTP/1.1",
                                         "\\x16\\x03\\x01",
                                         "-",
                                         "",
                                         "GET /\\\"evil/probe HTTP/1.1"};
  static const char* const tails[] = {" 200 143", " 404 143", " 401 -",    " 200 ",
                                      " 404",     " 20 143",  " 404 143 ", " 403 1x"};
  static const char* const fields[] = {"-",
                                       "",
                                       "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
                                       "Mozilla/5.0 (compatible; evilbot/2.1; +http://evil.example/bot.html)",
                                       "https://www.example.org/articles/1",
                                       "https://evil.example//referer/",
                                       "\\x22evilbot\\x22",
                                       "%65vilbot"};
  const bool odd = random() % 3 == 0;
  const auto part = [&](const auto& list, size_t ordinary) {
    return std::string(odd ? pick_one(random, list) : list[random() % ordinary]);
  };
  std::string line = part(heads, 5) + part(stamps, 3) + '"' + part(requests, 7) + '"' + part(tails, 3);
  for (size_t left = odd ? random() % 4 : 2; left > 0; --left) {
    line += " \"" + part(fields, 6) + (odd && random() % 10 == 0 ? "" : "\"");
  }
  return line + (odd && random() % 8 == 0 ? " \"192.0.2.55, 198.51.100.4\" rt=0.1" : "");
}

QuoteMarks marks_of(std::string_view line) {
  QuoteMarks marks;
  for (size_t at = line.find('"'); at != std::string_view::npos; at = line.find('"', at + 1)) {
    if (marks.count < QuoteMarks::most) {
      marks.at[marks.count++] = static_cast<uint32_t>(at);
    }
  }
  marks.backslash = line.find('\\') != std::string_view::npos;
  return marks;
}

TEST(AccessSkim, TheFormatsReadTheSameWhateverTheLastLineWas) {
  std::mt19937 random(7);
  AccessSkim skim;
  ParseScratch scratch;
  size_t skimmed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = random_access_line(random);
    const auto fields = skim.skim(line, marks_of(line));
    if (!fields) {
      continue;
    }
    ++skimmed;
    for (const LogFormat* hint : all_formats()) {
      model::Event event;
      const auto* format = recognise({.text = line}, {.now = noon, .scratch = &scratch, .mixed = true}, hint, event);
      ASSERT_NE(format, nullptr) << line;
      ASSERT_EQ(event.kind, model::LogKind::access) << line << " after " << hint->name();
      ASSERT_EQ(event[Field::status], std::to_string(fields->status)) << line;
      ASSERT_EQ(event[Field::vhost], fields->vhost) << line;
      ASSERT_EQ(event[Field::referer], fields->referer) << line;
      ASSERT_EQ(event[Field::user_agent], fields->user_agent) << line;
      ASSERT_EQ(event[Field::user], "") << line;
    }
  }
  EXPECT_GT(skimmed, 10'000U);
}

TEST(AccessDigest, TheScanAgreesWithTheReference) {
  std::mt19937 random(8);
  model::Rule hunted = path_rule("hunt", "/index");
  hunted.statuses = {404};
  model::Rule method = rule("method", LogKind::access, {});
  method.methods = {"PROPFIND"};
  const auto set = compiled({path_rule("probe", "/evil/probe"), hunted, method,
                             rule("status", LogKind::access, {patterns(Field::path, {"e"})}),
                             rule("agent", LogKind::access, {patterns(Field::user_agent, {"(?i)evilbot"})}),
                             rule("referer", LogKind::access, {patterns(Field::referer, {"evil\\.example/+referer"})}),
                             rule("query", LogKind::access, {patterns(Field::query, {"evil probe"})}),
                             rule("vhost", LogKind::access, {patterns(Field::vhost, {"^www\\.example\\.org"})})});
  ASSERT_NE(set, nullptr);
  Matcher matcher(set);
  size_t hits = 0;
  for (int round = 0; round < 40; ++round) {
    // A matcher remembers from block to block.
    std::string block = access_line("/index.html") + "\n";
    for (int i = 0; i < 500; ++i) {
      block += random_access_line(random) + (random() % 9 == 0 ? "\r\n" : "\n");
    }
    block.resize(block.size() - random() % 2);
    Matcher reference(set);
    const auto expected = judge_lines(reference, block);
    ASSERT_EQ(scan(matcher, block), expected) << "round " << round;
    hits += expected.size();
  }
  EXPECT_GT(hits, 5'000U);
}

TEST(AccessDigest, LeavesOutWhatIsKnown) {
  StatusScan statuses;
  statuses.add(404, 5);
  std::vector<LineParts> parts(10, anywhere);
  parts[2] = in_request;
  parts[7] = in_request | in_referer;  // an agent's words are not what these rules ask for
  AccessDigest digest(statuses, parts);
  const std::string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0";
  std::string block;
  for (int i = 0; i < 4; ++i) {
    block += "192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"GET /a HTTP/1.1\" " + std::string(i == 3 ? "404" : "200") +
             " 1 \"-\" \"" + agent + "\"\n";
  }
  const std::string request = "GET /a HTTP/1.1\n";
  const auto end_of = [&](size_t line) { return static_cast<uint32_t>((line + 1) * block.size() / 4 - 1); };
  // Hyphens are too short for anything to be found in them; an agent that is new is scanned, each time it comes.
  EXPECT_EQ(digest.digest(block), 4U);
  std::string all;
  for (int i = 0; i < 4; ++i) {
    all.append(request).append(agent).append("\n");
  }
  EXPECT_EQ(digest.text(), all);
  EXPECT_EQ(std::vector(digest.known().begin(), digest.known().end()), (std::vector<Finding>{{end_of(3), 5}}));
  const auto in_digest = [&](size_t extract) {
    return static_cast<uint32_t>((extract / 2 + 1) * (all.size() / 4) - 1 - (extract % 2 == 0 ? agent.size() + 1 : 0));
  };
  std::vector<Finding> found = {
      {in_digest(1), 7}, {in_digest(1), 9}, {in_digest(2), 2}, {in_digest(3), 2},
      {in_digest(3), 9}, {in_digest(5), 9}, {in_digest(7), 9}};
  digest.locate(found);
  EXPECT_EQ(found,
            (std::vector<Finding>{{end_of(0), 9}, {end_of(1), 2}, {end_of(1), 9}, {end_of(2), 9}, {end_of(3), 9}}));
  // It came again: from now on it is known.
  EXPECT_EQ(digest.digest(block), 4U);
  EXPECT_EQ(digest.text(), request + request + request + request);
  EXPECT_EQ(std::vector(digest.known().begin(), digest.known().end()),
            (std::vector<Finding>{{end_of(0), 9}, {end_of(1), 9}, {end_of(2), 9}, {end_of(3), 9}, {end_of(3), 5}}));
}

TEST(FindingMemory, RemembersWhatComesAgainAndStaysBounded) {
  FindingMemory memory;
  EXPECT_FALSE(memory.look_up("agent").comes_again);
  const auto place = memory.look_up("agent");
  EXPECT_TRUE(place.comes_again);
  EXPECT_EQ(place.found, nullptr);
  const std::vector<uint32_t> found = {3, 1};
  memory.remember(place.hash, "agent", found);
  ASSERT_NE(memory.look_up("agent").found, nullptr);
  EXPECT_EQ(*memory.look_up("agent").found, found);
  EXPECT_EQ(memory.look_up("Agent").found, nullptr);

  const std::string longest(1U << 20, 'a');
  EXPECT_FALSE(memory.look_up(longest).comes_again);
  EXPECT_FALSE(memory.look_up(longest).comes_again);

  // Far more texts than it holds: the early ones have given way.
  size_t kept = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = "agent/" + std::to_string(i);
    static_cast<void>(memory.look_up(text));
    memory.remember(memory.look_up(text).hash, text, found);
    ASSERT_NE(memory.look_up(text).found, nullptr);
  }
  for (int i = 0; i < 100'000; ++i) {
    kept += memory.look_up("agent/" + std::to_string(i)).found != nullptr ? 1U : 0U;
  }
  EXPECT_GT(kept, 1'000U);
  EXPECT_LT(kept, 10'000U);
}

}  // namespace
}  // namespace ipguard::match
