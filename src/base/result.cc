#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace ipguard {

std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  Errc code = Errc::failed;
  switch (error_number) {
    case EPERM:
    case EACCES:
      code = Errc::permission;
      break;
    case ENOENT:
      code = Errc::not_found;
      break;
    case EADDRINUSE:
    case EBUSY:
    case EWOULDBLOCK:
      code = Errc::busy;
      break;
    default:
      break;
  }
  return fail(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

int exit_status(Errc code) {
  switch (code) {
    case Errc::usage:
      return 2;
    case Errc::configuration:
      return 78;
    default:
      return 1;
  }
}

}  // namespace ipguard
