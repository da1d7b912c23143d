// What status says of losses.
#include "cli/loss_text.h"

#include <gtest/gtest.h>

namespace ipguard::cli {
namespace {

using control::Json;

Json row(const char* source, uint64_t bytes, uint64_t truncations) {
  return {{"source", source},
          {"since", "2026-02-25T04:00:00Z"},
          {"last", bytes > 0 ? Json("2026-02-25T05:00:00Z") : Json(nullptr)},
          {"lost_bytes", bytes},
          {"truncations_without_copy", truncations}};
}

TEST(LossText, SaysNothingOnlyWhereNothingCanBeMissing) {
  EXPECT_EQ(losses_text(Json::array()), "");
  EXPECT_EQ(losses_text(Json::array({row("web", 0, 0)})), "nothing since 2026-02-25T04:00:00Z");
  EXPECT_EQ(losses_text(Json::array({row("mail", 0, 0), row("web", 0, 2)})),
            "nothing known of since 2026-02-25T04:00:00Z; web: 2 truncations without a copy, which may have taken "
            "unread lines");
  EXPECT_EQ(losses_text(Json::array({row("mail", 5, 0), row("web", 0, 1)})),
            "mail: " + lost_text(5, 0, 0) +
                " since 2026-02-25T04:00:00Z, last at 2026-02-25T05:00:00Z; web: 1 truncation without a copy, which "
                "may have taken unread lines");
}

}  // namespace
}  // namespace ipguard::cli
