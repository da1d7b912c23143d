// A folder of a test's own, removed with all that is in it when the test is over.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ipguard {

class TempFolder {
 public:
  // Below $TMPDIR or /tmp. std::runtime_error if it cannot be made.
  TempFolder() : path_((std::filesystem::temp_directory_path() / "ipguard-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw std::runtime_error("cannot make the folder " + path_);
    }
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Returns the file's path; folders on the way are made.
  std::string write(std::string_view name, std::string_view content) const {
    const auto path = place(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  void link(std::string_view name, const std::string& target) const {
    std::filesystem::create_symlink(target, place(name));
  }

 private:
  [[nodiscard]] std::string place(std::string_view name) const {
    auto path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    return path;
  }

  std::string path_;
};

}  // namespace ipguard
