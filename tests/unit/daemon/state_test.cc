// What becomes of decisions when the store fails.
#include "daemon/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

class StateTest : public testing::Test {
 protected:
  StateTest() : engine({}, lookups()) {
    set_log_level(LogLevel::error);
    config.state_path = folder / "state";
  }

  static decide::Lookups lookups() {
    return {.route =
                [](const net::Address& address) {
                  model::Route route;
                  route.prefix = net::Prefix(address);
                  return route;
                },
            .prefixes_of = {},
            .prefixes_in = {},
            .parts_where = {},
            .any_route_of = {},
            .protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; },
            .texts = {}};
  }

  void ban(const char* target) {
    ASSERT_TRUE(engine.ban(*model::Target::parse(target), {}, "why", "manual", wall_clock_now()));
  }
  void save(State& state, const std::vector<model::Cursor>* cursors = nullptr) {
    state.note(engine.take_changes());
    state.save(engine, cursors);
  }
  // What a daemon that starts now would know: "192.0.2.1 192.0.2.2".
  std::string remembered() {
    auto state = State::open(config, false);
    if (!state) {
      return state.error().message;
    }
    decide::Engine later({}, lookups());
    state->restore(later);
    std::string text;
    for (const auto& decision : later.decisions()) {
      text += (text.empty() ? "" : " ") + decision.target.to_string();
    }
    return text;
  }

  const TempFolder folder;
  config::Config config;
  decide::Engine engine;
};

TEST_F(StateTest, RemembersOverARestart) {
  {
    auto state = State::open(config, false);
    ASSERT_TRUE(state);
    ban("192.0.2.1");
    engine.on_login(*net::Address::parse("192.0.2.9"), wall_clock_now(), wall_clock_now());
    save(*state);
    EXPECT_FALSE(state->unsaved());
    const std::vector<model::Cursor> cursors = {{.path = "/log", .offset = 7}};
    save(*state, &cursors);
  }
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->cursors().at(0).offset, 7U);
  decide::Engine later({}, lookups());
  state->restore(later);
  EXPECT_TRUE(later.find(*model::Target::parse("192.0.2.1")));
  EXPECT_EQ(later.counters().good_clients, 1U);
}

TEST_F(StateTest, ADryRunLeavesNothingOnDisk) {
  auto state = State::open(config, true);
  ASSERT_TRUE(state);
  ban("192.0.2.1");
  save(*state);
  EXPECT_FALSE(std::filesystem::exists(config.state_path));
  EXPECT_EQ(state->trouble(), "") << "that is as it should be";
}

TEST_F(StateTest, IsInMemoryWhenTheFolderCannotBeUsed) {
  std::ofstream(config.state_path) << "a file in the folder's place";
  auto state = State::open(config, false);
  ASSERT_TRUE(state) << "banning goes on";
  EXPECT_FALSE(state->store().on_disk());
  EXPECT_THAT(state->trouble(), HasSubstr("Not a directory"));
  ban("192.0.2.1");
  save(*state);
  EXPECT_EQ(state->problem(), "");
}

TEST_F(StateTest, AnotherDaemonAndANewerSchemaAreForAPerson) {
  const auto first = State::open(config, false);
  ASSERT_TRUE(first);
  const auto second = State::open(config, false);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
}

// A disk that forgets under the running daemon: the first read of what is not in memory finds out, and what is in force
// is written anew.
TEST_F(StateTest, ACorruptStoreIsBegunAfreshWithWhatIsInForce) {
  constexpr int bans = 3000;  // more than SQLite's cache holds
  {
    auto state = State::open(config, false);
    ASSERT_TRUE(state);
    for (int i = 0; i < bans; ++i) {
      const auto number = static_cast<uint32_t>(i * 7919 % 65536);
      const model::Target target{.scope = model::Scope::address,
                                 .prefix = net::Prefix(net::Address::from_ipv4(0x0a000000U + number)),
                                 .asn = {}};
      ASSERT_TRUE(engine.ban(target, {}, std::string(2000, 'x'), "manual", wall_clock_now()));
    }
    const std::vector<model::Cursor> cursors = {{.path = "/log", .offset = 7}};
    save(*state, &cursors);
    ASSERT_TRUE(state->store().prune(wall_clock_now() - Seconds(3600)));  // out of the log, into the database
    for (const char* name : {"/ipguard.db", "/ipguard.db-wal"}) {
      std::fstream file(config.state_path + name, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(0, std::ios::end);
      const auto size = static_cast<size_t>(file.tellp());
      file.seekp(4096);
      file << std::string(size - 4096, '\x55');
      ASSERT_TRUE(file.good()) << name;
    }
    for (int i = 0; i < 500; ++i) {
      ban(("192.0.2." + std::to_string(i / 2)).c_str());
      save(*state);
    }
    EXPECT_EQ(state->problem(), "");
    EXPECT_TRUE(state->store().on_disk());
    EXPECT_EQ(state->store().set_aside(), config.state_path + "/ipguard.db.corrupt-1");
    EXPECT_EQ(engine.decisions().size(), bans + 250U);
  }
  EXPECT_EQ(std::ranges::count(remembered(), ' ') + 1, bans + 250);
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  ASSERT_EQ(state->cursors().size(), 1U);
  EXPECT_EQ(state->cursors()[0].offset, 7U);
}

TEST_F(StateTest, AStoreThatCannotBeBegunAfreshIsInMemory) {
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  ban("192.0.2.1");
  save(*state);
  std::filesystem::remove_all(config.state_path);
  ASSERT_FALSE(state->store().begin_afresh());
  EXPECT_FALSE(state->store().on_disk());
  ban("192.0.2.2");
  save(*state);
  EXPECT_EQ(state->problem(), "");
}

// The disk was not there at the start, and comes back later with what was remembered before.
TEST_F(StateTest, ReturnsToTheDiskWhenThatWorksAgain) {
  const auto now = wall_clock_now();
  {
    auto before = State::open(config, false);
    ASSERT_TRUE(before);
    for (const char* target : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
      ban(target);
    }
    save(*before);
  }
  std::filesystem::rename(config.state_path, folder / "elsewhere");
  std::ofstream(config.state_path) << "a file in the folder's place";
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  ASSERT_NE(state->trouble(), "");
  auto knows_texts = lookups();
  knows_texts.texts = [&](const model::Target& target, decide::Texts wanted) { return state->texts(target, wanted); };
  decide::Engine later({}, std::move(knows_texts));
  state->restore(later);
  const auto order = [&](const char* target, const char* reason) {
    ASSERT_TRUE(later.ban(*model::Target::parse(target), {}, reason, "manual", now));
  };
  order("192.0.2.2", "another reason");
  order("192.0.2.3", "for a moment");
  order("192.0.2.4", "new");
  ASSERT_TRUE(later.unban(*model::Target::parse("192.0.2.3"), now));
  const auto save_later = [&] {
    state->note(later.take_changes());
    state->save(later, nullptr);
  };
  save_later();
  EXPECT_FALSE(state->return_to_disk(later, now));
  EXPECT_EQ(state->next_try(), now + Seconds(10));
  EXPECT_FALSE(state->return_to_disk(later, now + Seconds(10)));
  EXPECT_EQ(state->next_try(), now + Seconds(30)) << "less and less often";
  std::filesystem::remove(config.state_path);
  std::filesystem::rename(folder / "elsewhere", config.state_path);
  EXPECT_FALSE(state->return_to_disk(later, now + Seconds(29))) << "not yet";
  EXPECT_TRUE(state->return_to_disk(later, now + Seconds(30)));
  EXPECT_EQ(state->trouble(), "");
  EXPECT_EQ(state->next_try(), std::nullopt);
  EXPECT_TRUE(later.is_banned(*model::Target::parse("192.0.2.1"))) << "what only the disk knew";
  EXPECT_FALSE(later.is_banned(*model::Target::parse("192.0.2.3"))) << "that was lifted meanwhile";
  save_later();
  EXPECT_EQ(state->problem(), "");
  state = State::open({}, true);  // lets go of the folder
  EXPECT_EQ(remembered(), "192.0.2.1 192.0.2.2 192.0.2.4");
  auto again = State::open(config, false);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->texts(*model::Target::parse("192.0.2.1"), decide::Texts::reason_and_evidence).reason, "why");
  EXPECT_EQ(again->texts(*model::Target::parse("192.0.2.2"), decide::Texts::reason_and_evidence).reason,
            "another reason");
}

// rm -rf under the running daemon: SQLite would go on writing into a file that has no name.
TEST_F(StateTest, ADeletedFolderIsNoticedAndMadeAnew) {
  for (const std::string gone : {"", "/ipguard.db"}) {
    std::filesystem::remove_all(config.state_path);
    auto state = State::open(config, false);
    ASSERT_TRUE(state);
    auto knows_texts = lookups();
    knows_texts.texts = [&](const model::Target& target, decide::Texts wanted) { return state->texts(target, wanted); };
    decide::Engine later({}, std::move(knows_texts));
    const auto now = wall_clock_now();
    const auto order = [&](const char* target) {
      ASSERT_TRUE(later.ban(*model::Target::parse(target), {}, target, "manual", now));
      state->note(later.take_changes());
    };
    const std::vector<model::Cursor> cursors = {{.path = "/log", .offset = 7}};
    order("192.0.2.1");
    order("192.0.2.9");
    state->save(later, &cursors);
    ASSERT_TRUE(later.unban(*model::Target::parse("192.0.2.9"), now));
    state->note(later.take_changes());
    state->save(later, nullptr);
    EXPECT_EQ(state->trouble(), "");
    std::filesystem::remove_all(config.state_path + gone);
    order("192.0.2.2");
    state->save(later, nullptr);
    EXPECT_THAT(state->trouble(), HasSubstr("somebody deleted")) << gone;
    EXPECT_FALSE(state->store().on_disk());
    EXPECT_FALSE(state->unsaved()) << "in memory it is kept";
    EXPECT_TRUE(state->return_to_disk(later, now)) << "at once: " << state->trouble();
    EXPECT_EQ(state->trouble(), "");
    state->save(later, nullptr);
    EXPECT_EQ(state->problem(), "");
    state = State::open({}, true);  // lets go of the folder
    EXPECT_EQ(remembered(), "192.0.2.1 192.0.2.2") << gone;
    auto again = State::open(config, false);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->texts(*model::Target::parse("192.0.2.1"), decide::Texts::reason).reason, "192.0.2.1");
    EXPECT_EQ(again->store().ended_decisions(10)->size(), 1U) << "the past is not forgotten";
    EXPECT_EQ(again->cursors().at(0).offset, 7U);
  }
}

TEST_F(StateTest, AnotherFileInItsPlaceIsNoticed) {
  auto state = State::open(config, false);
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->store().in_place());
  std::filesystem::copy_file(config.state_path + "/ipguard.db", config.state_path + "/copy");
  std::filesystem::rename(config.state_path + "/copy", config.state_path + "/ipguard.db");
  EXPECT_FALSE(state->store().in_place());
  state->check_place(engine);
  EXPECT_THAT(state->trouble(), HasSubstr("put another in its place"));
}

// What is not written yet is told all the same; what nobody kept is said to be unknown.
TEST_F(StateTest, TellsTheTextsOfABan) {
  auto state = State::open(config, true);
  ASSERT_TRUE(state);
  ban("192.0.2.1");
  state->note(engine.take_changes());
  EXPECT_EQ(state->texts(*model::Target::parse("192.0.2.1"), decide::Texts::reason_and_evidence).reason, "why")
      << "not saved yet";
  save(*state);
  EXPECT_EQ(state->texts(*model::Target::parse("192.0.2.1"), decide::Texts::reason_and_evidence).reason, "why");
  EXPECT_EQ(state->texts(*model::Target::parse("192.0.2.2"), decide::Texts::reason_and_evidence).reason,
            "why is not known any more: it was never saved");
}

}  // namespace
}  // namespace ipguard::daemon
