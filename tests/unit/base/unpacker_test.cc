#include "base/unpacker.h"

#include <gtest/gtest.h>

#include <string>

namespace ipguard {
namespace {

using namespace std::string_literals;

// `printf 'hello\n' | gzip -n`, and likewise with xz, bzip2 and zstd.
const std::string hello_gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00"s;
const std::string hello_xz =
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3"
    "\x01\x00\x05\x68\x65\x6c\x6c\x6f\x0a\x00\x00\x00\xa5\x60\x97\xf1\x94\xf6\xfd\xe0\x00\x01\x1e\x06"
    "\xc1\x2f\xa4\x1d\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a"s;
const std::string hello_bzip2 =
    "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xc1\xc0\x80\xe2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xa0"
    "\x00\x30\xcd\x00\xc3\x46\x29\x97\x17\x72\x45\x38\x50\x90\xc1\xc0\x80\xe2"s;
const std::string hello_zstd = "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00\x68\x65\x6c\x6c\x6f\x0a\x53\x88\xbd\x91"s;
const std::string all_hellos[] = {hello_gzip, hello_xz, hello_bzip2, hello_zstd};

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
  const auto whole = unpacker.end();
  return whole ? output : "error: " + whole.error().message;
}

TEST(Unpacker, KnowsPackedFilesByTheirBeginning) {
  EXPECT_EQ(packing_of(hello_gzip), Packing::gzip);
  EXPECT_EQ(packing_of(hello_xz), Packing::xz);
  EXPECT_EQ(packing_of(hello_bzip2), Packing::bzip2);
  EXPECT_EQ(packing_of(hello_zstd), Packing::zstd);
  EXPECT_EQ(packing_of(""), Packing::none);
  EXPECT_EQ(packing_of("BZh9 is a text"), Packing::none);
  EXPECT_EQ(packing_of("\xfd"
                       "7zXZ"),
            Packing::none);
  EXPECT_EQ(packing_of("hello"), Packing::none);
}

TEST(Unpacker, UnpacksHoweverTheBytesCome) {
  for (const size_t piece : {1U, 2U, 7U, 1000U}) {
    for (const auto& packed : all_hellos) {
      EXPECT_EQ(unpacked(packed, piece), "hello\n");
      EXPECT_EQ(unpacked(packed + packed, piece), "hello\nhello\n");
    }
    EXPECT_EQ(unpacked(hello_gzip + std::string(512, '\0'), piece), "hello\n");
    EXPECT_EQ(unpacked(hello_xz + std::string(8, '\0') + hello_xz, piece), "hello\nhello\n");
    EXPECT_EQ(unpacked("as it is", piece), "as it is");
  }
}

TEST(Unpacker, RefusesWhatIsDamagedOrCutOff) {
  for (const auto& packed : all_hellos) {
    for (size_t size = 6; size < packed.size(); ++size) {
      EXPECT_TRUE(unpacked(packed.substr(0, size), 1000).starts_with("error: ")) << size;
      auto damaged = packed;
      damaged[size] = static_cast<char>(damaged[size] ^ 0x55);
      const auto text = unpacked(damaged, 1000);
      // gzip's header has a time stamp; zstd's checksum may be flagged away.
      EXPECT_TRUE(text.starts_with("error: ") || text == "hello\n") << size;
    }
    EXPECT_TRUE(unpacked(packed + "rubbish", 1000).starts_with("error: "));
  }
}

TEST(Unpacker, PassesOnWhatItsTakerRefuses) {
  for (const auto& packed : all_hellos) {
    Unpacker unpacker(packing_of(packed));
    const auto fed = unpacker.feed(packed, [](std::string_view bytes) -> Result<> {
      return bytes.empty() ? Result<>() : fail(Errc::invalid, "enough");
    });
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().message, "enough");
  }
}

TEST(Unpacker, GivesWhatCameBeforeTheDamage) {
  for (const auto& packed : all_hellos) {
    const std::string damaged = packed + packed + "rubbish behind it";
    for (const size_t room : {5U, 6U, 12U, 1000U}) {
      Unpacker unpacker(packing_of(damaged));
      std::string_view bytes = damaged;
      std::string output;
      std::string buffer(room, '\0');
      auto made = unpacker.unpack(bytes, buffer);
      for (; made; made = unpacker.unpack(bytes, buffer)) {
        ASSERT_TRUE(*made > 0 && output.size() < 12) << "the damage is not told of";
        output.append(buffer, 0, *made);
      }
      EXPECT_EQ(output, "hello\nhello\n") << room;
      EXPECT_EQ(made.error().code, Errc::corrupt);
      EXPECT_FALSE(unpacker.unpack(bytes, buffer)) << "what is damaged stays so";
      ASSERT_FALSE(unpacker.end());
      EXPECT_EQ(unpacker.end().error().message, made.error().message);
    }
    std::string output;
    Unpacker unpacker(packing_of(damaged));
    EXPECT_FALSE(unpacker.feed(damaged, [&output](std::string_view bytes) -> Result<> {
      output += bytes;
      return {};
    }));
    EXPECT_EQ(output, "hello\nhello\n");
  }
}

TEST(Unpacker, FillsTheRoomThatIsThereAndGoesOn) {
  for (const auto& packed : all_hellos) {
    for (const size_t room : {1U, 2U, 5U, 6U, 7U}) {
      const std::string two = packed + packed;
      Unpacker unpacker(packing_of(two));
      std::string_view bytes = two;
      std::string output;
      std::string buffer(room, '\0');
      while (true) {
        const auto made = unpacker.unpack(bytes, buffer);
        ASSERT_TRUE(made) << made.error().message;
        output.append(buffer, 0, *made);
        if (*made < room) {
          break;
        }
      }
      EXPECT_EQ(output, "hello\nhello\n") << room;
      EXPECT_TRUE(bytes.empty());
      EXPECT_TRUE(unpacker.end());
    }
  }
}

}  // namespace
}  // namespace ipguard
