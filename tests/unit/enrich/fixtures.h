// Where the fixtures lie, and files with bytes of a test's own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "enrich/route_table.h"
#include "support/temp_folder.h"

namespace ipguard::enrich::testing {

inline std::string data_file(const std::string& name) { return std::string(IPGUARD_SOURCE_DIR "/tests/data/") + name; }

inline std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".mmdb") {
      result.push_back(entry.path());
    }
  }
  return result;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder that goes away with the test.
class EnrichTest : public ::testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    const std::string path = folder_ / std::to_string(++files_) + ".mmdb";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // A table over files that must open.
  static std::shared_ptr<const RouteTable> open(const std::vector<std::string>& paths) {
    auto opened = RouteTable::open(paths);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? *opened : nullptr;
  }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  // The path of the starter database, unpacked into the test's folder; empty if xz cannot do it.
  [[nodiscard]] std::string unpack_starter() const {
    const std::string packed = IPGUARD_SOURCE_DIR "/packaging/data/ipguard-lite.mmdb.xz";
    const std::string path = folder_ / "ipguard-lite.mmdb";
    const std::string command = "xz -dc '" + packed + "' > '" + path + "'";
    return std::system(command.c_str()) == 0 ? path : "";  // NOLINT(cert-env33-c): fixed words
  }

 private:
  const TempFolder folder_;
  int files_ = 0;
};

inline net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
inline net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

inline std::vector<std::string> texts(const std::vector<net::Prefix>& prefixes) {
  std::vector<std::string> result;
  for (const auto& one : prefixes) {
    result.push_back(one.to_string());
  }
  return result;
}

}  // namespace ipguard::enrich::testing
