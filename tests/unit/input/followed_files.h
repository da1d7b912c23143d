// What tests do to the files that are followed.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "support/temp_folder.h"

namespace ipguard::input {

inline void append(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << bytes;
  file.flush();
  ASSERT_TRUE(file) << path;
}

inline void overwrite(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.flush();
  ASSERT_TRUE(file) << path;
}

}  // namespace ipguard::input
