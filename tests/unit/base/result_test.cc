#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/version.h"

namespace ipguard {
namespace {

TEST(Result, ContextGoesInFront) {
  const auto inner = []() -> Result<int> { return fail_errno("/etc/x", EACCES); };
  auto result = inner();
  const Error error = add_context(result, "cannot read rules");
  EXPECT_EQ(error.message, "cannot read rules: /etc/x: Permission denied");
  EXPECT_EQ(error.code, Errc::permission);
}

TEST(Result, ErrnoHasAKind) {
  struct Case {
    int number;
    Errc code;
  };
  for (const auto& each : {Case{EPERM, Errc::permission}, Case{EACCES, Errc::permission}, Case{ENOENT, Errc::not_found},
                           Case{EADDRINUSE, Errc::busy}, Case{EBUSY, Errc::busy}, Case{EAGAIN, Errc::busy},
                           Case{ENOSPC, Errc::failed}, Case{EIO, Errc::failed}}) {
    EXPECT_EQ(fail_errno("x", each.number).error().code, each.code) << each.number;
  }
}

TEST(Result, KindsHaveTheirExitStatus) {
  for (const auto code : {Errc::failed, Errc::not_found, Errc::permission, Errc::invalid, Errc::busy, Errc::corrupt}) {
    EXPECT_EQ(exit_status(code), 1);
  }
  EXPECT_EQ(exit_status(Errc::usage), 2);
  EXPECT_EQ(exit_status(Errc::configuration), 78);
}

TEST(Version, IsANumberWithDots) {
  ASSERT_FALSE(version().empty());
  EXPECT_EQ(version().find_first_not_of("0123456789."), std::string_view::npos);
}

}  // namespace
}  // namespace ipguard
