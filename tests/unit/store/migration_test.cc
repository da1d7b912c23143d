// From the schema of every earlier version to the present one.
#include <gtest/gtest.h>

#include "samples.h"
#include "store/folder.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace ipguard::store {
namespace {

// As version 1 made it, with one ban in force, one that is over, and what else it kept.
constexpr const char* version_1 = R"sql(
CREATE TABLE decisions(
  id             INTEGER PRIMARY KEY,
  scope          TEXT NOT NULL,
  target         TEXT NOT NULL,
  prefixes       BLOB NOT NULL,
  route          TEXT NOT NULL,
  route_found    INTEGER NOT NULL,
  asn            INTEGER,
  as_name        BLOB NOT NULL,
  as_domain      BLOB NOT NULL,
  country        BLOB NOT NULL,
  country_code   BLOB NOT NULL,
  continent      BLOB NOT NULL,
  continent_code BLOB NOT NULL,
  rule           BLOB NOT NULL,
  reason         BLOB NOT NULL,
  issuer         BLOB NOT NULL,
  since          INTEGER NOT NULL,
  until          INTEGER,
  repeat         INTEGER NOT NULL,
  covered        INTEGER NOT NULL,
  ending         TEXT,
  ended_at       INTEGER
) STRICT;
CREATE UNIQUE INDEX active_decisions ON decisions(scope, target) WHERE ended_at IS NULL;
CREATE INDEX ended_decisions ON decisions(ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE evidence(
  decision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  path     BLOB NOT NULL,
  offset   INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  text     BLOB NOT NULL,
  PRIMARY KEY(decision, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE history(
  scope    TEXT NOT NULL,
  target   TEXT NOT NULL,
  bans     INTEGER NOT NULL,
  last_end INTEGER NOT NULL,
  PRIMARY KEY(scope, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_end ON history(last_end);
CREATE TABLE cursors(
  path               BLOB NOT NULL,
  device             INTEGER NOT NULL,
  inode              INTEGER NOT NULL,
  fingerprint        INTEGER NOT NULL,
  fingerprint_length INTEGER NOT NULL,
  offset             INTEGER NOT NULL,
  PRIMARY KEY(path, device, inode)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = 1768974180;
PRAGMA user_version = 1;
INSERT INTO decisions VALUES(1, 'address', '192.0.2.7/32', x'20c0000207', '192.0.2.0/24', 1, 64500, x'4558', x'', x'',
  x'4e4c', x'', x'', x'737368', x'776879', x'6c6564676572', 1771992000000000, 1771995600000000, 2, 1, NULL, NULL);
INSERT INTO decisions VALUES(2, 'asn', 'AS64500', x'18c00002', '192.0.2.0/24', 1, 64500, x'', x'', x'', x'', x'', x'',
  x'', x'776879', x'6d616e75616c', 1771992000000000, NULL, 0, 256, 'lifted', 1771992060000000);
INSERT INTO evidence VALUES(1, 0, x'61', 5, 1771991999000000, x'6c696e65');
INSERT INTO history VALUES('asn', 'AS64500', 1, 1771992060000000);
INSERT INTO cursors VALUES(x'2f6c6f67', 1, 2, 3, 4, 5);
)sql";

TEST(Migration, Version1KeepsEverything) {
  const StateFolder folder;
  ASSERT_TRUE(create_state_folder(folder.state()));
  ASSERT_TRUE(create_database_file(folder.database()));
  {
    auto database = Database::open(folder.database());
    ASSERT_TRUE(database);
    const auto made = database->execute(version_1);
    ASSERT_TRUE(made) << made.error().message;
  }
  auto opened = Store::open(folder.state());
  ASSERT_TRUE(opened) << opened.error().message;
  Store& store = **opened;
  EXPECT_EQ(store.set_aside(), "") << "it was sound";
  const auto active = active_decisions(store).value();
  ASSERT_EQ(active.size(), 1U);
  EXPECT_EQ(text_of(active[0]),
            "192.0.2.7 since 2026-02-25T04:00:00Z until 2026-02-25T05:00:00Z repeat 2 covered 1 [ssh|why|ledger] "
            "192.0.2.0/24 found AS64500 EX|||NL|| 192.0.2.7/32 {a@5 2026-02-25T03:59:59Z line}");
  EXPECT_EQ(active[0].confirm_by, std::nullopt);
  EXPECT_EQ(active[0].good_clients, model::GoodCounts{});
  EXPECT_EQ(store.ended_decisions(5)->size(), 1U);
  EXPECT_EQ(store.history()->size(), 1U);
  EXPECT_EQ(store.cursors().value(), (std::vector<model::Cursor>{{.path = "/log",
                                                                  .device = 1,
                                                                  .inode = 2,
                                                                  .fingerprint = 3,
                                                                  .fingerprint_length = 4,
                                                                  .offset = 5,
                                                                  .seen_size = 5}}));
  EXPECT_EQ(store.bad_rows(), 0U);
  EXPECT_TRUE(store.good_clients()->empty());
  EXPECT_TRUE(store.losses()->empty());
  auto decision = decision_on("AS64501");
  decision.confirm_by = at(60);
  ASSERT_TRUE(store.write(begin({decision})));
  opened->reset();
  auto again = Store::open(folder.state());
  ASSERT_TRUE(again) << "the new version is opened as it is: " << again.error().message;
  EXPECT_EQ(active_decisions(**again)->at(1).confirm_by, at(60));
}

TEST(Migration, ADatabaseThatIsNotWhatItsVersionSaysIsCorrupt) {
  const StateFolder folder;
  ASSERT_TRUE(create_state_folder(folder.state()));
  ASSERT_TRUE(create_database_file(folder.database()));
  {
    auto database = Database::open(folder.database());
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(version_1));
    ASSERT_TRUE(database->execute("DROP TABLE decisions"));
  }
  auto opened = Store::open(folder.state());
  ASSERT_TRUE(opened) << "banning goes on with a fresh one";
  EXPECT_EQ((*opened)->set_aside(), folder.database() + ".corrupt-1");
  EXPECT_TRUE(active_decisions(**opened)->empty());
}

TEST(Store, KeepsConfirmationAndCollateral) {
  auto store = Store::in_memory();
  auto decision = decision_on("AS64500");
  decision.confirm_by = at(300);
  decision.good_clients = {.logins = 1, .users = 2, .visitors = 3};
  decision.left_out = {net::Prefix::parse("198.51.100.7").value(), net::Prefix::parse("2001:db8:0:7::/64").value()};
  ASSERT_TRUE(store->write(begin({decision, decision_on("NL")})));
  const auto active = active_decisions(*store).value();
  ASSERT_EQ(active.size(), 2U);
  EXPECT_EQ(active[0].confirm_by, at(300));
  EXPECT_EQ(active[0].good_clients, decision.good_clients);
  EXPECT_EQ(active[0].left_out, decision.left_out);
  EXPECT_EQ(active[1].target, target_of("NL"));
  EXPECT_EQ(active[1].confirm_by, std::nullopt);
}

TEST(Store, GoodClientsAreReplacedAndForgotten) {
  auto store = Store::in_memory();
  const auto client = [](const char* text) {
    return model::GoodClient{
        .client = net::Prefix::parse(text).value(), .visit = {}, .user = {}, .login = {}, .spoiled = {}};
  };
  auto first = client("192.0.2.7");
  first.login = at(10);
  first.spoiled = at(5);
  auto second = client("2001:db8::/64");
  second.visit = at(2);
  StoreBatch batch;
  batch.good_clients = {first, second};
  ASSERT_TRUE(store->write(batch));
  second.user = at(20);
  batch.good_clients = {second};
  ASSERT_TRUE(store->write(batch));
  const auto all = store->good_clients().value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].client, first.client);
  EXPECT_EQ(all[0].login, at(10));
  EXPECT_EQ(all[0].spoiled, at(5));
  EXPECT_EQ(all[0].visit, std::nullopt);
  EXPECT_EQ(all[1].visit, at(2));
  EXPECT_EQ(all[1].user, at(20));
  ASSERT_TRUE(store->prune(at(15)));
  ASSERT_EQ(store->good_clients()->size(), 1U);
  EXPECT_EQ(store->good_clients()->front().client, second.client);
}

}  // namespace
}  // namespace ipguard::store
