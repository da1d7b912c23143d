// WriterService: the end that may change nftables, in a process of its own. What asks is the process that reads logs:
// should an attacker have taken it over, he can ban and unban addresses, no more. What is protected, which packets the
// chains see and whether the table may be deleted comes from the configuration file, which this process reads by
// itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "enforce/channel.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "enforce/wire.h"
#include "writer/table_lock.h"

namespace ipguard::writer {

// Of the configuration, what the writer goes by.
struct WriterSettings {
  config::EnforceConfig enforce;
  config::ProtectConfig protect;
  std::vector<net::Prefix> allowlist;
};

// Where settings, protection and enforcer come from; tests give their own.
struct WriterParts {
  std::function<Result<WriterSettings>()> load;  // as the file is now
  std::function<std::unique_ptr<enforce::Protection>(const WriterSettings&)> protection;
  std::function<std::unique_ptr<enforce::Enforcer>(const config::EnforceConfig&, enforce::Protection&)> enforcer;
  std::function<Result<std::unique_ptr<TableLock>>()> lock;  // before the table is touched for the first time
};
// The real ones: nftables, this host.
[[nodiscard]] WriterParts writer_parts(std::function<Result<WriterSettings>()> load);

// One thread.
class WriterService {
 public:
  explicit WriterService(WriterParts parts) : parts_(std::move(parts)) {}

  // The answer to one message. nullopt, after a line in the log, for one that our daemon does not send: who sends it is
  // not to be listened to any more.
  [[nodiscard]] std::optional<std::string> answer(std::string_view message);

  // As of Enforcer and Protection; -1 before the first `prepare`.
  [[nodiscard]] int kernel_fd() const { return enforcer_ ? enforcer_->notification_fd() : -1; }
  [[nodiscard]] int protection_fd() const { return protection_ ? protection_->notification_fd() : -1; }
  void on_protection_notification() { protection_->on_notification(); }
  // Whether a message since the last call had the enforcer look at what others did.
  [[nodiscard]] bool take_looked() { return std::exchange(looked_, false); }

 private:
  [[nodiscard]] Result<enforce::wire::Body> run(const enforce::wire::Request& request);
  [[nodiscard]] Result<enforce::wire::Body> run_prepared(const enforce::wire::Request& request);
  [[nodiscard]] Result<> prepare(uint64_t fingerprint);
  [[nodiscard]] Result<> reconfigure(uint64_t fingerprint);
  [[nodiscard]] Result<WriterSettings> load_same(uint64_t fingerprint) const;
  [[nodiscard]] enforce::wire::Standing standing() const;

  WriterParts parts_;
  WriterSettings settings_;
  std::unique_ptr<enforce::Protection> protection_;
  std::unique_ptr<enforce::Enforcer> enforcer_;  // goes before what it refers to
  std::unique_ptr<TableLock> lock_;
  bool looked_ = false;
};

// Answers until the daemon closes its end (success) or says what it must not. `bell` gets a byte when somebody else has
// changed nftables, once until the daemon looks. `on_quiet`: once after what it did, when nobody has wanted anything
// for ten seconds; may be empty.
[[nodiscard]] Result<> serve(enforce::Channel& questions, int bell, WriterService& service,
                             const std::function<void()>& on_quiet = {});

}  // namespace ipguard::writer
