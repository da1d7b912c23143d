#include "daemon/kernel_failures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ipguard::daemon {
namespace {

using model::Scope;

model::ElementFailure failure(std::string_view prefix, std::string reason, bool refused = false) {
  return {{Scope::address, net::Prefix::parse(prefix).value(), std::nullopt}, std::move(reason), refused};
}

// A transaction of 192.0.2.1 and 192.0.2.2.
model::SetBatch both() {
  return {.remove = {failure("192.0.2.1", "").element}, .add = {failure("192.0.2.2", "").element}};
}

// What note() logs.
std::string said(KernelFailures& failures, std::vector<model::ElementFailure> now,
                 const model::SetBatch& offered = both()) {
  ::testing::internal::CaptureStderr();
  failures.note(offered, {.added = 0, .removed = 0, .failures = std::move(now)});
  return ::testing::internal::GetCapturedStderr();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(KernelFailures, AreToldOnceAndWhenTheyAreOver) {
  KernelFailures failures;
  EXPECT_FALSE(failures.any());
  EXPECT_EQ(failures.problem(), "");
  auto log = said(failures, {failure("192.0.2.1", "Too many open files in system"), failure("192.0.2.2", "Busy")});
  EXPECT_TRUE(has(log, "the kernel did not take 192.0.2.1: Too many open files in system"));
  EXPECT_TRUE(has(log, "the kernel did not take 192.0.2.2: Busy"));
  EXPECT_EQ(failures.elements(), 2U);
  EXPECT_EQ(failures.problem(), "192.0.2.1: Too many open files in system; and 1 more");
  EXPECT_EQ(said(failures, {failure("192.0.2.1", "Too many open files in system"), failure("192.0.2.2", "Busy")}), "");
  log = said(failures, {failure("192.0.2.2", "Cannot allocate memory")});
  EXPECT_TRUE(has(log, "the kernel did not take 192.0.2.2: Cannot allocate memory"));
  EXPECT_TRUE(has(log, "settled with the kernel after all: 192.0.2.1"));
  EXPECT_EQ(said(failures, {}, {}), "") << "it was not offered this time";
  EXPECT_EQ(failures.elements(), 1U);
  log = said(failures, {});
  EXPECT_TRUE(has(log, "settled with the kernel after all: 192.0.2.2"));
  EXPECT_FALSE(failures.any());
}

TEST(KernelFailures, OfAWholeTransactionAFewAreTold) {
  KernelFailures failures;
  std::vector<model::ElementFailure> many;
  for (uint32_t i = 0; i < 1000; ++i) {
    many.push_back({{Scope::address, net::Prefix(net::Address::from_ipv4(0xc0000200 + i)), std::nullopt}, "no", false});
  }
  const auto log = said(failures, many);
  EXPECT_EQ(std::ranges::count(log, '\n'), 21);
  EXPECT_TRUE(has(log, "the kernel did not take 980 more elements"));
  EXPECT_EQ(failures.elements(), 1000U);
}

TEST(KernelFailures, WhatWasRefusedIsToldAndNotRetried) {
  KernelFailures failures;
  EXPECT_TRUE(has(said(failures, {failure("127.0.0.1", "loopback (127.0.0.0/8)", true)}),
                  "not blocked: 127.0.0.1: loopback (127.0.0.0/8)"));
  EXPECT_FALSE(failures.any());
}

TEST(KernelFailures, AreTriedAgainLessAndLessOften) {
  KernelFailures failures;
  std::vector<int64_t> delays;
  for (int i = 0; i < 9; ++i) {
    failures.note(both(), {.added = 0, .removed = 0, .failures = {failure("192.0.2.1", "Busy")}});
    delays.push_back(failures.retry_delay().count());
    failures.attempt();
  }
  EXPECT_EQ(delays, (std::vector<int64_t>{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000}));
  failures.note(both(), {});
  EXPECT_EQ(failures.retry_delay().count(), 1000);
}

// The table is in order again: that says nothing of the elements that the kernel does not take.
TEST(KernelFailures, TableAndElementsFailApart) {
  KernelFailures failures;
  failures.note(both(), {.added = 0, .removed = 0, .failures = {failure("192.0.2.1", "Busy")}});
  EXPECT_FALSE(failures.set_table_problem("cannot change nftables: Operation not permitted"));
  failures.attempt();
  EXPECT_EQ(failures.problem(), "cannot change nftables: Operation not permitted");
  EXPECT_TRUE(failures.set_table_problem({})) << "that is news";
  EXPECT_FALSE(failures.set_table_problem({})) << "that is not";
  EXPECT_TRUE(failures.any());
  EXPECT_EQ(failures.retry_delay().count(), 2000);
  failures.start_over();
  EXPECT_EQ(failures.retry_delay().count(), 1000);
  EXPECT_EQ(failures.problem(), "192.0.2.1: Busy");
}

}  // namespace
}  // namespace ipguard::daemon
