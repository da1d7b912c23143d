#include "base/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/account.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace ipguard {
namespace {

constexpr size_t shortest_secret = 16;
constexpr size_t longest_secret = 1024;

// Root may look at what is for the service.
bool is_account_for_root(uid_t owner, const std::string& account) {
  const auto found = ::geteuid() == 0 ? find_account(account) : std::nullopt;
  return found && found->user == owner;
}

Result<> check_rights(int fd, const std::string& path, const std::string& account) {
  struct stat file{};
  if (::fstat(fd, &file) != 0) {
    return fail_errno("cannot read " + printable(path), errno);
  }
  if (!S_ISREG(file.st_mode)) {
    return fail(Errc::invalid, printable(path) + " is no regular file");
  }
  if (file.st_uid != 0 && file.st_uid != ::geteuid() && !is_account_for_root(file.st_uid, account)) {
    return fail(Errc::permission, printable(path) + " belongs to another user: chown it to ipguardd's user");
  }
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::permission, printable(path) + " may be read or written by others than its owner: chmod 0600");
  }
  return {};
}

}  // namespace

Result<std::string> read_secret(const std::string& path, const std::string& account) {
  // Not blocking: somebody may have put a pipe there.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot read " + printable(path), errno);
  }
  if (auto rights = check_rights(fd.get(), path, account); !rights) {
    return std::unexpected(std::move(rights.error()));
  }
  const auto content = read_descriptor(fd.get(), path, 2 * longest_secret);
  if (!content) {
    return std::unexpected(content.error());
  }
  const auto secret = trim(*content);
  if (secret.size() < shortest_secret || secret.size() > longest_secret ||
      !std::ranges::all_of(secret, [](char c) { return c > ' ' && c <= '~'; })) {
    return fail(Errc::invalid, printable(path) + " holds no token: one word of " + std::to_string(shortest_secret) +
                                   " to " + std::to_string(longest_secret) +
                                   " printable characters, such as `openssl rand -hex 32` writes");
  }
  return std::string(secret);
}

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  volatile unsigned char difference = 0;  // so that no compiler leaves the loop early
  for (size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace ipguard
