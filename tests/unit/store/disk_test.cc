// The store on a disk: modes, locks, damage, full disks, kill -9.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "base/file.h"
#include "samples.h"
#include "store/folder.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace ipguard::store {
namespace {

using testing::HasSubstr;

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

void overwrite(const std::string& path, std::string_view bytes, int64_t offset = 0) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
  ASSERT_TRUE(file.good());
}

TEST(StoreOnDisk, IsPrivateWhateverTheUmask) {
  const StateFolder folder;
  const auto old = ::umask(0);
  {
    auto store = Store::open(folder.state());
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->write(begin({decision_on("192.0.2.7")})));
    EXPECT_EQ(mode_of(folder.state()), 0700U);
    for (const char* name : {"/ipguard.db", "/ipguard.db-wal", "/lock"}) {
      EXPECT_EQ(mode_of(folder.state() + name), 0600U) << name;
    }
  }
  ::umask(old);
}

TEST(StoreOnDisk, ComesBackAfterAStop) {
  const StateFolder folder;
  StoreBatch batch = begin({decision_on("192.0.2.7"), decision_on("AS64500")});
  batch.cursors = {{.path = "a", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = 5}};
  batch.has_cursors = true;
  batch.ended = {{.decision = decision_on("192.0.2.8"), .ending = model::Ending::expired, .at = at(9)}};
  ASSERT_TRUE(Store::open(folder.state()).value()->write(batch));
  auto again = Store::open(folder.state());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(active_targets(**again), "192.0.2.7 AS64500");
  EXPECT_EQ((*again)->cursors().value(), batch.cursors);
  EXPECT_EQ((*again)->ended_decisions(5)->size(), 1U);
  // The cursors read at open are what the next write is compared with.
  batch = {};
  batch.has_cursors = true;
  ASSERT_TRUE((*again)->write(batch));
  EXPECT_TRUE((*again)->cursors()->empty());
}

TEST(StoreOnDisk, BelongsToOneDaemon) {
  const StateFolder folder;
  auto first = Store::open(folder.state());
  ASSERT_TRUE(first);
  const auto second = Store::open(folder.state());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_EQ(second.error().message,
            "another ipguardd (process " + std::to_string(::getpid()) + ") uses the state folder " + folder.state());
  first->reset();
  EXPECT_TRUE(Store::open(folder.state()));
}

TEST(StoreOnDisk, SaysWhyAFolderCannotBeUsed) {
  const StateFolder folder;
  const auto file = folder.path() + "/file";
  ASSERT_TRUE(std::ofstream(file) << "x");
  const auto below = Store::open(file + "/state");
  ASSERT_FALSE(below);
  EXPECT_THAT(below.error().message, HasSubstr(file));
  const auto at_file = Store::open(file);
  ASSERT_FALSE(at_file);
  EXPECT_THAT(at_file.error().message, HasSubstr("cannot use the state folder " + file + ": Not a directory"));
  ::mkdir(folder.state().c_str(), 0700);
  ASSERT_EQ(::symlink(file.c_str(), folder.database().c_str()), 0);
  EXPECT_FALSE(Store::open(folder.state())) << "a symbolic link in the database's place is not followed";
  EXPECT_EQ(read_file(file), "x");
}

TEST(StoreOnDisk, ANewerSchemaIsRefusedAndLeftAlone) {
  const StateFolder folder;
  ASSERT_TRUE(Store::open(folder.state()));
  {
    auto database = Database::open(folder.database());
    ASSERT_TRUE(database && database->execute("PRAGMA user_version = 99"));
  }
  const auto store = Store::open(folder.state());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Errc::invalid);
  EXPECT_THAT(store.error().message, HasSubstr("written by a newer ipguard (schema version 99, this one knows " +
                                               std::to_string(schema_version()) + ")"));
  EXPECT_FALSE(std::filesystem::exists(folder.database() + ".corrupt-1"));
}

// What a damaged file may look like; after each a fresh database takes its place and works.
TEST(StoreOnDisk, ACorruptDatabaseIsMovedAside) {
  const std::vector<std::pair<const char*, std::function<void(const std::string&)>>> damages = {
      {"no database", [](const std::string& path) { overwrite(path, "this is no SQLite file at all"); }},
      {"a page of noise", [](const std::string& path) { overwrite(path, std::string(4096, '\xa5'), 4096); }},
      {"cut off", [](const std::string& path) { ASSERT_EQ(::truncate(path.c_str(), 5000), 0); }},
      {"a table is missing",
       [](const std::string& path) { ASSERT_TRUE(Database::open(path)->execute("DROP TABLE cursors")); }},
      {"another program's",
       [](const std::string& path) { ASSERT_TRUE(Database::open(path)->execute("PRAGMA application_id = 7")); }},
      {"a negative version",
       [](const std::string& path) { ASSERT_TRUE(Database::open(path)->execute("PRAGMA user_version = -1")); }},
  };
  for (const auto& [name, damage] : damages) {
    const StateFolder folder;
    ASSERT_TRUE(Store::open(folder.state()).value()->write(begin({decision_on("192.0.2.7")})));
    damage(folder.database());
    auto store = Store::open(folder.state());
    ASSERT_TRUE(store) << name << ": " << store.error().message;
    EXPECT_EQ((*store)->set_aside(), folder.database() + ".corrupt-1") << name;
    EXPECT_TRUE(std::filesystem::exists(folder.database() + ".corrupt-1")) << name;
    EXPECT_EQ(active_targets(**store), "") << name;
    EXPECT_TRUE((*store)->write(begin({decision_on("192.0.2.8")}))) << name;
    EXPECT_EQ(active_targets(**store), "192.0.2.8") << name;
  }
}

TEST(StoreOnDisk, TheLogOfACorruptDatabaseGoesWithIt) {
  const StateFolder folder;
  const auto path = folder.path() + "/ipguard.db";
  for (const char* suffix : {"", "-wal"}) {
    ASSERT_TRUE(std::ofstream(path + suffix) << "corrupt");
  }
  EXPECT_EQ(set_aside(path), path + ".corrupt-1");
  for (const char* suffix : {"", "-wal"}) {
    EXPECT_FALSE(std::filesystem::exists(path + suffix)) << suffix;
    EXPECT_EQ(read_file(path + ".corrupt-1" + suffix), "corrupt") << suffix;
  }
}

TEST(StoreOnDisk, CorruptDatabasesDoNotFillTheDisk) {
  const StateFolder folder;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(Store::open(folder.state()));
    overwrite(folder.database(), "no SQLite file");
  }
  size_t aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.state())) {
    aside += entry.path().string().find("corrupt") != std::string::npos ? 1U : 0U;
  }
  EXPECT_EQ(aside, 8U);
}

TEST(StoreOnDisk, ABadRowIsSkippedAndCounted) {
  const StateFolder folder;
  StoreBatch batch = begin({decision_on("192.0.2.7"), decision_on("192.0.2.8"), decision_on("192.0.2.9")});
  batch.cursors = {{.path = "a", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = 5},
                   {.path = "b", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = 5}};
  batch.has_cursors = true;
  batch.ended = {{.decision = decision_on("192.0.2.10"), .ending = model::Ending::expired, .at = at(9)},
                 {.decision = decision_on("192.0.2.11"), .ending = model::Ending::expired, .at = at(9)}};
  ASSERT_TRUE(Store::open(folder.state()).value()->write(batch));
  {
    auto database = Database::open(folder.database());
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        database->execute("UPDATE decisions SET prefixes = x'00' WHERE target = '192.0.2.7/32';"
                          "UPDATE decisions SET ending = 'forgotten' WHERE target = '192.0.2.10/32';"
                          "UPDATE evidence SET time = 9223372036854775807 WHERE decision ="
                          " (SELECT id FROM decisions WHERE target = '192.0.2.8/32');"
                          "UPDATE history SET bans = -1 WHERE target = '192.0.2.10/32';"
                          "UPDATE cursors SET fingerprint_length = -4 WHERE path = CAST('a' AS BLOB)"));
  }
  auto store = Store::open(folder.state());
  ASSERT_TRUE(store);
  EXPECT_EQ(active_targets(**store), "192.0.2.8 192.0.2.9");
  EXPECT_TRUE(active_decisions(**store)->at(0).evidence.empty());
  EXPECT_EQ((*store)->cursors()->size(), 1U);
  EXPECT_EQ((*store)->ended_decisions(9)->size(), 1U);
  EXPECT_EQ((*store)->history()->size(), 1U);
  EXPECT_GE((*store)->bad_rows(), 5U);
  // A new decision on the damaged row's target takes its place.
  ASSERT_TRUE((*store)->write(begin({decision_on("192.0.2.7")})));
  EXPECT_EQ(active_targets(**store), "192.0.2.8 192.0.2.9 192.0.2.7");
}

// A write that fails half-way (here: the file may not grow) leaves everything as it was, and works again afterwards.
TEST(StoreOnDisk, AFailingWriteChangesNothing) {
  const StateFolder folder;
  auto store = Store::open(folder.state());
  ASSERT_TRUE((*store)->write(begin({decision_on("192.0.2.7")})));
  StoreBatch large = begin({decision_on("192.0.2.8")});
  large.ended = {{.decision = decision_on("192.0.2.7"), .ending = model::Ending::expired, .at = at(1)}};
  large.begun[0].evidence.assign(60, {.path = "p", .offset = 0, .time = at(0), .text = std::string(16000, 'x')});
  large.cursors = {{.path = "a", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = 5}};
  large.has_cursors = true;

  struct rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small{.rlim_cur = 100'000, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = (*store)->write(large);
  const auto repeated = (*store)->write(large);
  ::setrlimit(RLIMIT_FSIZE, &old);
  static_cast<void>(std::signal(SIGXFSZ, old_handler));

  ASSERT_FALSE(written);
  EXPECT_FALSE(repeated);
  EXPECT_THAT(written.error().message, HasSubstr("cannot write the state: "));
  EXPECT_EQ(active_targets(**store), "192.0.2.7");
  EXPECT_TRUE((*store)->cursors()->empty());
  EXPECT_TRUE((*store)->ended_decisions(5)->empty());
  const auto later = (*store)->write(large);
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(active_targets(**store), "192.0.2.8");
  EXPECT_EQ((*store)->cursors().value(), large.cursors);
  store->reset();
  EXPECT_EQ(active_targets(*Store::open(folder.state()).value()), "192.0.2.8");
}

TEST(StoreOnDisk, AFullDiskIsAnErrorAndNoLoss) {
  const StateFolder folder;
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "needs root to mount a small tmpfs in a mount namespace of its own";
  }
  {
    auto store = Store::open(folder.state());
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->write(begin({decision_on("192.0.2.7")})));
    std::ofstream(folder.path() + "/filler") << std::string(1U << 20, 'x');
    Result<> written;
    for (int i = 0; i < 1000 && written; ++i) {
      written = (*store)->write(begin({decision_on("192.0.2.8", i)}));
    }
    ASSERT_FALSE(written) << "the disk is full";
    EXPECT_THAT(written.error().message, HasSubstr("full"));
    std::filesystem::remove(folder.path() + "/filler");
    EXPECT_TRUE((*store)->write(begin({decision_on("192.0.2.9")})));
    EXPECT_THAT(active_targets(**store), HasSubstr("192.0.2.7"));
  }
  EXPECT_THAT(active_targets(*Store::open(folder.state()).value()), HasSubstr("192.0.2.9"));
  ::umount(folder.path().c_str());
}

// The child writes one decision after the other and tells the number of each that was written; it is killed at some
// point. Every acknowledged one is there afterwards, together with the cursor of the same batch.
TEST(StoreOnDisk, KillLosesNothingAcknowledged) {
  for (const uint32_t kill_after : {1U, 50U, 500U}) {
    const StateFolder folder;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(folder.state());
      for (uint32_t i = 1; store; ++i) {
        auto decision = decision_on("192.0.2.7", static_cast<int>(i));
        decision.target.prefix = net::Prefix(net::Address::from_ipv4(0x0a000000U + i));
        decision.prefixes = {decision.target.prefix};
        StoreBatch batch = begin({decision});
        batch.cursors = {
            {.path = "a", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = i}};
        batch.has_cursors = true;
        if (!(*store)->write(batch) || ::write(ends[1], &i, sizeof(i)) != sizeof(i)) {
          break;
        }
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    uint32_t acknowledged = 0;
    uint32_t number = 0;
    while (::read(ends[0], &number, sizeof(number)) == sizeof(number)) {
      acknowledged = number;
      if (acknowledged == kill_after) {
        ::kill(child, SIGKILL);
      }
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_GE(acknowledged, kill_after);
    auto store = Store::open(folder.state());
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_TRUE((*store)->set_aside().empty());
    const auto cursors = (*store)->cursors();
    ASSERT_TRUE(cursors && cursors->size() == 1);
    EXPECT_GE(cursors->front().offset, acknowledged);
    EXPECT_EQ(active_decisions(**store)->size(), cursors->front().offset);
  }
}

}  // namespace
}  // namespace ipguard::store
