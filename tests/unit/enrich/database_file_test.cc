#include "enrich/database_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fixtures.h"

namespace ipguard::enrich::testing {
namespace {

class DatabaseFileTest : public EnrichTest {
 protected:
  static std::string content(const DatabaseFile& file) { return read_bytes(file.path()); }
};

TEST_F(DatabaseFileTest, ACopyStaysAsItIs) {
  const std::string bytes(300'000, 'x');
  for (const std::string& copies : {folder(), folder() + "/not/there/yet", std::string("/proc/none")}) {
    const std::string path = write(bytes);
    const auto original = open_database_file(path);
    ASSERT_TRUE(original) << original.error().message;
    const auto copy = copy_database_file(*original, copies);
    ASSERT_TRUE(copy) << copies << ": " << copy.error().message;
    EXPECT_EQ(copy->size, bytes.size());
    std::ofstream(path, std::ios::trunc) << "short";
    EXPECT_EQ(content(*copy), bytes) << copies;
    struct stat status{};
    ASSERT_EQ(::fstat(copy->fd.get(), &status), 0);
    EXPECT_EQ(status.st_nlink, 0U) << copies;
  }
}

TEST_F(DatabaseFileTest, ATableOverACopyAnswersWhenItsFileIsWrittenOver) {
  const std::string path = write(read_bytes(data_file("doc-ranges.mmdb")));
  for (const CopyFolder& copies : {CopyFolder(folder()), CopyFolder("/proc/none")}) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << read_bytes(data_file("doc-ranges.mmdb"));
    const auto table = RouteTable::open({path}, copies);
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ((*table)->databases().front().path, path);
    std::filesystem::resize_file(path, 0);
    EXPECT_EQ((*table)->lookup(*net::Address::parse("192.0.2.1")).asn, net::Asn{64496});
    EXPECT_FALSE((*table)->prefixes_of(net::Asn{64496}).empty());
    const auto emptied = RouteTable::open({path}, copies);
    ASSERT_FALSE(emptied);
    EXPECT_EQ(emptied.error().code, Errc::corrupt);
    EXPECT_NE(emptied.error().message.find(path), std::string::npos) << emptied.error().message;
  }
}

TEST_F(DatabaseFileTest, OnlyRegularFilesAreTaken) {
  EXPECT_EQ(open_database_file(folder()).error().code, Errc::invalid);
  EXPECT_EQ(open_database_file(folder() + "/none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace ipguard::enrich::testing
