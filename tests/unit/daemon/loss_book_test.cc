// What the sources have lost, over restarts.
#include "daemon/loss_book.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/log.h"
#include "daemon/state.h"
#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

constexpr TimePoint at(int64_t second) { return TimePoint{std::chrono::seconds{1'771'992'000 + second}}; }

std::vector<config::SourceConfig> named(const std::vector<std::string>& names) {
  std::vector<config::SourceConfig> sources(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    sources[i].name = names[i];
  }
  return sources;
}

using Rows = std::vector<model::SourceLosses>;

TEST(LossBook, CountsWhatCame) {
  LossBook book;
  book.note({}, named({"web"}), at(0));
  EXPECT_EQ(book.rows(), (Rows{{.source = "web", .since = at(0)}}));
  const auto version = book.version();
  book.note({{"web", {.bytes = 5}}}, named({"web"}), at(1));
  book.note({{"web", {.bytes = 5}}}, named({"web"}), at(2));
  book.note({{"web", {.bytes = 7, .messages = 1}}}, named({"web"}), at(3));
  EXPECT_EQ(book.rows(),
            (Rows{{.source = "web", .losses = {.bytes = 7, .messages = 1}, .since = at(0), .last = at(3)}}));
  EXPECT_EQ(book.version(), version + 2) << "there is something to save";
}

TEST(LossBook, TruncationsAreNoKnownLossAndAreKept) {
  LossBook book;
  book.note({{"web", {.truncations = 2}}}, named({"web"}), at(1));
  const Rows rows = {{.source = "web", .losses = {.truncations = 2}, .since = at(1)}};
  EXPECT_EQ(book.rows(), rows);
  EXPECT_NE(book.to_json().dump().find(R"("last":null,)"), std::string::npos);
  EXPECT_NE(book.to_json().dump().find(R"("truncations_without_copy":2)"), std::string::npos);
  book.note({{"web", {.truncations = 2}}}, named({}), at(2));
  EXPECT_EQ(book.rows(), rows) << "of a source that is named no more, too";
}

TEST(LossBook, GoesOnWithWhatWasSaved) {
  LossBook book;
  book.take_over({{.source = "web", .losses = {.bytes = 7}, .since = at(0), .last = at(3)}});
  book.note({{"web", {.bytes = 2}}}, named({"web"}), at(9));
  EXPECT_EQ(book.rows(), (Rows{{.source = "web", .losses = {.bytes = 9}, .since = at(0), .last = at(9)}}));
}

TEST(LossBook, JoinsWhatWasSavedAndOlder) {
  LossBook book;
  book.note({{"web", {.bytes = 2}}}, named({"web"}), at(9));
  const Rows saved = {{.source = "web", .losses = {.bytes = 7}, .since = at(0), .last = at(3)}};
  book.take_over(saved);
  const Rows joined = {{.source = "web", .losses = {.bytes = 9}, .since = at(0), .last = at(9)}};
  EXPECT_EQ(book.rows(), joined);
  book.take_over(saved);
  EXPECT_EQ(book.rows(), joined) << "once";
}

TEST(LossBook, KeepsSourcesThatAreNamedNoMoreIfTheyLostSomething) {
  LossBook book;
  book.note({{"a", {.of_unknown_size = 1}}}, named({"a", "b"}), at(0));
  book.note({{"a", {.of_unknown_size = 1}}}, named({"c"}), at(1));
  const auto rows = book.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].source, "a");
  EXPECT_EQ(rows[1].source, "c");
  for (int i = 0; i < 1'500; ++i) {
    book.note({{"x" + std::to_string(i), {.bytes = 1}}}, named({"c"}), at(2 + i));
  }
  EXPECT_EQ(book.rows().size(), 1'000U);
  EXPECT_EQ(book.rows()[0].source, "c") << "the oldest losses go first, and never a source that is named";
}

TEST(LossBook, IsWrittenForMachines) {
  LossBook book;
  book.note({{"web", {.bytes = 1, .of_unknown_size = 2, .messages = 3, .reread_bytes = 4}}}, named({"web"}), at(0));
  EXPECT_EQ(book.to_json().dump(),
            R"([{"source":"web","since":"2026-02-25T04:00:00Z","last":"2026-02-25T04:00:00Z","lost_bytes":1,)"
            R"("losses_of_unknown_size":2,"lost_messages":3,"reread_bytes":4,"truncations_without_copy":0}])");
}

TEST(LossBook, IsKeptWithTheCursors) {
  set_log_level(LogLevel::error);
  const TempFolder folder;
  config::Config config;
  config.state_path = folder / "state";
  decide::Lookups lookups;
  lookups.route = [](const net::Address&) { return model::Route{}; };
  lookups.protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; };
  decide::Engine engine({}, std::move(lookups));
  const std::vector<model::Cursor> cursors = {{.path = "/log", .offset = 7}};
  {
    auto state = State::open(config, false);
    ASSERT_TRUE(state);
    state->losses().note({{"web", {.bytes = 5}}}, named({"web"}), at(0));
    state->save(engine, &cursors);
    state->losses().note({{"web", {.bytes = 9}}}, named({"web"}), at(1));
    state->save(engine, nullptr);
  }
  {
    auto state = State::open(config, false);
    ASSERT_TRUE(state);
    const Rows saved = {{.source = "web", .losses = {.bytes = 5}, .since = at(0), .last = at(0)}};
    EXPECT_EQ(state->losses().rows(), saved) << "the loss after the cursor that was saved will be found again";
    std::filesystem::remove_all(config.state_path);
    state->save(engine, &cursors);
    EXPECT_TRUE(state->return_to_disk(engine, wall_clock_now()));
    state->save(engine, &cursors);
    EXPECT_EQ(state->losses().rows(), saved) << "somebody deleted the state under it";
  }
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->losses().rows().at(0).losses.bytes, 5U);
}

}  // namespace
}  // namespace ipguard::daemon
