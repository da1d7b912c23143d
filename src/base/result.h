// Result<T>: what every call that can fail at run time returns.
//
// Errors are values. Context is added while an error rises ("cannot read rules: /etc/x: Permission denied"),
// so that the text that reaches a person names the outer intent first and the cause last. Assertions are kept for
// our own bugs; foreign bytes (logs, databases, kernel replies, sockets) never reach one.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ipguard {

// What kind of failure it is; main() maps it to the process's exit status (see exit_status()).
enum class Errc {
  failed,         // anything without a more useful kind
  not_found,      // a file, table, decision or record that is not there
  permission,     // EPERM or EACCES: a privilege or a file mode is missing
  invalid,        // a value somebody wrote is not acceptable
  busy,           // somebody else holds it (another daemon, a locked database)
  corrupt,        // foreign bytes that do not follow their own format
  usage,          // the command line is wrong
  configuration,  // configuration or rules are wrong; Diagnostics have been printed
};

struct [[nodiscard]] Error {
  Errc code = Errc::failed;
  std::string message;

  // Returns the same error with "context: " in front of its message.
  Error with_context(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

template <typename T = void>
using Result = std::expected<T, Error>;

// An error ready to be returned from a function that yields Result<T>.
[[nodiscard]] std::unexpected<Error> fail(Errc code, std::string message);
[[nodiscard]] inline std::unexpected<Error> fail(std::string message) { return fail(Errc::failed, std::move(message)); }

// errno as an error: "<what>: <strerror>". EPERM and EACCES become Errc::permission, ENOENT Errc::not_found,
// EADDRINUSE, EBUSY and EWOULDBLOCK Errc::busy. This is the one place where errno meets Error.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what, int error_number);

// 0 is for success; 1 failure, 2 wrong usage, 78 bad configuration (EX_CONFIG of sysexits.h).
[[nodiscard]] int exit_status(Errc code);

// Passes an error on with context: `return std::unexpected(add_context(result, "cannot open database"))`.
template <typename T>
[[nodiscard]] Error add_context(Result<T>& result, std::string_view context) {
  return std::move(result.error()).with_context(context);
}

}  // namespace ipguard
