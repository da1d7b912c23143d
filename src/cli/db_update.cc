#include "cli/db_update.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "enrich/database_check.h"
#include "enrich/download.h"
#include "enrich/packed_database.h"

namespace ipguard::cli {
namespace {

constexpr uint64_t largest_token = 4096;

Result<std::string> read_token(const UpdateOptions& options) {
  if (options.token_file.empty()) {
    const char* token = std::getenv("IPGUARD_TOKEN");  // NOLINT(concurrency-mt-unsafe): one thread
    return token == nullptr ? "" : token;
  }
  auto text = read_file(options.token_file, largest_token);
  if (!text) {
    return text;
  }
  return std::string(trim(*text));
}

// A file of its own beside the target, gone again unless it takes its place.
class Candidate {
 public:
  static Result<Candidate> create(const std::string& target) {
    std::string path = target + ".XXXXXX";
    UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!fd.valid()) {
      return fail_errno("cannot write beside " + printable(target), errno);
    }
    return Candidate(std::move(path), std::move(fd));
  }
  Candidate(Candidate&& other) noexcept : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  Candidate& operator=(Candidate&&) = delete;
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  ~Candidate() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  Result<> take_place_of(const std::string& target) {
    constexpr mode_t readable = 0644;
    if (::fchmod(fd_.get(), readable) != 0 || ::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), target.c_str()) != 0) {
      return fail_errno("cannot replace " + printable(target), errno);
    }
    path_.clear();
    const auto folder = std::filesystem::path(target).parent_path();
    const UniqueFd opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.valid()) {
      static_cast<void>(::fsync(opened.get()));
    }
    return {};
  }

 private:
  Candidate(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
};

constexpr uint64_t largest_database = 4ULL << 30U;

Result<> fetch(const UpdateOptions& options, int fd) {
  const auto token = read_token(options);
  if (!token) {
    return std::unexpected(token.error());
  }
  if (options.from.find("://") != std::string::npos) {
    return enrich::download({.url = options.from, .token = *token, .most_bytes = largest_database}, fd);
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(options.from, error);
  if (!std::filesystem::is_regular_file(path, error)) {
    return fail(Errc::not_found, "there is no file " + printable(options.from));
  }
  const auto content = read_file(path, largest_database);
  if (!content) {
    return std::unexpected(content.error());
  }
  for (size_t written = 0; written < content->size();) {
    const ssize_t count = ::write(fd, content->data() + written, content->size() - written);
    if (count < 0 && errno != EINTR) {
      return fail_errno("cannot write a copy of " + printable(options.from), errno);
    }
    written += count > 0 ? static_cast<size_t>(count) : 0;
  }
  return {};
}

// What came, unpacked if it was packed.
Result<Candidate> fetch_unpacked(const UpdateOptions& options) {
  auto came = Candidate::create(options.path);
  if (!came) {
    return came;
  }
  if (auto fetched = fetch(options, came->fd()); !fetched) {
    return std::unexpected(std::move(fetched.error()));
  }
  auto unpacked = Candidate::create(options.path);
  if (!unpacked) {
    return unpacked;
  }
  auto was_packed = enrich::unpack_database(came->fd(), unpacked->fd(), largest_database);
  if (!was_packed) {
    return std::unexpected(
        add_context(was_packed, printable(options.path) + " stays as it is; what came cannot be unpacked"));
  }
  return *was_packed ? std::move(unpacked) : std::move(came);
}

}  // namespace

Result<> update_database(const UpdateOptions& options) {
  auto candidate = fetch_unpacked(options);
  if (!candidate) {
    return std::unexpected(std::move(candidate.error()));
  }
  auto fresh = enrich::check_database(candidate->path());
  if (!fresh) {
    return std::unexpected(add_context(fresh, printable(options.path) + " stays as it is; what came is refused"));
  }
  std::string before;
  if (std::filesystem::exists(options.path)) {
    const auto old = enrich::check_database(options.path);
    if (old) {
      before = " instead of " + group_digits(old->networks());
      if (auto fitting = enrich::may_replace(*old, *fresh); !fitting && !options.force) {
        return fail(Errc::invalid, printable(options.path) + " stays as it is; what came is refused: " +
                                       fitting.error().message + " (--force insists)");
      }
    }
  }
  if (auto replaced = candidate->take_place_of(options.path); !replaced) {
    return replaced;
  }
  std::cout << printable(options.path) << ": " << group_digits(fresh->networks()) << " networks" << before << '\n';
  return {};
}

}  // namespace ipguard::cli
