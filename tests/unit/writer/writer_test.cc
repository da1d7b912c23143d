// The daemon's end and the writer's, joined by a socket: what the daemon asks is done, what it must not ask is not, and
// what no daemon of ours sends ends the writer.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "enforce/channel.h"
#include "enforce/wire_bytes.h"
#include "enforce/writer_client.h"
#include "writer/writer_service.h"

namespace ipguard::writer {
namespace {

using model::Scope;

config::ProtectConfig little_protection() {
  config::ProtectConfig config;
  config.own_addresses = config.gateways = config.resolvers = config.ssh_sessions = false;
  return config;
}

class Writer : public ::testing::Test {
 protected:
  Writer() {
    settings_.protect = little_protection();
    settings_.allowlist = {*net::Prefix::parse("198.51.100.7")};
    auto ends = enforce::Channel::pair();
    theirs_ = std::make_unique<enforce::Channel>(std::move(ends->second), enforce::wire::longest_message);
    raw_ = ends->first.get();
    client_ = enforce::WriterClient::open(std::move(ends->first)).value();
    rung_ = theirs_->receive_descriptor().value();
    service_ = std::make_unique<WriterService>(WriterParts{
        .load = [this] { return loaded_; },
        .protection =
            [](const WriterSettings& settings) {
              return std::make_unique<enforce::Protection>(settings.protect, settings.allowlist);
            },
        .enforcer = [](const config::EnforceConfig&,
                       enforce::Protection& protection) { return enforce::make_dry_run_enforcer(protection); },
        .lock = [] { return Result<std::unique_ptr<TableLock>>(nullptr); }});
    loaded_ = settings_;
    protection_ = std::make_unique<enforce::Protection>(settings_.protect, settings_.allowlist);
    enforcer_ = enforce::make_remote_enforcer(client_, settings_.enforce, *protection_);
    thread_ = std::thread([this] {
      outcome_ = serve(*theirs_, rung_.get(), *service_);
      theirs_.reset();
    });
  }
  ~Writer() override { stop(); }

  // The daemon goes; what serve() returned.
  Result<> stop() {
    enforcer_.reset();
    client_.reset();
    if (thread_.joinable()) {
      thread_.join();
    }
    return outcome_;
  }
  model::SetElement element(Scope scope, std::string_view text, int seconds = 600) const {
    return {scope, net::Prefix::parse(text).value(), now_ + Seconds(seconds)};
  }
  // Sends bytes that the client does not send.
  void send_raw(std::string_view bytes) const {
    EXPECT_EQ(::send(raw_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void send_message(std::string_view message) const {
    enforce::wire::Encoder to;
    to.put_u32(static_cast<uint32_t>(message.size()));
    send_raw(to.take() + std::string(message));
  }

  const TimePoint now_ = from_civil(2026, 2, 25, 4, 30, 17);
  WriterSettings settings_;          // what the daemon has read
  Result<WriterSettings> loaded_{};  // what the writer reads
  UniqueFd rung_;
  std::unique_ptr<enforce::Channel> theirs_;
  int raw_ = -1;
  std::shared_ptr<enforce::WriterClient> client_;
  std::unique_ptr<WriterService> service_;
  std::unique_ptr<enforce::Protection> protection_;
  std::unique_ptr<enforce::Enforcer> enforcer_;
  Result<> outcome_;
  std::thread thread_;
};

TEST_F(Writer, DoesWhatAnEnforcerDoes) {
  ASSERT_TRUE(enforcer_->prepare());
  const std::vector<model::SetElement> all = {element(Scope::address, "192.0.2.7"),
                                              element(Scope::route, "2001:db8::/48"),
                                              element(Scope::asn, "203.0.113.0/24")};
  EXPECT_EQ(enforcer_->apply({{}, all}, now_).added, 3U);
  EXPECT_EQ(enforcer_->enforced(), 3U);
  EXPECT_EQ(enforcer_->list(now_).value(), all);
  EXPECT_EQ(enforcer_->holds(*net::Address::parse("192.0.2.7")), true);
  EXPECT_EQ(enforcer_->holds(*net::Address::parse("192.0.2.8")), false);
  EXPECT_FALSE(enforcer_->verify(now_)->any());
  EXPECT_EQ(enforcer_->notification_fd(), -1) << "a model is changed by nobody else";
  EXPECT_EQ(enforcer_->counters().value()[0].packets, 0U);
  EXPECT_EQ(enforcer_->element_counters(all).value().size(), 3U);
  EXPECT_EQ(enforcer_->apply({{all[0]}, {}}, now_).removed, 1U);
  EXPECT_EQ(enforcer_->enforced(), 2U);
  EXPECT_TRUE(client_->ssh_peers(true).empty());
  EXPECT_TRUE(stop()) << "the daemon has gone in order";
}

TEST_F(Writer, RefusesWhatIsProtectedByItsOwnReading) {
  ASSERT_TRUE(enforcer_->prepare());
  const struct {
    model::SetElement element;
    const char* reason;
  } cases[] = {
      {element(Scope::address, "127.0.0.1"), "loopback (127.0.0.0/8)"},
      {element(Scope::route, "198.51.100.0/24"), "allowlist (198.51.100.7)"},
      {element(Scope::asn, "198.0.0.0/7"), "wider than the widest allowed, /8"},
      {element(Scope::asn, "0.0.0.0/1"), "wider than the widest allowed, /8"},
      {element(Scope::asn, "2001::/16"), "wider than the widest allowed, /19"},
      {element(Scope::address, "192.0.2.0/24"), "a network cannot be banned with scope address"},
  };
  for (const auto& each : cases) {
    const auto refused = enforcer_->refusals({each.element}, now_);
    ASSERT_EQ(refused.size(), 1U) << each.reason;
    EXPECT_EQ(refused[0].reason, each.reason);
    const auto report = enforcer_->apply({{}, {each.element}}, now_);
    EXPECT_EQ(report.added, 0U);
    ASSERT_EQ(report.failures.size(), 1U) << each.reason;
    EXPECT_EQ(report.failures[0].reason, each.reason);
    EXPECT_TRUE(report.failures[0].refused);
  }
  EXPECT_EQ(enforcer_->enforced(), 0U);
}

TEST_F(Writer, TakesNoProtectionFromTheDaemonsHands) {
  ASSERT_TRUE(enforcer_->prepare());
  enforce::Protection weaker(little_protection(), {});
  const auto done = enforcer_->reconfigure(settings_.enforce, weaker);
  ASSERT_FALSE(done) << "the file has an allowlist, whatever the daemon says";
  EXPECT_EQ(done.error().code, Errc::busy);
  EXPECT_EQ(enforcer_->refusals({element(Scope::address, "198.51.100.7")}, now_).size(), 1U);
  loaded_->allowlist.clear();
  ASSERT_TRUE(enforcer_->reconfigure(settings_.enforce, weaker)) << "the file says so, too";
  EXPECT_TRUE(enforcer_->refusals({element(Scope::address, "198.51.100.7")}, now_).empty());
  loaded_ = fail(Errc::configuration, "a typing error");
  const auto refused = enforcer_->reconfigure(settings_.enforce, weaker);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "a typing error");
}

TEST_F(Writer, DeletesTheTableOnlyWhereTheFileSaysSo) {
  ASSERT_TRUE(enforcer_->prepare());
  (void)enforcer_->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_);
  const auto kept = enforcer_->remove_all();
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::permission);
  EXPECT_EQ(enforcer_->list(now_)->size(), 1U);
  settings_.enforce.keep_on_stop = loaded_->enforce.keep_on_stop = false;
  ASSERT_TRUE(enforcer_->reconfigure(settings_.enforce, *protection_));
  EXPECT_TRUE(enforcer_->remove_all());
  EXPECT_TRUE(enforcer_->list(now_)->empty());
}

TEST_F(Writer, DoesNothingBeforeItIsPrepared) {
  const auto report = enforcer_->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].reason, "the table was not prepared yet");
  EXPECT_FALSE(report.failures[0].refused);
  EXPECT_FALSE(enforcer_->list(now_));
  EXPECT_FALSE(enforcer_->remove_all());
  loaded_->protect.widest_ipv4 = 9;
  EXPECT_FALSE(enforcer_->prepare()) << "the daemon has read something else";
}

TEST_F(Writer, AHundredThousandElementsAreOneMessage) {
  ASSERT_TRUE(enforcer_->prepare());
  model::SetBatch batch;
  for (uint32_t i = 0; i < 100'000; ++i) {
    batch.add.push_back({Scope::address, net::Prefix(net::Address::from_ipv4(0x14000000 + 2 * i)), {}});
  }
  EXPECT_EQ(enforcer_->apply(batch, now_).added, 100'000U);
  EXPECT_EQ(enforcer_->list(now_)->size(), 100'000U);
}

TEST_F(Writer, WhatIsNoMessageEndsIt) {
  ASSERT_TRUE(enforcer_->prepare());
  send_message("nonsense");
  EXPECT_FALSE(enforcer_->list(now_)) << "it is not answered any more";
  EXPECT_EQ(enforcer_->notification_fd(), -1);
  EXPECT_EQ(enforcer_->enforced(), 0U);
  const auto report = enforcer_->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].reason, "the process that writes to nftables has gone");
  const auto outcome = stop();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::corrupt);
}

TEST_F(Writer, ALengthOverTheBoundEndsIt) {
  send_raw("\xff\xff\xff\xff");
  const auto outcome = stop();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "a message of 4294967295 bytes is too long");
}

TEST_F(Writer, AMessageThatIsCutOffEndsIt) {
  send_raw(std::string_view("\x10\0\0\0abc", 7));
  const auto outcome = stop();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "the other end has gone in the middle of a message");
}

}  // namespace
}  // namespace ipguard::writer
