// text_sieve.h and status_scan.h against the slow and clear way.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "match/status_scan.h"
#include "match/text_sieve.h"

namespace ipguard::match {
namespace {

using Places = std::multiset<std::pair<uint32_t, size_t>>;  // id, end

class Collector : public ScanReceiver {
 public:
  void on_match(uint32_t id, size_t end) override { places.emplace(id, end); }
  Places places;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), to_lower);
  return text;
}

Places search(const std::vector<ScanText>& texts, const std::string& block) {
  Places places;
  for (uint32_t id = 0; id < texts.size(); ++id) {
    const std::string hay = texts[id].any_case ? lower(block) : block;
    for (size_t at = hay.find(texts[id].bytes); at != std::string::npos; at = hay.find(texts[id].bytes, at + 1)) {
      places.emplace(id, at + texts[id].bytes.size());
    }
  }
  return places;
}

Places sift(const std::vector<ScanText>& texts, const std::string& block) {
  Collector collector;
  for (const TextSieve::Shape* shape : {&TextSieve::for_long_texts, &TextSieve::for_short_texts}) {
    std::vector<ScanText> fitting;
    std::vector<uint32_t> ids;
    for (uint32_t id = 0; id < texts.size(); ++id) {
      if (TextSieve::shape_for(texts[id].bytes) == shape) {
        fitting.push_back(texts[id]);
        ids.push_back(id);
      }
    }
    TextSieve(fitting, ids, *shape).scan(block, collector);
  }
  return collector.places;
}

TEST(TextSieve, FindsEachPlaceOnce) {
  const std::vector<ScanText> texts = {
      {"/phpmyadmin/", true}, {"/PhpMyAdmin/", false}, {"xyzzyxyzzy", false}, {"[login] failed", true}};
  const std::string block =
      "/PhpMyAdmin/phpmyadmin/ xyzzyxyzzyxyzzy {LOGIN} failed [LOGIN] FAILED\n/phpmyadmin";  // '{' folds like '['
  EXPECT_EQ(sift(texts, block), search(texts, block));
  EXPECT_EQ(sift(texts, block), (Places{{0, 12}, {0, 23}, {1, 12}, {2, 34}, {2, 39}, {3, 69}}));
}

TEST(TextSieve, FindsTextsAtEveryPlaceOfABlock) {
  const std::vector<ScanText> texts = {
      {"thorn", false}, {"needle9", true}, {"needle99", false}, {"a much longer needle", true}};
  for (size_t before = 0; before < 40; ++before) {
    for (size_t behind = 0; behind < 20; ++behind) {
      for (const ScanText& text : texts) {
        const std::string block = std::string(before, '.') + text.bytes + std::string(behind, '.');
        ASSERT_EQ(sift(texts, block), search(texts, block)) << block;
      }
    }
  }
}

TEST(TextSieve, AgreesWithAPlainSearch) {
  std::mt19937 random(20260412);
  const auto random_text = [&random](size_t size) {
    std::string text(size, ' ');
    std::ranges::generate(text, [&random] { return "abAB/[{.\x01\xe4"[random() % 10]; });
    return text;
  };
  size_t found = 0;
  for (int round = 0; round < 200; ++round) {
    const std::string block = random_text(random() % 3000);
    std::vector<ScanText> texts;
    while (texts.size() < 40) {
      const size_t size = 5 + random() % 15;
      const bool from_block = block.size() > size && random() % 4 != 0;
      std::string bytes = from_block ? block.substr(random() % (block.size() - size), size) : random_text(size);
      const bool any_case = random() % 2 == 0;
      texts.push_back({any_case ? lower(std::move(bytes)) : std::move(bytes), any_case});
    }
    std::erase_if(texts, [](const ScanText& text) { return TextSieve::shape_for(text.bytes) == nullptr; });
    ASSERT_EQ(sift(texts, block), search(texts, block)) << block;
    found += sift(texts, block).size();
  }
  EXPECT_GT(found, 4000U);
}

TEST(TextSieve, LeavesShortAndOrdinaryTextsToOthers) {
  for (const char* text : {"", "/.gi", "mozilla/5.0", "HTTP/1.7"}) {
    EXPECT_EQ(TextSieve::shape_for(text), nullptr) << text;
  }
  EXPECT_EQ(TextSieve::shape_for("/.git"), &TextSieve::for_short_texts);
  EXPECT_EQ(TextSieve::shape_for("/.git/xy"), &TextSieve::for_long_texts);
}

TEST(StatusScan, FindsCodesThatStandAlone) {
  const std::pair<const char*, Places> cases[] = {
      {R"("GET / HTTP/1.1" 404 12)", {{0, 20}}},
      {R"({"status":404,"x":1})", {{0, 13}}},
      {R"({"status":404})", {{0, 13}}},
      {R"({"status":"404"})", {{0, 14}}},
      {"GET\t404\t-", {{0, 7}}},
      {" 404", {}},
      {"404 ", {}},
      {" 4040 1404 404. -404 ", {}},
      {" 40x x04 4x4 ", {}},
      {" 403 404 503 999 ", {{0, 8}, {1, 12}}},
      {"\n404 ", {}},
  };
  StatusScan statuses;
  EXPECT_TRUE(statuses.empty());
  statuses.add(404, 0);
  statuses.add(503, 1);
  EXPECT_FALSE(statuses.empty());
  for (const auto& [line, places] : cases) {
    for (size_t before = 0; before < 36; ++before) {
      for (const size_t behind : {0U, 40U}) {
        Places expected;
        for (const auto& [id, end] : places) {
          expected.emplace(id, end + before);
        }
        Collector collector;
        statuses.scan(std::string(before, 'x') + line + std::string(behind, 'x'), collector);
        ASSERT_EQ(collector.places, expected) << line << " behind " << before;
      }
    }
  }
}

}  // namespace
}  // namespace ipguard::match
