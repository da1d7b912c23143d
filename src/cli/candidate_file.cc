#include "cli/candidate_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/text.h"

namespace ipguard::cli {
namespace {

// What a chain of symbolic links leads to, whether that is there or not.
std::filesystem::path end_of_links(std::filesystem::path path) {
  constexpr unsigned most_links = 40;  // as many as the kernel follows
  std::error_code error;
  for (unsigned links = 0; links < most_links && std::filesystem::is_symlink(path, error); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path;
}

}  // namespace

Result<CandidateFile> CandidateFile::beside(const std::string& target) {
  std::string end = end_of_links(target);
  std::error_code error;
  if (std::filesystem::exists(end, error) && !std::filesystem::is_regular_file(end, error)) {
    return fail(Errc::invalid, printable(end) + " is no regular file, and would be replaced by one");
  }
  std::string path = end + ".XXXXXX";
  UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno("cannot write beside " + printable(end), errno);
  }
  return CandidateFile(std::move(end), std::move(path), std::move(fd));
}

CandidateFile::~CandidateFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

Result<> CandidateFile::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd_.get(), content.data(), content.size());
    if (count < 0 && errno != EINTR) {
      return fail_errno("cannot write beside " + printable(target_), errno);
    }
    content.remove_prefix(count > 0 ? static_cast<size_t>(count) : 0);
  }
  return {};
}

Result<> CandidateFile::take_place() {
  constexpr mode_t readable = 0644;
  if (::fchmod(fd_.get(), readable) != 0 || ::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) {
    return fail_errno("cannot replace " + printable(target_), errno);
  }
  path_.clear();
  const auto folder = std::filesystem::path(target_).parent_path();
  const UniqueFd opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.valid()) {
    static_cast<void>(::fsync(opened.get()));
  }
  return {};
}

}  // namespace ipguard::cli
