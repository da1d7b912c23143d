#include "cli/candidate_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "cli/output_place.h"

namespace ipguard::cli {

Result<CandidateFile> CandidateFile::beside(const std::string& target) {
  const auto place = OutputPlace::of(target);
  if (!place) {
    return std::unexpected(place.error());
  }
  std::string end = place->path;
  std::error_code error;
  if (place->descriptor || (std::filesystem::exists(end, error) && !std::filesystem::is_regular_file(end, error))) {
    return fail(Errc::invalid, printable(target) + " is no regular file, and would be replaced by one");
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
  return write_all(fd_.get(), content, "cannot write beside " + printable(target_));
}

Result<> CandidateFile::take_place(mode_t mode) {
  if (::fchmod(fd_.get(), mode) != 0 || ::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) {
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
