// CandidateFile: a file that takes the place of another one once it is known to be good.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::cli {

// Lies beside the target, under a name that no other file has, and is gone again unless it takes its place. A target
// that is a symbolic link stays one: the file that it leads to is replaced (OutputPlace).
class CandidateFile {
 public:
  [[nodiscard]] static Result<CandidateFile> beside(const std::string& target);
  CandidateFile(CandidateFile&& other) noexcept
      : target_(std::move(other.target_)), path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  CandidateFile& operator=(CandidateFile&&) = delete;
  CandidateFile(const CandidateFile&) = delete;
  CandidateFile& operator=(const CandidateFile&) = delete;
  ~CandidateFile();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Result<> write(std::string_view content);
  // By rename, safe on the disk.
  [[nodiscard]] Result<> take_place(mode_t mode = 0644);

 private:
  CandidateFile(std::string target, std::string path, UniqueFd fd)
      : target_(std::move(target)), path_(std::move(path)), fd_(std::move(fd)) {}

  std::string target_;
  std::string path_;  // empty once it has taken its place
  UniqueFd fd_;
};

}  // namespace ipguard::cli
