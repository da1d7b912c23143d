#include "match/url_normalise.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ipguard::match {
namespace {

using namespace std::string_view_literals;

TEST(NormalisePath, UndoesDisguises) {
  const struct {
    std::string_view path;
    std::string_view expected;
  } cases[] = {
      {"/index.html", "/index.html"},
      {"/%2eenv", "/.env"},
      {"/%2Eenv", "/.env"},
      {"/%252e%252e%252fetc/passwd", "/../etc/passwd"},
      {"/%25252e%25252e/x", "/../x"},
      {"/%25252525252e%25252525252e/x", "/../x"},
      {"/%2525252525252e", "/%2e"},  // a seventh layer stays
      {"/%2fetc%2fpasswd", "/etc/passwd"},
      {"/%", "/%"},
      {"/%4", "/%4"},
      {"/%zz%41", "/%zzA"},
      {"/a%00b", "/a\0b"sv},
      {"/a%0ab", "/a\nb"},
      {"/..\\..\\boot.ini", "/../../boot.ini"},
      {"/..%5c..%5cboot.ini", "/../../boot.ini"},
      {"//a///b", "/a/b"},
      {"/./a/././b/.", "/a/b/"},
      {"/.", "/"},
      {"/a/../b", "/a/../b"},
      {"/.git/config", "/.git/config"},
      {"/go/http://example.org//x", "/go/http://example.org/x"},
      {"/go/http:///x", "/go/http://x"},
      {"/%c0%ae%c0%ae%c0%afetc/passwd", "/../etc/passwd"},
      {"/%c1%9cetc", "/etc"},  // an overlong backslash
      {"/%e0%80%ae%e0%80%ae/x", "/../x"},
      {"/%f0%80%80%ae/x", "/x"},
      {"/%c0%25%61e/x", "/x"},  // overlong only after the second layer
      {"/%c0a/x",
       "/\xc0"
       "a/x"},                          // no continuation behind the lead byte
      {"/%e2%82%ac", "/\xe2\x82\xac"},  // proper UTF-8 stays
      {"/%c3%a9", "/\xc3\xa9"},
      {"/%ff%fe\x80", "/\xff\xfe\x80"},
      {"/%c0", "/\xc0"},
      {"*", "*"},
      {"", ""},
  };
  for (const auto& test : cases) {
    std::string scratch;
    EXPECT_EQ(normalise_path(test.path, scratch), test.expected) << test.path;
  }
}

TEST(NormaliseQuery, DecodesWithoutTouchingSlashes) {
  const struct {
    std::string_view query;
    std::string_view expected;
  } cases[] = {
      {"a=b", "a=b"},
      {"a+b%2Bc", "a b+c"},
      {"f=..%2f..%2Fetc/passwd", "f=../../etc/passwd"},
      {"f=%252e%252e%255c", "f=..\\"},
      {"u=http://x//y\\z", "u=http://x//y\\z"},
      {"q=%c0%af", "q=/"},
      {"", ""},
  };
  for (const auto& test : cases) {
    std::string scratch;
    EXPECT_EQ(normalise_query(test.query, scratch), test.expected) << test.query;
  }
}

TEST(NormalisePath, OrdinaryTargetsAreNotCopied) {
  const std::string_view path = "/assets/css/site-1.2.css";
  std::string scratch;
  EXPECT_EQ(normalise_path(path, scratch).data(), path.data());
  EXPECT_EQ(normalise_query("a=1&b=2", scratch), "a=1&b=2");
  EXPECT_EQ(scratch.capacity(), std::string().capacity());
  EXPECT_FALSE(needs_normalising("/assets/css/site-1.2.css?v=3&x=y"));
  EXPECT_FALSE(needs_normalising("*"));
}

TEST(NeedsNormalising, SeesEveryReason) {
  for (const std::string_view target :
       {"/%41", "/a\\b", "//a", "/./a", "/a/.", "/a?b+c", "/a?%41", "/a?\\x22", "/\xc0\xae"}) {
    EXPECT_TRUE(needs_normalising(target)) << target;
  }
}

// Whatever the bytes: where needs_normalising() says no, nothing changes; and the result never grows.
TEST(NeedsNormalising, FalseIsCertain) {
  constexpr std::string_view alphabet = "/.%\\?+:25cCeEfFaA0\xc0\xae\x80";
  std::mt19937 random(4);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same inputs in every run are wanted
  std::uniform_int_distribution<size_t> letter(0, alphabet.size() - 1);
  std::uniform_int_distribution<size_t> length(0, 14);
  size_t unchanged = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string target(length(random), ' ');
    for (char& c : target) {
      c = alphabet[letter(random)];
    }
    const std::string_view view = target;
    const auto mark = view.find('?');
    std::string scratch;
    const bool needed = needs_normalising(view);
    const std::string path(normalise_path(view.substr(0, mark), scratch));
    const std::string query(mark == std::string_view::npos ? "" : normalise_query(view.substr(mark + 1), scratch));
    ASSERT_LE(path.size() + query.size(), target.size());
    if (!needed) {
      ++unchanged;
      std::string whole = path;
      whole += mark == std::string_view::npos ? "" : "?";
      whole += query;
      ASSERT_EQ(whole, target);
    }
  }
  EXPECT_GT(unchanged, 100U);
}

}  // namespace
}  // namespace ipguard::match
