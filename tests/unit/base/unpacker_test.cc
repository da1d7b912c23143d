#include "base/unpacker.h"

#include <gtest/gtest.h>

#include <string>

namespace ipguard {
namespace {

using namespace std::string_literals;

// `printf 'hello\n' | gzip -n` and `printf 'hello\n' | xz`.
const std::string hello_gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00"s;
const std::string hello_xz =
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3"
    "\x01\x00\x05\x68\x65\x6c\x6c\x6f\x0a\x00\x00\x00\xa5\x60\x97\xf1\x94\xf6\xfd\xe0\x00\x01\x1e\x06"
    "\xc1\x2f\xa4\x1d\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a"s;

std::string unpacked(std::string_view input, size_t piece) {
  std::string output;
  const auto take = [&output](std::string_view bytes) -> Result<> {
    output += bytes;
    return {};
  };
  Unpacker unpacker(packing_of(input));
  for (size_t at = 0; at < input.size(); at += piece) {
    if (const auto fed = unpacker.feed(input.substr(at, piece), take); !fed) {
      return "error: " + fed.error().message;
    }
  }
  const auto whole = unpacker.finish(take);
  return whole ? output : "error: " + whole.error().message;
}

TEST(Unpacker, KnowsPackedFilesByTheirBeginning) {
  EXPECT_EQ(packing_of(hello_gzip), Packing::gzip);
  EXPECT_EQ(packing_of(hello_xz), Packing::xz);
  EXPECT_EQ(packing_of(""), Packing::none);
  EXPECT_EQ(packing_of("\xfd"
                       "7zXZ"),
            Packing::none);
  EXPECT_EQ(packing_of("hello"), Packing::none);
}

TEST(Unpacker, UnpacksHoweverTheBytesCome) {
  for (const size_t piece : {1U, 2U, 7U, 1000U}) {
    for (const auto& packed : {hello_gzip, hello_xz}) {
      EXPECT_EQ(unpacked(packed, piece), "hello\n");
      EXPECT_EQ(unpacked(packed + packed, piece), "hello\nhello\n");
    }
    EXPECT_EQ(unpacked(hello_gzip + std::string(512, '\0'), piece), "hello\n");
    EXPECT_EQ(unpacked("as it is", piece), "as it is");
  }
}

TEST(Unpacker, RefusesWhatIsDamagedOrCutOff) {
  for (const auto& packed : {hello_gzip, hello_xz}) {
    for (size_t size = 6; size < packed.size(); ++size) {
      EXPECT_TRUE(unpacked(packed.substr(0, size), 1000).starts_with("error: ")) << size;
      auto damaged = packed;
      damaged[size] = static_cast<char>(damaged[size] ^ 0x55);
      const auto text = unpacked(damaged, 1000);
      EXPECT_TRUE(text.starts_with("error: ") || text == "hello\n") << size;  // gzip's header has a time stamp
    }
    EXPECT_TRUE(unpacked(packed + "rubbish", 1000).starts_with("error: "));
  }
}

TEST(Unpacker, PassesOnWhatItsTakerRefuses) {
  for (const auto& packed : {hello_gzip, hello_xz}) {
    Unpacker unpacker(packing_of(packed));
    const auto fed = unpacker.feed(packed, [](std::string_view bytes) -> Result<> {
      return bytes.empty() ? Result<>() : fail(Errc::invalid, "enough");
    });
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().message, "enough");
  }
}

}  // namespace
}  // namespace ipguard
