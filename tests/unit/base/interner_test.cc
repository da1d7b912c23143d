#include "base/interner.h"

#include <gtest/gtest.h>

#include <string>

namespace ipguard {
namespace {

TEST(Interner, KeepsEachValueOnceAsLongAsItIsUsed) {
  Interner<std::string> texts;
  const auto first = texts.add("one");
  const auto second = texts.add("two");
  EXPECT_EQ(texts.add("one"), first);
  EXPECT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[second], "two");
  texts.drop(first);
  EXPECT_EQ(texts[first], "one") << "it is used once more";
  texts.drop(first);
  EXPECT_EQ(texts.size(), 1U);
  EXPECT_EQ(texts.add("three"), first) << "numbers are given again";
  EXPECT_EQ(texts[first], "three");
  EXPECT_NE(texts.add("one"), second);
}

}  // namespace
}  // namespace ipguard
