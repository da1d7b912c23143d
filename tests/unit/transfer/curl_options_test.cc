// What of a URL may be shown.
#include "transfer/curl_options.h"

#include <gtest/gtest.h>

namespace ipguard::transfer {
namespace {

TEST(WithoutSecrets, LeavesOutWhatMayBeOne) {
  EXPECT_EQ(without_secrets("https://user:secret@example.org/a?key=secret#part"), "https://example.org/a");
  EXPECT_EQ(without_secrets("https://user:p@ss@example.org"), "https://example.org");
  EXPECT_EQ(without_secrets("https://example.org/a@b"), "https://example.org/a@b");
  EXPECT_EQ(without_secrets("user:secret@example.org/a"), "example.org/a");
  EXPECT_EQ(without_secrets("https://example.org/\x1b[2J"), "https://example.org/\\x1b[2J");
}

}  // namespace
}  // namespace ipguard::transfer
