#include "enrich/packed_database.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/unique_fd.h"
#include "fixtures.h"

namespace ipguard::enrich::testing {
namespace {

// A member of a tar archive: header, content, padding.
std::string member(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  std::array<char, 12> size{};
  std::snprintf(size.data(), size.size(), "%011zo", content.size());
  header.replace(124, 11, size.data());
  header[156] = type;
  header.replace(257, 6, std::string("ustar\0", 6));
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}
const std::string end_of_archive(1024, '\0');

class PackedDatabaseTest : public EnrichTest {
 protected:
  // What comes out of a file with these bytes: "error: …", "as it is", or the bytes.
  std::string unpacked(const std::string& bytes, uint64_t most = 1U << 20U) {
    const std::string from = write(bytes);
    const std::string to = folder() + "/unpacked";
    std::filesystem::remove(to);
    const UniqueFd input(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd output(::open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const auto done = unpack_database(input.get(), output.get(), most);
    if (!done) {
      return "error: " + done.error().message;
    }
    return *done ? read_bytes(to) : "as it is";
  }
  // Packed by the program of this name; empty if it is not there.
  std::string packed(const std::string& bytes, const std::string& program) {
    const std::string path = write(bytes);
    const std::string command = program + " -c '" + path + "' > '" + path + ".packed'";
    return std::system(command.c_str()) == 0 ? read_bytes(path + ".packed") : "";  // NOLINT(cert-env33-c): fixed words
  }
};

TEST_F(PackedDatabaseTest, TakesWhatMakersHandOut) {
  const std::string database = read_bytes(data_file("ipguard-lite-small.mmdb"));
  const std::string archive = member("GeoLite2/", "", '5') + member("GeoLite2/README.txt", std::string(700, 'x')) +
                              member("GeoLite2/lite.mmdb", database) + member("GeoLite2/other.mmdb", "another") +
                              end_of_archive;
  EXPECT_EQ(unpacked(database), "as it is");
  EXPECT_EQ(unpacked(""), "as it is");
  EXPECT_TRUE(unpacked(archive) == database);
  for (const auto* program : {"gzip", "xz"}) {
    const auto alone = packed(database, program);
    if (alone.empty()) {
      GTEST_SKIP() << program << " is not installed";
    }
    EXPECT_TRUE(unpacked(alone) == database) << program;
    EXPECT_TRUE(unpacked(packed(archive, program)) == database) << program;
    EXPECT_EQ(unpacked(packed("short", program)), "short");
    EXPECT_EQ(unpacked(packed(database, program), 1000), "error: more comes out of it than a database may be large");
    EXPECT_TRUE(unpacked(alone.substr(0, alone.size() / 2)).starts_with("error: the " + std::string(program)));
  }
}

TEST_F(PackedDatabaseTest, RefusesArchivesThatAreNone) {
  const std::string first = member("a.mmdb", std::string(2000, 'a'));
  EXPECT_EQ(unpacked(member("README", "x") + end_of_archive), "error: the archive holds no .mmdb file");
  EXPECT_EQ(unpacked(member("a.mmdb", "x", '2') + end_of_archive), "error: the archive holds no .mmdb file");  // a link
  EXPECT_EQ(unpacked(first.substr(0, 1500)), "error: the archive ends too early");
  EXPECT_EQ(unpacked(first), std::string(2000, 'a'));  // without its end, but whole
  auto damaged = first;
  damaged[130] = '9';
  EXPECT_EQ(unpacked(damaged), "error: the tar archive is damaged: a member without a size");
  // A member that says that it is 8 GiB long.
  damaged = first;
  damaged.replace(124, 11, "77777777777");
  EXPECT_EQ(unpacked(damaged), "error: the archive ends too early");
}

}  // namespace
}  // namespace ipguard::enrich::testing
