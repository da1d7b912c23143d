#include "cli/db_update.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "cli/candidate_file.h"
#include "enrich/database_check.h"
#include "enrich/packed_database.h"
#include "transfer/download.h"

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

constexpr uint64_t largest_database = 4ULL << 30U;

Result<> fetch(const UpdateOptions& options, CandidateFile& into) {
  const auto token = read_token(options);
  if (!token) {
    return std::unexpected(token.error());
  }
  if (options.from.find("://") != std::string::npos) {
    return transfer::download({.url = options.from, .token = *token, .most_bytes = largest_database}, into.fd());
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
  return into.write(*content);
}

// What came, unpacked if it was packed.
Result<CandidateFile> fetch_unpacked(const UpdateOptions& options) {
  auto came = CandidateFile::beside(options.path);
  if (!came) {
    return came;
  }
  if (auto fetched = fetch(options, *came); !fetched) {
    return std::unexpected(std::move(fetched.error()));
  }
  auto unpacked = CandidateFile::beside(options.path);
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
  if (auto replaced = candidate->take_place(); !replaced) {
    return replaced;
  }
  std::cout << printable(options.path) << ": " << counted(fresh->networks(), "network", "networks") << before << '\n';
  return {};
}

}  // namespace ipguard::cli
