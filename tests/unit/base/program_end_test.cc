// What a program says last, and what it ends with.
#include "base/program_end.h"

#include <gtest/gtest.h>

namespace ipguard {
namespace {

TEST(EndProgram, TellsWhatWentWrongAndItsStatus) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(end_program("ipguardx", Result<>()), 0);
  EXPECT_EQ(end_program("ipguardx", fail(Errc::configuration, "")), 78) << "it has been told";
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(end_program("ipguardx", fail(Errc::usage, "no such thing")), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "ipguardx: no such thing\n");
}

}  // namespace
}  // namespace ipguard
